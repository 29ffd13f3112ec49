"""A rack that panics at once: 500 hosts, 100 lines each, interleaved line by line."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.chain.wait import wait_until

if TYPE_CHECKING:
    from tests.chain.monitor import Monitor
    from tests.rsyslogd.conftest import MakeMonitor

pytestmark = [pytest.mark.rsyslogd, pytest.mark.slow]

HOSTS, LINES = 500, 100
PANIC = "Kernel panic - not syncing: fleet"


def lines_of(host: int) -> list[bytes]:
    texts = [PANIC, *(f" frame_{host}_{n}+0x1/0x2" for n in range(LINES - 2))]
    texts.append(f"---[ end {PANIC} ]---")
    return [f"[  100.{n:06}] {text}\n".encode() for n, text in enumerate(texts)]


def test_500_hosts_at_once_give_500_whole_incidents(monitor: MakeMonitor) -> None:
    run = monitor()
    with contextlib.ExitStack() as stack:
        addresses = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(HOSTS)]
        senders = [stack.enter_context(run.sender(ip)) for ip in addresses]
        streams = [lines_of(n) for n in range(HOSTS)]
        for number in range(LINES):
            for sender, stream in zip(senders, streams, strict=True):
                sender.send(stream[number])
            # What the kernel's socket drops would be lost before rsyslogd: the
            # network is no faster than this here.
            run.rsyslogd.wait_until_all_is_read()

    run.wait_for_incidents(HOSTS, timeout_s=90)
    check(run, addresses)


def check(run: Monitor, addresses: list[str]) -> None:
    wait_until(lambda: len(run.incidents()) >= HOSTS, "every incident")
    incidents = {incident.source: incident for incident in run.incidents()}
    assert sorted(incidents) == sorted(addresses)
    for number, address in enumerate(addresses):
        texts = [record.text for record in incidents[address].records]
        sent = [line.decode()[15:-1] for line in lines_of(number)]
        assert texts == sent

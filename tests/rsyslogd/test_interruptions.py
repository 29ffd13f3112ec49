"""Things that die or say nonsense in the middle of a trace."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from omprog_panic.model import EndReason
from tests.chain.replay import load_capture
from tests.chain.rsyslogd import Host, free_udp_port
from tests.chain.wait import wait_until
from tests.rsyslogd.expected import assert_whole

if TYPE_CHECKING:
    from tests.chain.monitor import Monitor
    from tests.chain.replay import Datagram
    from tests.rsyslogd.conftest import MakeMonitor

pytestmark = pytest.mark.rsyslogd

QUICK = ("--silence", "6", "--settle", "0.3")
NAME = "sysrq-crash-basic-reboots"
ONSET = 375  # so many datagrams come before the panic line
MOMENTS = [
    pytest.param(100, id="in-the-boot-log"),
    pytest.param(ONSET + 1, id="after-the-panic-line"),
    pytest.param(ONSET + 15, id="in-the-call-trace"),
    pytest.param(406, id="before-the-last-word"),
]


def send(run: Monitor, datagrams: list[Datagram]) -> None:
    with run.sender("127.0.0.2") as host:
        host.send(*(datagram.payload for datagram in datagrams))


def assert_one_whole_incident(run: Monitor, datagrams: list[Datagram]) -> None:
    run.wait_for_incidents(1)
    (incident,) = run.incidents()
    assert_whole(incident, datagrams)
    assert incident.end is EndReason.REBOOTING


@pytest.mark.parametrize("taken", MOMENTS)
def test_collector_killed_in_a_trace_loses_nothing(
    monitor: MakeMonitor,
    taken: int,
) -> None:
    datagrams = load_capture(NAME)
    run = monitor(*QUICK)
    send(run, datagrams[:taken])
    wait_until(lambda: run.received() >= taken // 2, "the first half")
    killed = run.rsyslogd.kill_collector()
    send(run, datagrams[taken:])

    assert_one_whole_incident(run, datagrams)
    assert killed not in run.rsyslogd.collectors()


@pytest.mark.parametrize("as_systemd", [False, True], ids=["alone", "by-systemd"])
@pytest.mark.parametrize("taken", MOMENTS)
def test_rsyslogd_restarted_in_a_trace_loses_nothing(
    monitor: MakeMonitor,
    taken: int,
    *,
    as_systemd: bool,
) -> None:
    datagrams = load_capture(NAME)
    run = monitor(*QUICK)
    send(run, datagrams[:taken])
    run.rsyslogd.wait_until_all_is_read()
    run.rsyslogd.stop(as_systemd=as_systemd)
    run.rsyslogd.start()
    send(run, datagrams[taken:])

    assert_one_whole_incident(run, datagrams)


def test_rsyslogd_killed_in_a_trace_keeps_what_the_collector_confirmed(
    monitor: MakeMonitor,
) -> None:
    datagrams = load_capture(NAME)
    run = monitor(*QUICK)
    send(run, datagrams[:390])
    wait_until(lambda: run.received() == 390, "all that was sent so far")
    run.rsyslogd.kill()
    run.rsyslogd.start()
    send(run, datagrams[390:])

    assert_one_whole_incident(run, datagrams)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(bytes(range(1, 256)), id="every-byte"),
        pytest.param(b'{"ip":"10.0.0.9","raw":"', id="half-of-a-line-of-ours"),
        pytest.param(b"\xff\xfe\xfd" * 300, id="no-utf-8"),
        pytest.param(b"6,18446744073709551616,9,-,ncfrag=9/1;x", id="bad-header"),
        pytest.param(b"x" * 60_000, id="longer-than-rsyslogd-takes"),
        pytest.param(os.urandom(1000), id="random"),
    ],
)
def test_rubbish_is_taken_and_the_next_panic_still_caught(
    monitor: MakeMonitor,
    payload: bytes,
) -> None:
    datagrams = load_capture(NAME)
    run = monitor(*QUICK)
    with run.sender("127.0.0.3") as host:
        host.send(*[payload] * 20)
    send(run, datagrams)

    assert_one_whole_incident(run, datagrams)


def test_a_line_of_100_kilobytes_is_confirmed(monitor: MakeMonitor) -> None:
    # No datagram is that long: over TCP, on a host that allows such messages.
    port = free_udp_port()
    before = 'global(maxMessageSize="128k")\nmodule(load="imtcp")\n'
    after = f'input(type="imtcp" port="{port}" ruleset="omprog_panic")\n'
    datagrams = load_capture(NAME)
    run = monitor(*QUICK, host=Host(before, after=after))
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"x" * 100_000 + b"\n")
    wait_until(lambda: run.received() == 1, "the long line")
    send(run, datagrams)

    assert_one_whole_incident(run, datagrams)

"""Recorded panics through a real rsyslogd: what the collector makes of them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from omprog_panic.model import EndReason
from omprog_panic.spool.record import BootRecord, IncidentRecord
from tests.chain.replay import FIVE, Datagram, compressed, load_capture
from tests.chain.rsyslogd import Host, free_udp_port
from tests.chain.wait import wait_until
from tests.rsyslogd.expected import kernel_texts

if TYPE_CHECKING:
    from tests.chain.monitor import Monitor
    from tests.rsyslogd.conftest import MakeMonitor

pytestmark = pytest.mark.rsyslogd

QUICK = ("--silence", "0.6", "--settle", "0.3")
ENDS = {
    "sysrq-crash-basic-halts": EndReason.TERMINATOR,
    "sysrq-crash-basic-reboots": EndReason.REBOOTING,
    "sysrq-crash-extended-reboots": EndReason.REBOOTING,
    "init-killed-basic-reboots": EndReason.REBOOTING,
    "oom-panic-extended-reboots": EndReason.REBOOTING,
}
CONTEXT = 200


def onset_of(texts: list[str]) -> int:
    """Where the one panic of a capture begins."""
    (onset,) = [n for n, t in enumerate(texts) if t.startswith("Kernel panic - not")]
    return onset


def assert_whole(incident: IncidentRecord, datagrams: list[Datagram]) -> None:
    texts = kernel_texts(datagrams)
    onset = onset_of(texts)
    assert [record.text for record in incident.records] == texts[onset - CONTEXT :]
    assert incident.context == CONTEXT
    assert incident.losses.total == 0


def settle(monitor: Monitor, count: int, silence_s: float = 0.6) -> None:
    """Wait for so many incidents, and as long again as one more could take."""
    monitor.wait_for_incidents(count)
    monitor.stop()
    monitor.start()
    with monitor.sender("127.0.0.99") as other:
        # A record of another host: it is known once all before it was thought over.
        other.send(b"[    1.000000] the last line\n")
        wait_until(
            lambda: any(r.source == "127.0.0.99" for r in heard(monitor)),
            "the other host being heard",
        )


def heard(monitor: Monitor) -> list[BootRecord | IncidentRecord]:
    kinds = (BootRecord, IncidentRecord)
    return [r for r in monitor.records() if isinstance(r, kinds)]


@pytest.mark.parametrize("name", FIVE)
def test_a_recorded_panic_is_one_incident_with_every_record(
    monitor: MakeMonitor,
    name: str,
) -> None:
    datagrams = load_capture(name)
    run = monitor(*QUICK)
    with run.sender("127.0.0.2") as host:
        host.replay(compressed(datagrams, max_gap_s=0.05))
    run.wait_for_incidents(1)
    run.stop()

    (incident,) = run.incidents()
    assert_whole(incident, datagrams)
    assert incident.source == "127.0.0.2"
    assert incident.end is ENDS[name]
    assert incident.kernel == "6.1.0-56-cloud-amd64"

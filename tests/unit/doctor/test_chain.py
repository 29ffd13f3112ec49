"""A test datagram through rsyslogd to the collector."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from omprog_panic.doctor.chain import check_chain
from omprog_panic.doctor.finding import Level
from omprog_panic.host.machine import UnreadableError
from omprog_panic.rsyslog.dropin import ETC, STATE
from tests.unit.doctor.monitor import RSYSLOGD, Monitor, healthy_machine

if TYPE_CHECKING:
    from omprog_panic.doctor.finding import Finding
    from omprog_panic.host.fake import FakeMachine

SEGMENT = f"{STATE}/journal/00000001.journal"


def _findings(
    machine: FakeMachine, *, arrives: bool = True, error: str | None = None
) -> list[Finding]:
    def send(token: str, address: str, port: int) -> str | None:
        assert (address, port) == ("127.0.0.1", 6666)
        if arrives:
            machine.write(SEGMENT, f"\0\1omprog-panic: probe token={token}")
        return error

    context = Monitor(machine).context()
    return list(check_chain(dataclasses.replace(context, send_probe=send)))


def test_a_datagram_that_arrives_is_good() -> None:
    (found,) = _findings(healthy_machine())

    assert found.level is Level.OK


def test_a_datagram_that_does_not_arrive_is_critical() -> None:
    machine = healthy_machine()
    machine.write(SEGMENT, "omprog-panic: probe token=0123456789abcdef of another run")
    (found,) = _findings(machine, arrives=False)

    assert found.level is Level.CRITICAL
    assert "did not reach the collector within 6 s" in found.says
    assert found.remedies[0] == "systemctl restart rsyslog"


def test_a_datagram_that_cannot_be_sent_is_critical() -> None:
    (found,) = _findings(healthy_machine(), error="Network is unreachable")

    assert found.level is Level.CRITICAL
    assert "Network is unreachable" in found.says


def test_nothing_is_sent_where_nobody_receives() -> None:
    without, off = healthy_machine(), healthy_machine()
    without.stop_process(RSYSLOGD)
    off.write(f"{ETC}/rsyslog/listen", "off")

    assert _findings(without) == _findings(off) == []


def test_only_who_may_read_the_journal_can_know() -> None:
    machine = healthy_machine()
    machine.hide(f"{STATE}/journal")

    with pytest.raises(UnreadableError):
        _findings(machine)

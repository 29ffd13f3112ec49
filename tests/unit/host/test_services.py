"""systemctl, as commands."""

from __future__ import annotations

import pytest

from omprog_panic.host.fake import FakeMachine
from omprog_panic.host.services import (
    ServiceError,
    invocation_id,
    is_active,
    restart,
    send_hup,
)


def test_a_restart_checks_that_the_unit_is_active() -> None:
    machine = FakeMachine()
    machine.answer("systemctl reset-failed rsyslog")
    machine.answer("systemctl restart rsyslog")
    machine.answer("systemctl is-active rsyslog", 3, "failed\n")

    with pytest.raises(ServiceError, match="systemctl is-active rsyslog: failed"):
        restart(machine, "rsyslog")
    machine.answer("systemctl is-active rsyslog")
    restart(machine, "rsyslog")


def test_a_failure_has_the_text_of_systemctl() -> None:
    machine = FakeMachine()
    line = "systemctl kill -s HUP --kill-who=main rsyslog"
    machine.answer(line, 1, stderr="Unit rsyslog.service not loaded.\n")

    with pytest.raises(ServiceError, match="not loaded"):
        send_hup(machine, "rsyslog")


def test_an_inactive_unit_is_not_an_unknown_one() -> None:
    machine = FakeMachine()
    machine.answer("systemctl is-active a", 0)
    machine.answer("systemctl is-active b", 3)

    assert [is_active(machine, unit) for unit in "abc"] == [True, False, None]


def test_a_start_has_an_identifier_of_its_own() -> None:
    machine = FakeMachine()
    show = "systemctl show --property=InvocationID"
    machine.answer(f"{show} a", stdout="InvocationID=00ff\n")
    machine.answer(f"{show} b", stdout="InvocationID=\n")
    machine.answer(f"{show} c", 1)

    assert [invocation_id(machine, unit) for unit in "abc"] == ["00ff", "", ""]

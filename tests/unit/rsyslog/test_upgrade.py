"""An upgrade restarts rsyslogd only if it has to, and not in the middle of a trace."""

from __future__ import annotations

import pytest

from omprog_panic.host.fake import FakeMachine
from omprog_panic.host.machine import CommandResult
from omprog_panic.rsyslog.dropin import SHARE
from omprog_panic.rsyslog.upgrade import (
    JOURNAL,
    MAX_WAIT_S,
    code_digest,
    restart_if_changed,
    write_mark,
)
from tests.fakes import FakeClock

RULES = f"{SHARE}/rsyslog.conf"
MODULE = f"{SHARE}/omprog_panic/collector/main.py"
START, LATER = "5f" * 16, "6e" * 16
ALERTER = f"{SHARE}/omprog_panic/alerter/main.py"


class Host:
    """A machine whose rsyslogd runs, and a clock that sleeping moves."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.machine = FakeMachine(files={RULES: "1", MODULE: "1", ALERTER: "1"})
        self.machine.programs["sleep"] = self._sleep
        for verb in ("is-active", "reset-failed", "restart"):
            self.machine.answer(f"systemctl {verb} rsyslog")
        self.started(START)

    def _sleep(self, argv: tuple[str, ...], _: str) -> CommandResult:
        self.clock.advance(float(argv[1]))
        return CommandResult(argv)

    def started(self, invocation: str) -> None:
        self.machine.answer(
            "systemctl show --property=InvocationID rsyslog",
            stdout=f"InvocationID={invocation}\n",
        )

    def upgrade(self) -> str:
        self.machine.commands.clear()
        return restart_if_changed(self.machine, self.clock)

    @property
    def restarted(self) -> bool:
        return "systemctl restart rsyslog" in self.machine.commands


@pytest.fixture
def host() -> Host:
    made = Host()
    write_mark(made.machine, START)
    return made


def test_the_same_code_needs_no_restart(host: Host) -> None:
    assert "was not restarted" in host.upgrade()
    assert not host.restarted


def test_a_change_of_the_alerter_needs_no_restart(host: Host) -> None:
    host.machine.files[ALERTER] = "2"

    host.upgrade()
    assert not host.restarted


@pytest.mark.parametrize("path", [RULES, MODULE, f"{SHARE}/omprog_panic/model.py"])
def test_changed_rules_or_a_changed_collector_need_one(host: Host, path: str) -> None:
    host.machine.files[path] = "2"

    assert "its rules or the collector changed" in host.upgrade()
    assert host.restarted


def test_a_first_installation_restarts() -> None:
    host = Host()

    assert host.upgrade() == "rsyslogd was restarted"
    assert host.restarted


def test_a_start_without_the_package_leaves_no_note(host: Host) -> None:
    """After a removal rsyslogd runs without our rules, and the note is an old one."""
    host.started(LATER)

    assert host.upgrade() == "rsyslogd was restarted"
    assert host.restarted


def test_an_unknown_start_is_restarted(host: Host) -> None:
    host.machine.answer("systemctl show --property=InvocationID rsyslog", 1)
    write_mark(host.machine, "")

    host.upgrade()
    assert host.restarted


def test_a_stopped_rsyslogd_stays_stopped(host: Host) -> None:
    host.machine.answer("systemctl is-active rsyslog", 3)

    assert "is not running" in host.upgrade()
    assert not host.restarted


def test_the_end_of_a_trace_is_waited_for(host: Host) -> None:
    host.machine.files[RULES] = "2"
    heard = host.clock.wall()
    host.machine.write(f"{JOURNAL}/1", "", changed=heard)

    assert "12 s later" in host.upgrade()
    assert host.restarted


def test_the_wait_is_bounded(host: Host) -> None:
    host.machine.files[RULES] = "2"
    host.machine.write(f"{JOURNAL}/1", "", changed=host.clock.wall() + 1e6)

    assert f"{MAX_WAIT_S:.0f} s later" in host.upgrade()
    assert host.restarted


def test_the_digest_depends_on_names_and_contents() -> None:
    one = FakeMachine(files={RULES: "1"})
    assert code_digest(one) == code_digest(FakeMachine(files={RULES: "1"}))
    assert code_digest(one) != code_digest(FakeMachine(files={RULES: "2"}))
    assert code_digest(one) != code_digest(FakeMachine(files={MODULE: "1"}))

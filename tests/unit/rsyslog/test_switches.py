from __future__ import annotations

import pytest

from omprog_panic.host.fake import FakeMachine
from omprog_panic.rsyslog.switches import Switches, detect_switches, write_switches

INCLUDE = "$IncludeConfig /etc/rsyslog.d/*.conf\n"
IMUDP = 'module(load="imudp")\n'


class Host:
    """A machine in memory, and what its rsyslogd says at each validation."""

    def __init__(self, main: str = INCLUDE, remote: str = "") -> None:
        self.machine = FakeMachine()
        self.machine.write("/etc/rsyslog.conf", main)
        self.machine.write("/etc/rsyslog.d/zz-omprog-panic.conf", "include(...)")
        self.machine.write("/etc/rsyslog.d/remote.conf", remote)
        self.errors: list[list[str] | None] = []
        self.validated: list[bool] = []

    def validate(self) -> list[str] | None:
        self.validated.append(self.is_on())
        return self.errors.pop(0) if self.errors else []

    def switch(self) -> Switches:
        found = detect_switches(self.machine)
        return write_switches(self.machine, found, self.validate)

    def value(self, name: str) -> str:
        return self.machine.read(f"/etc/omprog-panic/rsyslog/{name}") or ""

    def is_on(self) -> bool:
        return "omprog-panic/rsyslog.conf" in self.value("rules.conf")


def test_a_fresh_host_gets_all_values_and_the_rules() -> None:
    host = Host()
    switches = host.switch()

    assert switches == Switches()
    assert [host.value(n) for n in ("load-imudp", "load-omprog", "listen")] == (
        ["on"] * 3
    )
    assert host.value("address") == "127.0.0.1"
    assert host.value("senders.json").startswith("{")
    assert host.is_on()
    assert host.value("reason") == ""


def test_what_apply_has_written_is_left_alone() -> None:
    host = Host()
    host.switch()
    host.machine.write("/etc/omprog-panic/rsyslog/address", "10.0.0.1")
    host.switch()

    assert host.value("address") == "10.0.0.1"


@pytest.mark.parametrize(
    ("main", "remote"), [(IMUDP + INCLUDE, ""), (INCLUDE, IMUDP)], ids=["main", "file"]
)
def test_a_load_above_is_used(main: str, remote: str) -> None:
    host = Host(main, remote)
    switches = host.switch()

    assert host.value("load-imudp") == "off"
    assert host.value("listen") == "on"
    assert host.is_on()
    assert switches.reasons == ()


def test_a_later_load_makes_us_deaf_and_the_reason_is_written() -> None:
    host = Host(INCLUDE + "\n" + IMUDP)
    switches = host.switch()

    assert host.value("load-imudp") == host.value("listen") == "off"
    assert "/etc/rsyslog.conf:3 loads imudp after our rules" in switches.reasons[0]
    assert host.value("reason").strip() == switches.reasons[0]


def test_omprog_loaded_later_switches_the_rules_off() -> None:
    host = Host(INCLUDE + 'module(load="omprog")')
    switches = host.switch()

    assert not host.is_on()
    assert "loads omprog after our rules" in switches.reasons[0]


def test_a_host_that_does_not_read_our_drop_in_is_reported() -> None:
    (reason,) = Host("").switch().reasons

    assert "does not include /etc/rsyslog.d/zz-omprog-panic.conf" in reason


def test_a_load_that_only_rsyslogd_knows_is_believed() -> None:
    host = Host()
    host.errors = [["module 'imudp' already in this config"], []]
    switches = host.switch()

    assert host.value("load-imudp") == "off"
    assert host.is_on()
    assert switches.reasons == ()


def test_rules_that_rsyslogd_refuses_are_switched_off() -> None:
    host = Host()
    host.errors = [["error: ours"], ["error: ours"], []]
    switches = host.switch()

    assert host.validated == [True, True, False]
    assert not host.is_on()
    assert switches.reasons == (
        "rsyslogd refuses our rules, which are therefore off: error: ours",
    )
    assert "error: ours" in host.value("reason")


def test_faults_that_were_there_before_us_do_not_switch_us_off() -> None:
    host = Host()
    host.errors = [["error: theirs"]] * 3
    switches = host.switch()

    assert host.is_on()
    assert switches.reasons == ()


def test_an_rsyslogd_that_cannot_be_run_changes_nothing() -> None:
    host = Host()
    host.errors = [None]

    assert host.switch() == Switches()
    assert host.is_on()


def test_rules_come_back_when_the_host_was_mended() -> None:
    host = Host()
    host.errors = [["error: ours"], ["error: ours"], []]
    host.switch()
    host.switch()

    assert host.is_on()
    assert host.value("reason") == ""


def test_the_filter_of_a_shared_port_is_switched_off_with_the_rules() -> None:
    host = Host()
    host.switch()
    assert "rsyslog-514.conf" in host.value("rules-514.conf")

    host.errors = [["error: ours"], ["error: ours"], []]
    host.switch()
    assert "include" not in host.value("rules-514.conf")

from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.rsyslog.fit import Files, Fit, apply_fit, find_fit

INCLUDE = "$IncludeConfig /etc/rsyslog.d/*.conf\n"
IMUDP = 'module(load="imudp")\n'


class Machine:
    """A host below a folder, and what its rsyslogd says about the switch."""

    def __init__(self, root: Path, main: str = INCLUDE, remote: str = "") -> None:
        self.files = Files(root)
        (root / "etc/rsyslog.d").mkdir(parents=True)
        (root / "etc/rsyslog.conf").write_text(main)
        (root / "etc/rsyslog.d/zz-omprog-panic.conf").write_text("include(...)")
        (root / "etc/rsyslog.d/remote.conf").write_text(remote)
        self.complaints: list[list[str] | None] = []
        self.asked: list[bool] = []

    def check(self) -> list[str] | None:
        self.asked.append(self.is_on())
        return self.complaints.pop(0) if self.complaints else []

    def fit(self) -> Fit:
        return apply_fit(self.files, find_fit(self.files), self.check)

    def value(self, name: str) -> str:
        return self.files.read(f"/etc/omprog-panic/rsyslog/{name}") or ""

    def is_on(self) -> bool:
        return "omprog-panic/rsyslog.conf" in self.value("rules.conf")


def test_a_fresh_host_gets_all_values_and_the_rules(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    fit = machine.fit()

    assert fit == Fit()
    assert [machine.value(n) for n in ("load-imudp", "load-omprog", "listen")] == (
        ["on"] * 3
    )
    assert machine.value("address") == "127.0.0.1"
    assert machine.value("senders.json").startswith("{")
    assert machine.is_on()
    assert machine.value("reason") == ""


def test_what_apply_has_written_is_left_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.fit()
    folder = tmp_path / "etc/omprog-panic/rsyslog"
    (folder / "address").write_text("10.0.0.1")
    machine.fit()

    assert machine.value("address") == "10.0.0.1"


@pytest.mark.parametrize(
    ("main", "remote"), [(IMUDP + INCLUDE, ""), (INCLUDE, IMUDP)], ids=["main", "file"]
)
def test_a_load_above_is_used(tmp_path: Path, main: str, remote: str) -> None:
    machine = Machine(tmp_path, main, remote)
    fit = machine.fit()

    assert machine.value("load-imudp") == "off"
    assert machine.value("listen") == "on"
    assert machine.is_on()
    assert fit.reasons == ()


def test_a_load_below_makes_us_deaf_and_that_is_said(tmp_path: Path) -> None:
    machine = Machine(tmp_path, INCLUDE + "\n" + IMUDP)
    fit = machine.fit()

    assert machine.value("load-imudp") == machine.value("listen") == "off"
    assert "/etc/rsyslog.conf:3 loads imudp below our rules" in fit.reasons[0]
    assert machine.value("reason").strip() == fit.reasons[0]


def test_omprog_loaded_below_switches_the_rules_off(tmp_path: Path) -> None:
    machine = Machine(tmp_path, INCLUDE + 'module(load="omprog")')
    fit = machine.fit()

    assert not machine.is_on()
    assert "loads omprog below our rules" in fit.reasons[0]


def test_a_host_that_does_not_read_our_drop_in_is_told(tmp_path: Path) -> None:
    (reason,) = Machine(tmp_path, "").fit().reasons

    assert "does not include /etc/rsyslog.d/zz-omprog-panic.conf" in reason


def test_a_load_that_only_rsyslogd_knows_is_believed(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.complaints = [["module 'imudp' already in this config"], []]
    fit = machine.fit()

    assert machine.value("load-imudp") == "off"
    assert machine.is_on()
    assert fit.reasons == ()


def test_rules_that_rsyslogd_refuses_are_switched_off(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.complaints = [["error: ours"], ["error: ours"], []]
    fit = machine.fit()

    assert machine.asked == [True, True, False]
    assert not machine.is_on()
    assert fit.reasons == (
        "rsyslogd refuses our rules, which are therefore off: error: ours",
    )
    assert "error: ours" in machine.value("reason")


def test_faults_that_were_there_before_us_do_not_switch_us_off(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.complaints = [["error: theirs"]] * 3
    fit = machine.fit()

    assert machine.is_on()
    assert fit.reasons == ()


def test_an_rsyslogd_that_cannot_be_asked_changes_nothing(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.complaints = [None]

    assert machine.fit() == Fit()
    assert machine.is_on()


def test_rules_come_back_when_the_host_was_mended(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.complaints = [["error: ours"], ["error: ours"], []]
    machine.fit()
    machine.fit()

    assert machine.is_on()
    assert machine.value("reason") == ""


def test_the_filter_of_a_shared_port_is_switched_off_with_the_rules(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path)
    machine.fit()
    assert "rsyslog-514.conf" in machine.value("rules-514.conf")

    machine.complaints = [["error: ours"], ["error: ours"], []]
    machine.fit()
    assert "include" not in machine.value("rules-514.conf")

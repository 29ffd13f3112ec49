"""The commands, on a machine in memory."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from omprog_panic_client import cli
from omprog_panic_client.settings import (
    _MONITOR_OPTIONS,
    _OTHERS,
    FILE,
    parse_settings,
)
from tests.unit.client.machine import NEW, Machine

ROOT = Path(__file__).parents[3]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The machine that the commands work on."""
    machine = Machine(release="7.2.13-amd64", parts=NEW)
    machine.files[FILE] = "monitor=10.0.0.1\n"
    monkeypatch.setattr(cli, "RealSystem", lambda: machine)
    monkeypatch.setattr(cli, "LOCK", str(tmp_path / "lock"))
    return machine


def systemd(machine: Machine) -> None:
    machine.folders.add("/run/systemd/system/x")


def test_configure_sets_up_and_starts_the_units(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    systemd(machine)

    assert cli.main(["configure"]) == 0
    assert "10.0.0.1: target set up" in capsys.readouterr().out
    assert machine.ran[-1] == f"systemctl enable --now {' '.join(cli.UNITS)}"
    assert cli.main(["configure"]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_a_dry_run_changes_nothing(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dict(machine.files)

    assert cli.main(["configure", "--dry-run"]) == 0
    output = capsys.readouterr().out
    assert "would run: modprobe netconsole\n" in output
    assert "would write omprog-panic-1/remote_mac 02:00:00:00:00:01\n" in output
    assert "would write /etc/sysctl.d/zz-omprog-panic-client.conf:\n" in output
    assert (machine.files, machine.ran, machine.said) == (before, [], [])


def test_faults_in_the_settings_are_told_with_the_file(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.files[FILE] = "monitor=?\nport=x\n"

    assert cli.main(["configure"]) == 78
    assert capsys.readouterr().err.splitlines() == [
        f"{FILE}: line 2: 'x' is not a port (1 to 65535)",
        f"{FILE}: line 1: '?' is neither an address nor a host name",
    ]


def test_without_settings_it_says_what_is_needed(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    del machine.files[FILE]

    assert cli.main(["check"]) == 78
    assert "monitor=10.0.0.1" in capsys.readouterr().err


def test_an_obstacle_is_an_exit_status(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.routes.clear()

    assert cli.main(["check"]) == 1
    assert "there is no route" in capsys.readouterr().err
    assert cli.main(["status"]) == 1
    assert capsys.readouterr().out.startswith("BROKEN")


def test_status_shows_target_route_level_and_last_mend(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["check"])
    machine.wire["10.0.0.1"] = ["02:00:00:00:00:99"]
    assert cli.main(["status"]) == 1
    assert "DRIFTED" in capsys.readouterr().out
    cli.main(["check"])
    capsys.readouterr()

    assert cli.main(["status"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("OK: a panic would be received\n")
    assert "10.0.0.1 port 6666, extended: sending" in output
    assert (
        "eth0 from 10.0.0.2 port 6665, on this network, MAC 02:00:00:00:00:99" in output
    )
    assert "log level: 8" in output
    assert (
        "last repair: 2023-11-14T22:15:00+00:00: 10.0.0.1: the next hop's MAC" in output
    )

    assert cli.main(["status", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert data["right"] is True
    assert data["targets"][0]["remote_mac"] == "02:00:00:00:00:99"


def test_verify_sends_a_token_and_says_where_to_look(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["check"])
    capsys.readouterr()

    assert cli.main(["verify"]) == 0
    found = re.search(r"senders --token ([0-9a-f]{16})", capsys.readouterr().out)
    assert found
    assert machine.said[-1].endswith(f"token={found[1]}")
    assert cli.main(["verify", "--blocked-tasks"]) == 0
    assert machine.files[cli.SYSRQ] == "w"


@pytest.mark.parametrize("dynamic", [True, False])
def test_verify_needs_a_target(machine: Machine, dynamic: bool) -> None:
    machine.dynamic = dynamic
    assert cli.main(["verify"]) == 1
    assert machine.said == []
    cli.main(["check"])
    assert cli.main(["verify"]) == 0


@pytest.mark.parametrize("arguments", [[], ["--even-so"]])
def test_a_crash_test_needs_a_yes(machine: Machine, arguments: list[str]) -> None:
    cli.main(["check"])

    assert cli.main(["crash-test", *arguments]) == 1
    assert cli.SYSRQ not in machine.files


def test_a_crash_test_announces_a_drill_and_crashes(machine: Machine) -> None:
    cli.main(["check"])

    cli.main(["crash-test", "--yes-really"])

    assert "omprog-panic: drill host=db-07 boot=b00t" in machine.said[-1]
    assert machine.files[cli.SYSRQ] == "c"


def test_a_crash_that_nobody_would_hear_is_refused(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["check"])
    machine.files["/proc/sys/kernel/panic"] = "10\n"
    capsys.readouterr()

    assert cli.main(["crash-test", "--yes-really"]) == 1
    assert "reboots before netconsole has sent anything" in capsys.readouterr().out
    assert cli.SYSRQ not in machine.files
    cli.main(["crash-test", "--yes-really", "--even-so"])
    assert machine.files[cli.SYSRQ] == "c"


def test_a_farewell_is_said_only_when_systemd_goes_down(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.main(["farewell"])
    assert machine.said == []

    monkeypatch.setattr(cli, "is_going_down", lambda _: True)
    cli.main(["farewell"])
    assert machine.said[-1].startswith("<3>omprog-panic: farewell host=db-07")


@pytest.mark.parametrize(("answer", "down"), [("stopping", True), ("running", False)])
def test_going_down_is_asked_of_systemd(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, answer: str, down: bool
) -> None:
    monkeypatch.setattr(machine, "run", lambda _: f"{answer}\n")

    assert cli.is_going_down(machine) is down


def test_remove_stops_the_units_first(machine: Machine) -> None:
    systemd(machine)
    cli.main(["configure"])

    assert cli.main(["remove"]) == 0
    stopped = f"systemctl disable --now {' '.join(cli.UNITS)}"
    assert machine.ran.index(stopped) < machine.ran.index("modprobe -r netconsole")
    assert machine.target() == {}


@pytest.mark.usefixtures("machine")
def test_cmdline_names_the_card_by_its_mac_where_the_kernel_can(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["cmdline"]) == 0
    taken = capsys.readouterr()
    assert taken.out == (
        "netconsole.netconsole=+r6665@10.0.0.2/52:54:00:12:34:56,"
        "6666@10.0.0.1/02:00:00:00:00:01 loglevel=8\n"
    )
    assert "update-initramfs -u" in taken.err


def test_the_hook_goes_on_after_a_fault(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    results: list[object] = []

    def watch(check: object) -> None:
        assert callable(check)
        results.append(check())
        machine.files[FILE] = "rubbish\n"
        results.append(check())

    monkeypatch.setattr(cli, "watch", watch)

    assert cli.main(["watch"]) == 0
    assert results == [(True, {"10.0.0.1": {"02:00:00:00:00:01"}}), (False, {})]
    assert "is not key=value" in capsys.readouterr().err


# --- manual page and example ----------------------------------------------------------

PAGE = (ROOT / "debian/omprog-panic-client.1").read_text().replace("\\-", "-")


def test_the_manual_page_has_every_command_option_and_setting() -> None:
    help_text = cli.build_parser().format_help()
    commands = re.findall(r"^    ([a-z-]+)\b", help_text, re.MULTILINE)
    source = (ROOT / "omprog_panic_client/cli.py").read_text()
    options = set(re.findall(r'"(--[a-z-]+)"', source)) - {"--version", "--now"}

    assert len(commands) == 10
    for word in (*commands, *options, "--now", *_MONITOR_OPTIONS, *_OTHERS):
        assert word in PAGE, word


def test_the_shipped_example_is_right_with_everything_switched_on() -> None:
    text = (ROOT / "debian/conf/client.conf").read_text()
    settings = parse_settings(text)
    assert settings == parse_settings("monitor=10.0.0.1")

    every = re.sub(r"^#(?=\w+[.\w]*=)", "", text, flags=re.MULTILINE)
    assert parse_settings(every).user == (("rack", "r12"),)

"""Lines of modprobe.d that give netconsole targets of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic_client import cli
from omprog_panic_client.modprobefile import disable, enable, parse_options
from omprog_panic_client.modulefile import OPTIONS_FILE
from omprog_panic_client.settings import FILE
from tests.unit.client.machine import MIDDLE, Machine

OLD = "/etc/modprobe.d/netconsole.conf"
GONE = "options netconsole netconsole=6665@10.0.0.2/eth9,6666@10.0.0.1/\n"
SAME = GONE.replace("eth9", "eth0")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(files={FILE: "monitor=10.0.0.1\n"})
    monkeypatch.setattr(cli, "RealSystem", lambda: machine)
    monkeypatch.setattr(cli, "LOCK", str(tmp_path / "lock"))
    return machine


def test_a_refused_line_is_an_error_that_names_it(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.files[OLD] = f"# old\n{GONE}"

    assert cli.main(["configure"]) == 1
    told = capsys.readouterr().err
    assert "could not insert 'netconsole': No such device" in told
    assert f"{OLD}, line 2: {GONE.strip()}" in told
    assert "configure --remove-stale" in told
    assert OPTIONS_FILE not in machine.files
    assert machine.static == ""
    assert cli.main(["status"]) == 1
    assert capsys.readouterr().out.startswith(f"BROKEN: {OLD}, line 2 ")


def test_a_refused_line_is_removed_on_request(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.files[OLD] = f"# old\n{GONE}"
    cli.main(["configure"])

    assert cli.main(["configure", "--remove-stale"]) == 0
    assert f"{OLD}: options netconsole commented out" in capsys.readouterr().out
    assert machine.files[OLD] == f"# old\n# disabled by omprog-panic-client: {GONE}"
    assert machine.target()["enabled"] == "1"
    assert cli.main(["configure", "--remove-stale"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert cli.main(["status"]) == 0


def test_a_second_target_to_the_same_monitor_is_named_and_removed(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.files[OLD] = SAME

    assert cli.main(["configure"]) == 0
    assert f"{OLD}, line 1 makes netconsole send to the same" in capsys.readouterr().out
    assert machine.static  # which a kernel before 6.7 does not show

    assert cli.main(["configure", "--remove-stale"]) == 0
    assert machine.static == ""
    assert machine.target()["enabled"] == "1"
    capsys.readouterr()
    assert cli.main(["status"]) == 0
    assert "netconsole.conf" not in capsys.readouterr().out


def test_removal_restores_the_line_as_it_was(machine: Machine) -> None:
    machine.files[OLD] = SAME
    cli.main(["configure", "--remove-stale"])
    assert machine.files[OLD] != SAME

    assert cli.main(["remove"]) == 0
    assert machine.files[OLD] == SAME


def test_a_file_of_a_package_is_replaced_by_a_copy(machine: Machine) -> None:
    shipped = "/usr/lib/modprobe.d/netconsole.conf"
    machine.files[shipped] = SAME

    cli.main(["configure", "--remove-stale"])
    assert machine.files[shipped] == SAME
    assert machine.files[OLD] == disable(SAME)

    cli.main(["remove"])
    assert OLD not in machine.files


def test_a_target_to_another_machine_is_left_alone(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.files[OLD] = SAME.replace("@10.0.0.1", "@10.0.0.77")

    assert cli.main(["configure"]) == 0
    assert OLD not in capsys.readouterr().out


def test_a_dry_run_shows_the_line(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.files[OLD] = SAME

    cli.main(["configure", "--dry-run", "--remove-stale"])
    assert f"would comment out {OLD}, line 1: " in capsys.readouterr().out
    assert machine.files[OLD] == SAME


def test_a_module_in_use_by_others_keeps_its_target_until_the_next_boot(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.files[OLD] = SAME
    cli.main(["configure"])
    machine.mkdir("/sys/kernel/config/netconsole/theirs")

    assert cli.main(["configure", "--remove-stale"]) == 1
    assert "until the next boot" in capsys.readouterr().err
    assert machine.target()["enabled"] == "1"


def test_our_own_file_for_an_interface_that_is_gone_prevents_nothing(
    machine: Machine,
) -> None:
    machine.files[OPTIONS_FILE] = GONE

    assert cli.main(["configure"]) == 0
    assert machine.static == ""
    assert cli.main(["status"]) == 0


def test_without_configfs_the_refusal_names_the_line_as_well(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.dynamic = False
    machine.files["/etc/modprobe.d/zz.conf"] = GONE

    assert cli.main(["configure"]) == 1
    assert "zz.conf, line 1" in capsys.readouterr().err
    assert cli.main(["configure", "--remove-stale"]) == 0
    assert "eth0" in machine.static


def test_later_kernels_load_despite_the_line(machine: Machine) -> None:
    machine.release, machine.parts = "6.12.107-amd64", MIDDLE
    machine.files["/proc/sys/kernel/osrelease"] = "6.12.107-amd64\n"
    dep = "kernel/drivers/net/netconsole.ko:\n"
    machine.files["/lib/modules/6.12.107-amd64/modules.dep"] = dep
    machine.files[OLD] = GONE

    assert cli.main(["configure"]) == 0
    assert machine.target()["enabled"] == "1"


@pytest.mark.parametrize(
    "text",
    [
        "options netconsole netconsole=@/eth0,@10.0.0.1/\nblacklist x\n",
        "#\noptions  netconsole \\\n  netconsole=@/eth0,@10.0.0.1/ \\\n oops_only=1\n",
        "options netconsole oops_only=1 netconsole=@/eth0,@fe80::1/",
        "options netconsole oops_only=1\n",
        "options e1000 netconsole=1\n",
    ],
)
def test_disabling_lines_can_be_undone(text: str) -> None:
    disabled = disable(text)

    assert enable(disabled) == text
    assert [*parse_options("x", disabled)] == []
    assert (disabled != text) == bool([*parse_options("x", text)])


def test_the_receivers_of_a_line_are_found() -> None:
    text = (
        "options netconsole netconsole=@/e,@10.0.0.1/;6@/f,7@fe80::1/02:00:00:00:00:01"
    )

    [option] = parse_options("x", text)
    assert option.receivers == ("10.0.0.1", "fe80::1")

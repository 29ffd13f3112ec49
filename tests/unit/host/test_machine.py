"""What every machine does: the contract, over this machine and the fake one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from omprog_panic.host.fake import FakeMachine
from omprog_panic.host.local import LocalMachine
from omprog_panic.host.machine import CommandOutcome, CommandResult, UnreadableError

if TYPE_CHECKING:
    from omprog_panic.host.machine import Machine

SCRIPT = "cat; echo complaint >&2; exit 3"


def run_script(argv: tuple[str, ...], stdin: str) -> CommandResult:
    """Do what ``SCRIPT`` does."""
    return CommandResult(argv, status=3, stdout=stdin, stderr="complaint\n")


@pytest.fixture(params=["local", "fake"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    if request.param == "local":
        return LocalMachine(tmp_path)
    return FakeMachine(programs={"sh": run_script})


def test_absent_empty_and_unreadable_files_are_three_answers(machine: Machine) -> None:
    machine.write("/etc/here/empty", "")

    assert machine.read("/etc/here/empty") == ""
    assert machine.read("/etc/here/absent") is None
    assert machine.read("/etc/here/empty/below") is None
    with pytest.raises(UnreadableError, match="/etc/here: Is a directory"):
        machine.read("/etc/here")


def test_absent_and_empty_folders_are_two_answers(machine: Machine) -> None:
    machine.write("/etc/here/b", "")
    machine.write("/etc/here/a", "")

    assert machine.names("/etc/here") == ["a", "b"]
    assert machine.names("/etc/absent") is None


def test_a_written_file_has_its_mode_and_text(machine: Machine) -> None:
    machine.write("/etc/a/b/c", "first\n")
    machine.write("/etc/a/b/c", "äö\r\n", mode=0o640)
    status = machine.status("/etc/a/b/c")

    assert machine.read("/etc/a/b/c") == "äö\r\n"
    assert status is not None
    assert (status.permissions, status.is_folder) == (0o640, False)
    assert machine.names("/etc/a/b") == ["c"], "no draft is left"


def test_a_file_that_cannot_be_written_keeps_its_text(machine: Machine) -> None:
    if isinstance(machine, FakeMachine):
        machine.failures["/etc/a/b"] = IsADirectoryError(21, "Is a directory")
    machine.write("/etc/a/b/c", "text")

    with pytest.raises(OSError, match=r"Is a directory|Directory not empty"):
        machine.write("/etc/a/b", "text")
    assert machine.read("/etc/a/b/c") == "text"
    assert machine.names("/etc/a") == ["b"], "no draft is left"


def test_a_folder_has_a_status_and_what_is_absent_has_none(machine: Machine) -> None:
    machine.write("/etc/a/b", "")
    folder = machine.status("/etc/a")

    assert folder is not None
    assert folder.is_folder
    assert machine.status("/etc/b") is None


def test_deleting_twice_is_deleting_once(machine: Machine) -> None:
    machine.write("/etc/a", "")
    machine.delete("/etc/a")
    machine.delete("/etc/a")

    assert machine.status("/etc/a") is None


def test_only_a_link_has_a_target(machine: Machine, tmp_path: Path) -> None:
    machine.write("/etc/a", "")
    if isinstance(machine, FakeMachine):
        machine.links["/etc/link"] = "a"
    else:
        (tmp_path / "etc/link").symlink_to("a")

    assert machine.link("/etc/link") == "a"
    assert machine.link("/etc/a") is None
    assert machine.link("/etc/absent") is None


def test_disk_space_is_known_for_what_exists(machine: Machine) -> None:
    machine.write("/etc/a", "")
    space = machine.disk_space("/etc")

    assert space is not None
    assert 0 < space.free_bytes <= space.total_bytes
    assert machine.disk_space("/absent") is None


def test_a_command_has_its_status_and_both_outputs(machine: Machine) -> None:
    result = machine.run("sh", "-c", SCRIPT, stdin="text\n")

    assert (result.outcome, result.status) == (CommandOutcome.FINISHED, 3)
    assert (result.stdout, result.stderr) == ("text\n", "complaint\n")
    assert not result.succeeded
    assert result.failure() == f"sh -c {SCRIPT}: complaint"


def test_a_missing_command_is_not_one_that_failed(machine: Machine) -> None:
    result = machine.run("no-such-program-here")

    assert result.outcome is CommandOutcome.NOT_INSTALLED
    assert not result.finished
    assert not result.succeeded
    assert result.failure() == "no-such-program-here is not installed"


def test_nobody_listens_on_a_closed_port(machine: Machine) -> None:
    assert machine.connect("127.0.0.1", 1, 5) == "Connection refused"

"""The fake machine, beyond the contract of every machine."""

from __future__ import annotations

from omprog_panic.host.fake import FakeMachine
from omprog_panic.host.machine import CommandResult


def test_the_fake_shows_other_files_to_one_command_only() -> None:
    machine = FakeMachine(files={"/etc/a": "old"})
    seen: list[str | None] = []

    def look(argv: tuple[str, ...], _: str) -> CommandResult:
        seen.append(machine.read("/etc/a"))
        return CommandResult(argv)

    machine.programs["look"] = look
    machine.run_with_files({"/etc/a": "new"}, ["/etc"], "look")

    assert seen == ["new"]
    assert machine.files == {"/etc/a": "old"}

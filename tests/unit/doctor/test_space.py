"""What takes space, and what frees some: typed in integration/test_full_disk.py."""

from __future__ import annotations

from omprog_panic.doctor.space import SpaceUser, commands, describe, space_users
from omprog_panic.host.fake import AMPLE_SPACE, FakeMachine

STATE = {"journal": "/s/journal", "spool": "/s/spool", "database": "/s/db/x.sqlite"}
DATABASE = SpaceUser("database", "/s/db/x.sqlite", 9_000_000, "")
DAMAGED = SpaceUser("damaged databases", "/s/db/x.d*", 5_000_000, "rm /s/db/x.d*")


def test_a_setting_or_a_command_is_named_for_each() -> None:
    said = describe([DATABASE, DAMAGED])

    assert said.startswith("database 9 MB (retention.max_mb and ")
    assert said.endswith("), damaged databases 5 MB")
    assert describe([]) == "nothing of omprog-panic"
    assert commands([DATABASE, DAMAGED], "/s")[0] == "rm /s/db/x.d*"
    assert "du -xh" in commands([DATABASE], "/s")[0]


def test_only_what_is_large_and_on_the_same_file_system_is_named() -> None:
    machine = FakeMachine()
    for path, kilobytes in (
        ("/s/db/x.sqlite.damaged-*", 3000),
        ("/s/spool/corrupt/*", 4),
        ("/s/db/x.sqlite /s/db/x.sqlite-wal", 7000),
        ("/var/log/journal", 90_000),
    ):
        line = f"sh -c du -sck {path} 2>/dev/null | tail -n 1"
        machine.answer(line, stdout=f"{kilobytes}\ttotal\n")
    for folder in ("/s", "/s/db", "/s/spool/corrupt"):
        machine.spaces[folder] = AMPLE_SPACE
    machine.spaces["/var/log"] = AMPLE_SPACE._replace(total_bytes=1)

    found = space_users(machine, "/s", STATE)
    assert [(user.name, user.size) for user in found] == [
        ("database", 7_168_000),
        ("damaged databases", 3_072_000),
    ]

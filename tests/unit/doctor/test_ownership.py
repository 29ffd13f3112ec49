"""Owners and modes; tests/integration types the remedies on a real file system."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from omprog_panic.doctor.context import CheckContext
from omprog_panic.doctor.finding import Finding, Level
from omprog_panic.doctor.ownership import TMPFILES, check_ownership
from omprog_panic.host.fake import FakeMachine
from omprog_panic.rsyslog.dropin import ETC, LOG, PROGRAM, STATE
from tests.unit.doctor.monitor import (
    ALERTER,
    NOW,
    Monitor,
    configuration,
    healthy_machine,
    problems,
)

UID, GID = 998, 997
APPRISE = f"{ETC}/apprise.yml"


@pytest.fixture
def machine() -> FakeMachine:
    """A machine on which the alerter does not run as root."""
    made = healthy_machine()
    made.stop_process(ALERTER)
    made.write("/etc/passwd", f"root:x:0:0::/:\nomprog-panic:x:{UID}:{GID}::/:\n")
    made.write(
        "/etc/group", f"adm:x:4:\nsecret:x:70:omprog-panic\nomprog-panic:x:{GID}:"
    )
    made.make_folder(STATE, 0o2750, gid=GID)
    for name, mode, uid in (
        ("journal", 0o2770, 0),
        ("spool", 0o3770, 0),
        ("spool/tmp", 0o2770, 0),
        ("spool/new", 0o2770, 0),
        ("spool/corrupt", 0o2770, 0),
        ("db", 0o2750, UID),
    ):
        made.make_folder(f"{STATE}/{name}", mode, uid, GID)
    made.make_folder(LOG, 0o750, gid=4)
    made.write(APPRISE, "urls: []", mode=0o640, owner=(0, GID))
    made.write(f"{STATE}/db/omprog-panic.sqlite", "", mode=0o640, owner=(UID, GID))
    return made


def check(machine: FakeMachine) -> list[Finding]:
    return list(check_ownership(CheckContext(machine, NOW, None)))


def test_what_the_package_installs_is_good(machine: FakeMachine) -> None:
    assert [found.level for found in check(machine)] == [Level.OK]


def test_several_files_are_one_finding_with_all_in_the_remedy(
    machine: FakeMachine,
) -> None:
    for name in ("", "-wal", "-shm"):
        machine.write(f"{STATE}/db/omprog-panic.sqlite{name}", "", mode=0o640)
    (found,) = check(machine)

    assert found.level is Level.CRITICAL
    assert found.says.startswith(f"the alerter (user {UID}) may not write {STATE}/db/")
    assert all("-wal" in line and "-shm" in line for line in found.remedies[:2])
    assert found.remedies[2] == "systemctl restart omprog-panic-alerter"


def test_the_running_alerter_decides_who_must_write(machine: FakeMachine) -> None:
    machine.start_process(
        ALERTER, "python3", "/usr/bin/omprog-panic", "alerter", uid=1234
    )

    assert any(
        "the alerter (user 1234)" in says for _, says in problems(check(machine))
    )


def test_a_group_that_the_alerter_is_in_may_have_the_tokens(
    machine: FakeMachine,
) -> None:
    machine.write(APPRISE, "", mode=0o640, owner=(0, 70))
    assert [found.level for found in check(machine)] == [Level.OK]

    machine.write("/etc/group", "users:x:70:\n")
    machine.write(APPRISE, "", mode=0o640, owner=(UID, 70))
    (found,) = check(machine)

    assert (found.level, found.says) == (
        Level.WARNING,
        f"another group can read {APPRISE} (mode 0640)",
    )


def test_a_group_of_administrators_may_write_settings_but_no_programs(
    machine: FakeMachine,
) -> None:
    machine.write(f"{ETC}/config.yaml", "", mode=0o664, owner=(0, 4))
    assert [found.level for found in check(machine)] == [Level.OK]

    machine.write(PROGRAM, "", mode=0o775, owner=(0, 4))
    assert [found.check for found in check(machine)] == ["collector"]


def test_tokens_are_looked_at_though_the_configuration_is_faulty(
    machine: FakeMachine,
) -> None:
    machine.write(f"{APPRISE}.before-restore-1", "", mode=0o644)
    x = CheckContext(machine, NOW, None, ("every user may use it",))

    (found,) = check_ownership(x)
    assert found.says.startswith("every user can read")


def test_what_only_root_may_see_is_unknown_and_not_missing(
    machine: FakeMachine,
) -> None:
    machine.hide(f"{STATE}/journal")
    (found,) = check(machine)

    assert (found.level, found.remedies) == (Level.UNKNOWN, ("use sudo",))
    assert f"{STATE}/journal" in found.says


def test_folders_elsewhere_are_made_without_tmpfiles(
    machine: FakeMachine, tmp_path: Path
) -> None:
    config = configuration(tmp_path)
    spool = tmp_path / "a spool"
    config = dataclasses.replace(
        config, paths=dataclasses.replace(config.paths, spool=spool)
    )
    found = Monitor(machine, config).check(check_ownership)
    remedies = {f.says: f.remedies for f in found if f.check == "spool"}

    assert remedies[f"{spool} is missing"] == (
        f"install -d -o root -g omprog-panic -m 3770 '{spool}'",
    )
    machine.delete(f"{STATE}/journal")
    (journal,) = (f for f in check(machine) if f.check == "journal")
    assert journal.remedies == (TMPFILES,)

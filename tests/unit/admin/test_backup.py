"""A backup has everything that a person made, and nothing else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from omprog_panic.admin.backup import write_backup
from omprog_panic.admin.backup_archive import BackupError
from omprog_panic.admin.restore import restore_backup
from omprog_panic.errors import ConfigError
from tests.builders import write_config
from tests.unit.admin.backups import CLOCK, SECRET


def test_templates_in_a_linked_folder_are_in_the_backup(
    monitor: Path, tmp_path: Path
) -> None:
    linked = monitor.parent / "alert_templates"
    linked.rename(tmp_path / "elsewhere")
    linked.symlink_to(tmp_path / "elsewhere")

    assert write_backup(monitor, tmp_path / "b", CLOCK, program="1") == 4

    new = tmp_path / "new" / "config.yaml"
    restore_backup(tmp_path / "b", new, CLOCK)
    restored = new.parent / "alert_templates" / "alert.txt.j2"
    assert restored.read_text() == "mine\n"


def test_a_link_back_to_its_own_folder_is_followed_once(
    monitor: Path, tmp_path: Path
) -> None:
    (monitor.parent / "loop").symlink_to(monitor.parent)

    assert write_backup(monitor, tmp_path / "b", CLOCK, program="1") == 4


def test_only_the_owner_reads_a_backup(backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_a_backup_is_not_overwritten_by_chance(monitor: Path, backup: Path) -> None:
    with pytest.raises(BackupError, match="exists already: use another name, or"):
        write_backup(monitor, backup, CLOCK, program="1")

    write_backup(monitor, backup, CLOCK, program="1", replace=True)


def test_faulty_settings_are_not_restored(monitor: Path, tmp_path: Path) -> None:
    monitor.write_text(monitor.read_text().replace('"senders"', '"sendres"'))
    with pytest.raises(ConfigError):
        write_backup(monitor, tmp_path / "other", CLOCK, program="1")


def test_state_that_a_link_leads_to_is_left_out(tmp_path: Path) -> None:
    state, folder = tmp_path / "state", tmp_path / "etc"
    (state / "spool").mkdir(parents=True)
    (state / "spool" / "1").write_text("{}")
    folder.mkdir()
    config = write_config(folder, [SECRET])
    settings = config.read_text().replace(
        '"spool": "spool"', f'"spool": "{state}/spool"'
    )
    config.write_text(settings)
    (folder / "state").symlink_to(state)

    assert write_backup(config, tmp_path / "b", CLOCK, program="1") == 2

"""A restore gives back everything, and destroys nothing."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.admin.backup import write_backup
from omprog_panic.admin.backup_archive import MANIFEST, BackupError
from omprog_panic.admin.restore import restore_backup
from omprog_panic.store.connect import existing_database, open_database
from omprog_panic.store.silences import list_silences
from tests.builders import DATABASE, write_config
from tests.unit.admin.backups import CLOCK, SECRET, marks, rewrite


def test_a_new_machine_gets_everything(backup: Path, tmp_path: Path) -> None:
    config = tmp_path / "new" / "config.yaml"
    restored = restore_backup(backup, config, CLOCK)

    assert sorted(p.name for p in restored.written) == sorted(
        ["alert.txt.j2", "apprise.yml", "config.yaml", Path(DATABASE).name]
    )
    assert restored.has_database
    assert SECRET in (config.parent / "apprise.yml").read_text()
    assert stat.S_IMODE((config.parent / "apprise.yml").stat().st_mode) == 0o640
    assert (config.parent / "alert_templates" / "alert.txt.j2").read_text() == "mine\n"
    assert marks(config) == ["kept"]
    assert not (config.parent / "firewall").exists()
    with (
        existing_database(config.parent / DATABASE) as database,
        database.write() as connection,
    ):
        assert list_silences(connection, 0.0) == []


def test_other_files_are_set_aside_only_when_asked(
    backup: Path, tmp_path: Path
) -> None:
    config = tmp_path / "new" / "config.yaml"
    restore_backup(backup, config, CLOCK)
    (config.parent / "apprise.yml").write_text("json://127.0.0.1:10/\n")

    with pytest.raises(BackupError, match=r"other files are there: .*--force"):
        restore_backup(backup, config, CLOCK)
    assert "10" in (config.parent / "apprise.yml").read_text()

    restored = restore_backup(backup, config, CLOCK, replace=True)
    assert SECRET in (config.parent / "apprise.yml").read_text()
    assert len(restored.set_aside) == 2  # the database, too
    (aside,) = [p for p in restored.set_aside if "apprise" in p.name]
    assert aside.read_text() == "json://127.0.0.1:10/\n"
    # What was set aside is not taken into the next backup.
    assert write_backup(config, tmp_path / "next", CLOCK, program="1") == 4


def test_a_running_alerter_is_a_reason_to_refuse(backup: Path, monitor: Path) -> None:
    database = open_database(monitor.parent / DATABASE)
    database.lock.acquire()
    try:
        with pytest.raises(BackupError, match="systemctl stop omprog-panic-alerter"):
            restore_backup(backup, monitor, CLOCK, replace=True)
    finally:
        database.lock.release()
        database.close()


def test_a_monitor_without_a_database_has_a_backup_too(tmp_path: Path) -> None:
    config = write_config(tmp_path, [SECRET])
    write_backup(config, tmp_path / "b", CLOCK, program="1")

    restored = restore_backup(tmp_path / "b", tmp_path / "new" / "config.yaml", CLOCK)
    assert not restored.has_database


@pytest.mark.skipif(os.geteuid() != 0, reason="needs:root")
def test_owners_come_back_by_name(backup: Path, tmp_path: Path) -> None:
    def change(members: dict[str, Any]) -> None:
        manifest = json.loads(members[MANIFEST][1])
        for entry in manifest["files"]:
            entry["group"] = "daemon"
            entry["owner"] = "nobody-of-this-name"
        members[MANIFEST] = members[MANIFEST][0], json.dumps(manifest).encode()

    rewrite(backup, change)
    config = tmp_path / "new" / "config.yaml"
    restore_backup(backup, config, CLOCK)
    assert (config.group(), config.owner()) == ("daemon", "root")
    # The database is its folder's user's: the alerter must write to it.
    database = config.parent / DATABASE
    assert database.stat().st_uid == database.parent.stat().st_uid


def test_templates_may_be_on_another_file_system(monitor: Path, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        elsewhere = Path(name) / "templates"
        (monitor.parent / "alert_templates").rename(tmp_path / "templates")
        shutil.copytree(tmp_path / "templates", elsewhere)
        settings = monitor.read_text().replace("alert_templates", str(elsewhere))
        monitor.write_text(settings)
        write_backup(monitor, tmp_path / "b", CLOCK, program="1")
        shutil.rmtree(elsewhere)
        restore_backup(tmp_path / "b", tmp_path / "new" / "config.yaml", CLOCK)

        assert (elsewhere / "alert.txt.j2").read_text() == "mine\n"

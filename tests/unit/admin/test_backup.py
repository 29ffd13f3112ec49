"""A backup restores everything, and a damaged or unsafe one nothing."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import stat
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.admin.backup import (
    MANIFEST,
    BackupError,
    restore_backup,
    write_backup,
)
from omprog_panic.errors import ConfigError
from omprog_panic.store.connect import existing_database, open_database
from omprog_panic.store.silences import list_silences
from tests.builders import DATABASE, write_config
from tests.fakes import FakeClock

CLOCK = FakeClock()
SECRET = "json://user:S3cret@127.0.0.1:9/"


@pytest.fixture
def monitor(tmp_path: Path) -> Path:
    """A configured monitor with a database; the path of its config.yaml."""
    folder = tmp_path / "old"
    folder.mkdir()
    config = write_config(folder, [SECRET])
    (folder / "alert_templates").mkdir()
    (folder / "alert_templates" / "alert.txt.j2").write_text("mine\n")
    (folder / "firewall").mkdir()
    (folder / "firewall" / "rules.v4").write_text("# made by apply\n")
    database = open_database(folder / DATABASE)
    database.create()
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE mark (text TEXT)")
        connection.exec_driver_sql("INSERT INTO mark VALUES ('kept')")
    database.close()
    return config


@pytest.fixture
def backup(monitor: Path, tmp_path: Path) -> Path:
    target = tmp_path / "backup.tar.gz"
    assert write_backup(monitor, target, CLOCK, program="1") == 4
    return target


def marks(config: Path) -> list[str]:
    with (
        existing_database(config.parent / DATABASE) as database,
        database.read() as connection,
    ):
        return list(connection.exec_driver_sql("SELECT text FROM mark").scalars())


def rewrite(backup: Path, change: Any) -> None:
    """Write the members of a backup again, as ``change`` wants them."""
    with tarfile.open(backup) as archive:
        members = {
            m.name: (m, archive.extractfile(m).read())  # type: ignore[union-attr]
            for m in archive.getmembers()
        }
    change(members)
    with tarfile.open(backup, "w:gz") as archive:
        for member, content in members.values():
            if member.isreg():
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


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


@pytest.mark.parametrize("size", [0, 10, 400, -30])
def test_a_truncated_backup_restores_nothing(
    backup: Path, tmp_path: Path, size: int
) -> None:
    backup.write_bytes(backup.read_bytes()[:size])

    with pytest.raises(BackupError, match="no backup of omprog-panic, or a damaged"):
        restore_backup(backup, tmp_path / "new" / "config.yaml", CLOCK)
    assert list((tmp_path / "new").iterdir()) == []


def test_a_flipped_byte_is_found(backup: Path, tmp_path: Path) -> None:
    content = bytearray(gzip.decompress(backup.read_bytes()))
    content[content.index(b"S3cret")] ^= 1
    backup.write_bytes(gzip.compress(bytes(content)))

    with pytest.raises(BackupError, match=r"apprise\.yml: not what the manifest"):
        restore_backup(backup, tmp_path / "new" / "config.yaml", CLOCK)
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "config/../../evil", "evil"])
def test_a_name_never_leaves_its_folder(
    backup: Path, tmp_path: Path, name: str
) -> None:
    def change(members: dict[str, Any]) -> None:
        manifest = json.loads(members[MANIFEST][1])
        entry = next(e for e in manifest["files"] if e["name"] == "config/apprise.yml")
        member, content = members.pop(entry["name"])
        entry["name"] = member.name = name
        members[name] = member, content
        members[MANIFEST] = members[MANIFEST][0], json.dumps(manifest).encode()

    rewrite(backup, change)
    with pytest.raises(BackupError):
        restore_backup(backup, tmp_path / "new" / "config.yaml", CLOCK)
    assert not list(tmp_path.rglob("evil"))


def test_a_link_is_refused(backup: Path, tmp_path: Path) -> None:
    def change(members: dict[str, Any]) -> None:
        member, _ = members["config/apprise.yml"]
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"

    rewrite(backup, change)
    with pytest.raises(BackupError, match=r"config/apprise\.yml"):
        restore_backup(backup, tmp_path / "new" / "config.yaml", CLOCK)


def test_a_newer_format_names_the_version(backup: Path, tmp_path: Path) -> None:
    def change(members: dict[str, Any]) -> None:
        manifest = json.loads(members[MANIFEST][1])
        manifest.update(format=2, program="9.9")
        members[MANIFEST] = members[MANIFEST][0], json.dumps(manifest).encode()

    rewrite(backup, change)
    with pytest.raises(BackupError, match=r"newer program \(format 2, by version 9.9"):
        restore_backup(backup, tmp_path / "new" / "config.yaml", CLOCK)


def test_faulty_settings_are_not_restored(monitor: Path, tmp_path: Path) -> None:
    monitor.write_text(monitor.read_text().replace('"senders"', '"sendres"'))
    with pytest.raises(ConfigError):
        write_backup(monitor, tmp_path / "other", CLOCK, program="1")


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nowhere: No such file"):
        restore_backup(tmp_path / "nowhere", tmp_path / "new" / "config.yaml", CLOCK)


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

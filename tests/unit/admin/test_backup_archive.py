"""A damaged or unsafe backup restores nothing."""

from __future__ import annotations

import gzip
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.admin.backup_archive import MANIFEST, BackupError
from omprog_panic.admin.restore import restore_backup
from tests.unit.admin.backups import CLOCK, rewrite


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


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nowhere: No such file"):
        restore_backup(tmp_path / "nowhere", tmp_path / "new" / "config.yaml", CLOCK)

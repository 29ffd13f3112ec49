"""The file that a backup is: a manifest, and what it lists.

It is a tar file, compressed with gzip, that only its owner can read:

- ``manifest.json``: the version of this format, the program's version, the time, and
  owner, group, mode, size and SHA-256 of each file;
- ``config/``: the folder of config.yaml, without what `omprog-panic apply` writes;
- ``apprise`` and ``templates/``, if they are not in that folder;
- ``database``: a copy of one state of it.
"""

from __future__ import annotations

import dataclasses
import grp
import hashlib
import io
import json
import os
import pwd
import stat
import tarfile
import zlib
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from omprog_panic.errors import OmprogPanicError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = 1
MANIFEST, DATABASE, APPRISE = "manifest.json", "database", "apprise"
CONFIG, TEMPLATES = "config/", "templates/"
MAX_MANIFEST_BYTES = 4 * 1024 * 1024
_CHUNK = 1024 * 1024


class BackupError(OmprogPanicError):
    """A backup cannot be written or read, or a restore would destroy something."""


@dataclasses.dataclass(frozen=True, slots=True)
class BackupFile:
    """A file of a backup: its name there, and what it was."""

    name: str
    owner: str
    group: str
    mode: int
    size: int
    sha256: str

    def to_json(self) -> dict[str, object]:
        """Return the entry of the manifest."""
        return {
            "name": self.name,
            "owner": self.owner,
            "group": self.group,
            "mode": f"{self.mode:04o}",
            "size": self.size,
            "sha256": self.sha256,
        }

    @classmethod
    def from_json(cls, entry: Mapping[str, object]) -> BackupFile:
        """Parse an entry of the manifest; its name never leaves its folder."""
        name = str(entry["name"])
        if name.startswith("/") or ".." in name.split("/") or "\0" in name:
            raise ValueError(name)
        return cls(
            name=name,
            owner=str(entry["owner"]),
            group=str(entry["group"]),
            mode=int(str(entry["mode"]), 8) & 0o777,
            size=int(str(entry["size"])),
            sha256=str(entry["sha256"]),
        )


# --- writing --------------------------------------------------------------------------


def write_archive(
    path: Path, files: Mapping[str, Path], program: str, now: float
) -> None:
    """Write a backup; ``files``: by their names in it.

    Raises:
        OSError: a file cannot be read, or the backup not be written.

    """
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
    with (
        os.fdopen(os.open(path, flags, 0o600), "wb") as raw,
        tarfile.open(fileobj=raw, mode="w:gz") as archive,
    ):
        entries = [describe(name, source) for name, source in files.items()]
        manifest = {
            "format": FORMAT,
            "program": program,
            "made_at": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
            "files": [entry.to_json() for entry in entries],
        }
        text = json.dumps(manifest, indent=1).encode()
        _add(archive, MANIFEST, io.BytesIO(text), len(text), now)
        for entry in entries:
            with files[entry.name].open("rb") as stream:
                _add(archive, entry.name, stream, entry.size, now)


def _add(
    archive: tarfile.TarFile, name: str, stream: IO[bytes], size: int, now: float
) -> None:
    member = tarfile.TarInfo(name)
    member.mode, member.size, member.mtime = 0o600, size, int(now)
    archive.addfile(member, stream)


def describe(name: str, path: Path) -> BackupFile:
    """Return the entry of a file as it is now, under this name."""
    status = path.stat()
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return BackupFile(
        name,
        _user_name(status.st_uid),
        _group_name(status.st_gid),
        stat.S_IMODE(status.st_mode),
        status.st_size,
        digest,
    )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


# --- reading --------------------------------------------------------------------------


def unpack(source: Path, folder: Path) -> list[BackupFile]:
    """Unpack what the manifest lists into an empty folder, and check it.

    Raises:
        BackupError: it is damaged, unsafe, or of a newer format.
        OSError: it cannot be read, or the folder not be written.

    """
    try:
        with tarfile.open(source, "r:gz") as archive:
            files = _read_manifest(source, archive)
            for entry in files:
                member = archive.getmember(entry.name)
                stream = archive.extractfile(member) if member.isreg() else None
                if stream is None or not _unpack_file(stream, folder, entry):
                    message = f"{entry.name}: not what the manifest says; damaged?"
                    raise BackupError(f"{source}: {message}")
    except (
        tarfile.TarError, EOFError, zlib.error, KeyError, ValueError, TypeError,
    ) as error:  # fmt: skip
        message = f"{source}: no backup of omprog-panic, or a damaged one ({error})"
        raise BackupError(message) from error
    return files


def _unpack_file(stream: IO[bytes], folder: Path, entry: BackupFile) -> bool:
    """Write a file of a backup; return whether it has its size and digest."""
    target = folder / entry.name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
    digest, left = hashlib.sha256(), entry.size
    with os.fdopen(os.open(target, flags, 0o600), "wb") as out:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            out.write(chunk)
            left -= len(chunk)
    return left == 0 and digest.hexdigest() == entry.sha256


def _read_manifest(source: Path, archive: tarfile.TarFile) -> list[BackupFile]:
    member = archive.getmember(MANIFEST)
    stream = archive.extractfile(member) if member.isreg() else None
    if stream is None or member.size > MAX_MANIFEST_BYTES:
        raise BackupError(f"{source}: its {MANIFEST} is not one of ours")
    manifest = json.loads(stream.read())
    if manifest["format"] != FORMAT:
        made = f"format {manifest['format']}, by version {manifest.get('program')}"
        message = f"made by a newer program ({made}): restore with that version"
        raise BackupError(f"{source}: {message}")
    return [BackupFile.from_json(entry) for entry in manifest["files"]]

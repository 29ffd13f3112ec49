"""Backup and restore: the configuration with its secrets, and the database.

A backup is a tar file, compressed with gzip, that only its owner can read:

- ``manifest.json``: the version of this format, the program's version, the time, and
  owner, group, mode, size and SHA-256 of each file;
- ``config/``: the folder of config.yaml, without what `omprog-panic apply` writes;
- ``apprise`` and ``templates/``, if they are not in that folder;
- ``database``: a copy of one state of it, made while the alerter runs.
"""

from __future__ import annotations

import dataclasses
import grp
import hashlib
import io
import json
import os
import pwd
import shutil
import stat
import tarfile
import tempfile
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from omprog_panic.config.load import load_public
from omprog_panic.errors import OmprogPanicError
from omprog_panic.store.connect import existing_database, open_database

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omprog_panic.clock import Clock
    from omprog_panic.config.model import Paths

FORMAT = 1
MANIFEST, DATABASE, APPRISE = "manifest.json", "database", "apprise"
CONFIG, TEMPLATES = "config/", "templates/"
# What `omprog-panic apply` writes into the folder of config.yaml.
GENERATED = ("allowed", "firewall", "rsyslog")
MAX_MANIFEST_BYTES = 4 * 1024 * 1024
SET_ASIDE = ".before-restore-"
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


@dataclasses.dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: the files written, and those it set aside before."""

    written: tuple[Path, ...]
    set_aside: tuple[Path, ...]
    has_database: bool


# --- backup ---------------------------------------------------------------------------


def write_backup(
    config_file: Path,
    target: Path,
    clock: Clock,
    *,
    program: str,
    replace: bool = False,
) -> int:
    """Write a backup; return the number of its files.

    ``config_file``: config.yaml, which names everything else. ``program``: our
    version, for the manifest. ``replace``: overwrite the target if it exists.

    Raises:
        BackupError: a file cannot be read, or the target not be written.
        ConfigError: config.yaml has faults.
        StoreError: the database cannot be read.

    """
    paths = load_public(config_file).paths
    if target.exists() and not replace:
        raise BackupError(f"{target}: exists already: use another name, or --force")
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with tempfile.TemporaryDirectory(dir=target.absolute().parent) as folder:
            copy = Path(folder) / DATABASE
            files = {
                name: path
                for name, path in _configuration(config_file, paths)
                if not path.is_relative_to(folder) and path != target.absolute()
            }
            if _copy_database(paths, copy):
                files[DATABASE] = copy
            _write_archive(partial, files, program, clock.wall())
        partial.replace(target)
    except OSError as error:
        raise BackupError(f"{error.filename or target}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return len(files)


def _configuration(config_file: Path, paths: Paths) -> Iterator[tuple[str, Path]]:
    """Return the name in the backup and the path of each configuration file."""
    folder = config_file.absolute().parent
    inside = set()
    for path in _regular_files(folder):
        relative = path.relative_to(folder)
        if relative.parts[0] in GENERATED or _is_state(path, paths):
            continue
        inside.add(path)
        yield f"{CONFIG}{relative}", path
    if paths.apprise.is_file() and paths.apprise not in inside:
        yield APPRISE, paths.apprise
    for path in _regular_files(paths.templates):
        if path not in inside:
            yield f"{TEMPLATES}{path.relative_to(paths.templates)}", path


def _is_state(path: Path, paths: Paths) -> bool:
    """Return whether a file is the program's: database, spool, an older file.

    A link may lead from the configuration to them.
    """
    real, database = path.resolve(), paths.database
    if isinstance(database, Path) and str(real).startswith(str(database.resolve())):
        return True
    return real.is_relative_to(paths.spool.resolve()) or SET_ASIDE in path.name


def _regular_files(folder: Path) -> list[Path]:
    """Return the files below a folder, also in linked folders; each folder once."""
    seen: set[tuple[int, int]] = set()
    found = []
    for root, folders, names in os.walk(folder, followlinks=True):
        status = Path(root).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        files = (Path(root) / name for name in names)
        found += [path for path in files if path.is_file() or path.is_symlink()]
    return sorted(found)


def _copy_database(paths: Paths, copy: Path) -> bool:
    """Copy the database; return whether there is one."""
    if isinstance(paths.database, Path) and not paths.database.exists():
        return False
    with existing_database(paths.database) as database:
        database.copy_to(copy)
    return True


def _write_archive(
    path: Path, files: Mapping[str, Path], program: str, now: float
) -> None:
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
    with (
        os.fdopen(os.open(path, flags, 0o600), "wb") as raw,
        tarfile.open(fileobj=raw, mode="w:gz") as archive,
    ):
        entries = [_describe(name, source) for name, source in files.items()]
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


def _describe(name: str, path: Path) -> BackupFile:
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


# --- restore --------------------------------------------------------------------------


def restore_backup(
    source: Path, config_file: Path, clock: Clock, *, replace: bool = False
) -> Restored:
    """Restore a backup; everything is checked before the first file is written.

    ``config_file``: where config.yaml goes. ``replace``: set other files that are
    there aside, as ``NAME.before-restore``; otherwise they are a reason to refuse.

    Raises:
        BackupError: it is damaged, of a newer format or unsafe, the alerter runs, or
            other files are there.
        ConfigError: the config.yaml in it has faults.
        StoreError: the database in it cannot be used by this version.

    """
    parent = config_file.absolute().parent
    try:
        parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".restore.", dir=parent) as name:
            folder = Path(name)
            files = _unpack(source, folder)
            targets = _targets(folder, config_file, files)
            _require_no_alerter(targets)
            return _put_in_place(folder, files, targets, clock, replace=replace)
    except OSError as error:
        raise BackupError(f"{error.filename or source}: {error.strerror}") from error


def _unpack(source: Path, folder: Path) -> list[BackupFile]:
    """Unpack what the manifest names, and check it."""
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


def _targets(
    folder: Path, config_file: Path, files: list[BackupFile]
) -> dict[str, Path]:
    """Return where each file of a backup goes, once its settings have been checked."""
    target_folder = config_file.absolute().parent
    unpacked = folder / CONFIG / config_file.name
    if not unpacked.exists():
        message = f"the backup has no {config_file.name}: name it with --config"
        raise BackupError(message)
    paths = load_public(unpacked).paths

    def final(path: Path) -> Path:
        """Return a path of the settings, relative ones as they will be."""
        inside = folder / CONFIG
        if path.is_relative_to(inside):
            return target_folder / path.relative_to(inside)
        return path

    targets: dict[str, Path] = {}
    for entry in files:
        name = entry.name
        if name.startswith(CONFIG):
            targets[name] = target_folder / name.removeprefix(CONFIG)
        elif name.startswith(TEMPLATES):
            targets[name] = final(paths.templates) / name.removeprefix(TEMPLATES)
        elif name == APPRISE:
            targets[name] = final(paths.apprise)
        elif name == DATABASE and isinstance(paths.database, Path):
            with existing_database(folder / DATABASE):
                targets[name] = final(paths.database)
        else:
            raise BackupError(f"{name}: not a file that a backup has")
    return targets


def _require_no_alerter(targets: Mapping[str, Path]) -> None:
    target = targets.get(DATABASE)
    if target is None or not target.parent.exists():
        return
    database = open_database(target)
    try:
        if database.has_alerter():
            raise BackupError(
                "the alerter runs: stop it first, with"
                " `systemctl stop omprog-panic-alerter`"
            )
    finally:
        database.close()


def _put_in_place(
    folder: Path,
    files: list[BackupFile],
    targets: Mapping[str, Path],
    clock: Clock,
    *,
    replace: bool,
) -> Restored:
    differing = [e for e in files if not _is_same(targets[e.name], e)]
    there = [targets[e.name] for e in differing if _exists(targets[e.name])]
    if there and not replace:
        names = ", ".join(map(str, there))
        message = f"other files are there: {names}: --force sets them aside"
        raise BackupError(message)
    set_aside = [_set_aside(path, clock.wall()) for path in there]
    for entry in differing:
        target = targets[entry.name]
        if entry.name == DATABASE:
            _place_database(folder / DATABASE, target)
        else:
            _place(folder / entry.name, target, entry)
    written = tuple(targets[entry.name] for entry in differing)
    return Restored(written, tuple(set_aside), has_database=DATABASE in targets)


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _is_same(path: Path, entry: BackupFile) -> bool:
    """Return whether a file is there already; a database never counts as such."""
    if entry.name == DATABASE or not path.is_file() or path.is_symlink():
        return False
    described = _describe(entry.name, path)
    if os.geteuid() != 0:
        return described.sha256 == entry.sha256
    return described == entry


def _set_aside(path: Path, now: float) -> Path:
    """Rename a file, and what belongs to a database beside it; return the new name."""
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    moved = path.with_name(f"{path.name}{SET_ASIDE}{stamp}")
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(moved.with_name(moved.name + suffix))
    path.rename(moved)
    return moved


def _place(unpacked: Path, target: Path, entry: BackupFile) -> None:
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    _copy(unpacked, target, _uid(entry.owner), _gid(entry.group), entry.mode)


def _place_database(unpacked: Path, target: Path) -> None:
    """Give the database to the user of its folder: the alerter must write to it."""
    target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    owner = target.parent.stat()
    _copy(unpacked, target, owner.st_uid, owner.st_gid, 0o640)


def _copy(unpacked: Path, target: Path, uid: int, gid: int, mode: int) -> None:
    """Copy a file into its place at once, also to another file system."""
    partial = target.with_name(f".{target.name}.restore")
    with unpacked.open("rb") as source, partial.open("wb") as copy:
        partial.chmod(0o600)
        shutil.copyfileobj(source, copy, _CHUNK)
        copy.flush()
        os.fsync(copy.fileno())
    _give(partial, uid, gid)
    partial.chmod(mode)
    partial.rename(target)


def _give(path: Path, uid: int, gid: int) -> None:
    if os.geteuid() == 0:
        os.chown(path, uid, gid)


# --- names of users -------------------------------------------------------------------


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


def _uid(name: str) -> int:
    """Return the user of that name here; root, if there is none."""
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return 0


def _gid(name: str) -> int:
    """Return the group of that name here; that of root, if there is none."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return 0

"""Restore: what a backup has, put back where its settings say."""

from __future__ import annotations

import contextlib
import dataclasses
import grp
import os
import pwd
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.admin.backup_archive import (
    APPRISE,
    CONFIG,
    DATABASE,
    TEMPLATES,
    BackupError,
    BackupFile,
    describe,
    unpack,
)
from omprog_panic.config.load import load_public
from omprog_panic.store.connect import existing_database, open_database

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.clock import Clock

SET_ASIDE = ".before-restore-"


@dataclasses.dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: the files written, and those it set aside before."""

    written: tuple[Path, ...]
    set_aside: tuple[Path, ...]
    has_database: bool
    damaged: tuple[Path, ...] = ()  # databases that are kept, but no longer reported


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
            files = unpack(source, folder)
            targets = _targets(folder, config_file, files)
            _require_no_alerter(targets)
            return _put_in_place(folder, files, targets, clock, replace=replace)
    except OSError as error:
        raise BackupError(f"{error.filename or source}: {error.strerror}") from error


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
        running = database.has_alerter()
        if running is None:
            raise BackupError(f"{target}: who uses it cannot be seen: use sudo")
        if running:
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
    return Restored(
        written,
        tuple(set_aside),
        has_database=DATABASE in targets,
        damaged=_settle_damaged(targets.get(DATABASE)),
    )


def _settle_damaged(database: Path | None) -> tuple[Path, ...]:
    """Report damaged databases no longer: a backup is in their place."""
    if database is None:
        return ()
    with contextlib.closing(open_database(database)) as opened:
        return opened.set_aside.settle() if opened.set_aside else ()


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _is_same(path: Path, entry: BackupFile) -> bool:
    """Return whether a file is there already; a database never counts as such."""
    if entry.name == DATABASE or not path.is_file() or path.is_symlink():
        return False
    described = describe(entry.name, path)
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
        shutil.copyfileobj(source, copy)
        copy.flush()
        os.fsync(copy.fileno())
    _give(partial, uid, gid)
    partial.chmod(mode)
    partial.rename(target)


def _give(path: Path, uid: int, gid: int) -> None:
    if os.geteuid() == 0:
        os.chown(path, uid, gid)


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

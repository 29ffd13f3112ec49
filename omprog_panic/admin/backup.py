"""Backup: the configuration with its secrets, and the database, in one file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.admin.backup_archive import (
    APPRISE,
    CONFIG,
    DATABASE,
    TEMPLATES,
    BackupError,
    write_archive,
)
from omprog_panic.admin.restore import SET_ASIDE
from omprog_panic.config.load import load_public
from omprog_panic.store.connect import existing_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.clock import Clock
    from omprog_panic.config.model import Paths

# What `omprog-panic apply` writes into the folder of config.yaml.
GENERATED = ("allowed", "firewall", "rsyslog")


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
            write_archive(partial, files, program, clock.wall())
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

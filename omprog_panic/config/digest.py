"""Digests of configuration files, to find out which have changed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def digest(file: Path) -> str | None:
    """Return the SHA-256 of a file without comments and blank lines.

    None: it cannot be read; not every user may read the apprise file.
    """
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return None
    significant = [line.rstrip() for line in lines if not line.strip().startswith(b"#")]
    return hashlib.sha256(b"\n".join(filter(None, significant))).hexdigest()


def digests(files: Iterable[Path]) -> dict[str, str]:
    """Return the digests of the files that can be read, by absolute path."""
    found = {str(file.absolute()): digest(file) for file in files}
    return {path: value for path, value in found.items() if value is not None}


def changed(known: Mapping[str, str]) -> list[str]:
    """Return the paths of the files whose content has changed since it was read.

    A file that cannot be read now is left out.
    """
    now = digests(map(Path, known))
    return [path for path, value in now.items() if known[path] != value]

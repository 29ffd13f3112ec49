"""What a file of settings says, in a few bytes: to tell whether it was read."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def digest(file: Path) -> str | None:
    """Return the SHA-256 of a file without comments and blank lines.

    None: it cannot be read; the apprise file is not for everybody.
    """
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return None
    said = [line.rstrip() for line in lines if not line.strip().startswith(b"#")]
    return hashlib.sha256(b"\n".join(filter(None, said))).hexdigest()


def digests(files: Iterable[Path]) -> dict[str, str]:
    """Return the digests of those that can be read, by absolute path."""
    found = {str(file.absolute()): digest(file) for file in files}
    return {path: value for path, value in found.items() if value is not None}


def changed(known: Mapping[str, str]) -> list[str]:
    """Return the paths of the files that say something else than when they were read.

    One that cannot be read now is not among them.
    """
    now = digests(map(Path, known))
    return [path for path, value in now.items() if known[path] != value]

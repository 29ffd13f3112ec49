"""Waking the alerter after a command has changed something in the store."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from omprog_panic.errors import SpoolError
from omprog_panic.spool.writer import SpoolWriter

if TYPE_CHECKING:
    from omprog_panic.config.model import Paths


def wake_alerter(paths: Paths) -> None:
    """Wake the alerter, if it runs; otherwise it looks within ``limits.poll_s``."""
    with contextlib.suppress(SpoolError, OSError):
        SpoolWriter(paths.spool).wake_reader()

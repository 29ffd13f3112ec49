"""Lines that end a report or a boot. Pure."""

from __future__ import annotations

import enum
import re


class Terminator(enum.Enum):
    """The last line of a report."""

    END_PANIC = "---[ end Kernel panic"  # kernel/panic.c: nothing follows
    REBOOTING = "Rebooting in "  # kernel/panic.c: nothing follows
    END_TRACE = "---[ end trace"  # kernel/panic.c: registers or a panic may follow


_REBOOTING = re.compile(r"Rebooting in \d+ seconds\.\.")
TERMINATOR_KEYS = frozenset(t.value[:3] for t in Terminator)
"""First three characters of every terminator."""


def terminator(text: str) -> Terminator | None:
    """Return which terminator this text is; None: it is none.

    >>> terminator("Rebooting in 3 seconds..")
    <Terminator.REBOOTING: 'Rebooting in '>
    """
    if text.startswith("---[ end "):
        if text.startswith("Kernel panic", 9):
            return Terminator.END_PANIC
        if text.startswith("trace", 9):
            return Terminator.END_TRACE
    elif text.startswith("Rebooting in ") and _REBOOTING.match(text):
        return Terminator.REBOOTING
    return None


def is_boot_banner(text: str) -> bool:
    """Return whether this is ``linux_banner``, the first record of every boot."""
    return text.startswith("Linux version ")


_KDUMP_LOADED = re.compile(r"CPU: \d+ .*\bKdump: loaded ")


def says_kdump_loaded(text: str) -> bool:
    """Return whether a ``CPU:`` line says that kdump will cut the stream."""
    return _KDUMP_LOADED.match(text) is not None

"""Parse small files of /proc and /sys. Pure."""

from __future__ import annotations

import re

from omprog_panic_client.facts import Console

_CONSOLE = re.compile(r"(\S+)\s+\S+\s+\(([^)]*)\)")


def parse_consoles(text: str) -> tuple[Console, ...]:
    """Parse /proc/consoles.

    >>> parse_consoles("ttyS0                -W- (EC  p  )    4:64")
    (Console(name='ttyS0', flags='EC  p  '),)
    """
    found = (_CONSOLE.match(line) for line in text.splitlines())
    return tuple(Console(m.group(1), m.group(2)) for m in found if m)


def first_number(text: str | None, default: int) -> int:
    r"""Parse the first number of a file such as /proc/sys/kernel/printk.

    >>> first_number("8\\t4\\t1\\t7", 7)
    8
    """
    match = re.match(r"\s*(-?\d+)", text or "")
    return int(match.group(1)) if match else default


def yes(text: str | None) -> bool:
    """Parse a flag of sysfs or configfs: 1 and Y are true."""
    return (text or "").strip() in {"1", "Y", "y"}


def has_word(cmdline: str, word: str) -> bool:
    """Return whether the kernel command line has a word, or ``word=``.

    >>> has_word("ro quiet splash", "quiet"), has_word("quieter", "quiet")
    (True, False)
    """
    return any(w.partition("=")[0] == word for w in cmdline.split())

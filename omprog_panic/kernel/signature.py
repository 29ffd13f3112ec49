"""One row of the tables of start lines. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.model import Severity

FUNCTION = r"(?P<F>[A-Za-z_.$][\w.$]*)"
"""The group of a pattern that catches the function on the start line."""


def warning_pattern(file: str) -> str:
    """Return the pattern of a WARN() in ``file``, itself a pattern.

    Printed by kernel/panic.c __warn; the last form is that of 7.x.
    """
    return (
        r"WARNING: (?:CPU: -?\d+ (?:UID: \d+ )?PID: -?\d+ )?"
        rf"(?:at (?P<file>(?:[^ ]*/)?{file}):\d+|(?P<file2>(?:[^ ]*/)?{file}):\d+ at)"
        rf"(?: {FUNCTION})?"
    )


class Signature:
    """One start line.

    ``starts`` are the literal beginnings (at least three characters each); a line
    must have one of them before ``pattern`` is tried. ``title`` is the title without
    its function; it may name groups of ``pattern`` and of ``more``, which is searched
    in the lines that follow. ``rule`` names how the function is found
    (kernel/blame.py; "": the title has none). ``source`` is the kernel file that
    prints the line. ``role`` is one of:

    * "die": the line usually continues a report that is already open;
    * "prelude": the next line names the report better;
    * "detail": the line starts a report only when none is open.
    """

    def __init__(  # noqa: PLR0913 - one parameter a column of the table
        self,
        kind: str,
        severity: Severity,
        starts: str | tuple[str, ...],
        pattern: str,
        *,
        title: str,
        source: str,
        rule: str = "",
        role: str = "",
        more: str = "",
    ) -> None:
        self.kind = kind
        self.severity = severity
        self.starts = (starts,) if isinstance(starts, str) else starts
        self.pattern = pattern
        self.title = title
        self.source = source
        self.rule = rule
        self.role = role
        self.more = more
        self._match: Callable[[str], re.Match[str] | None] | None = None

    def match(self, text: str) -> re.Match[str] | None:
        """Match the pattern at the beginning of ``text``."""
        if self._match is None:
            self._match = re.compile(self.pattern).match
        return self._match(text)

    def __repr__(self) -> str:
        return f"Signature({self.kind!r}, {self.pattern!r})"


class StartLine(NamedTuple):
    """A line that starts a report: its row, and the match of the row's pattern."""

    signature: Signature
    match: re.Match[str]

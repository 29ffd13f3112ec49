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
    * "opening": the line names the report better than the start lines after it;
    * "detail": the line starts a report only when none is open;
    * "event": the line is a report of its own, no crash, and touches no other one.

    ``after_prefix``: ``starts`` follow the first ": " (``driver 0000:01:00.0: AER:``).

    ``confirmed_by`` is searched in the lines that follow; without it the report is one
    of a user program, kind "info". Groups ``cpu``, ``pid`` and ``comm`` are facts, and
    those that begin with ``id_`` tell bugs apart and are never masked.
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
        confirmed_by: str = "",
        after_prefix: bool = False,
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
        self.confirmed_by = confirmed_by
        self.after_prefix = after_prefix
        names = re.findall(r"\(\?P<(\w+)>", pattern)
        self.shown = tuple(
            n for n in names if f"{{{n}}}" in title or (n == "F" and rule)
        )
        self._match: Callable[[str], re.Match[str] | None] | None = None

    def match(self, text: str) -> re.Match[str] | None:
        """Match the pattern at the beginning of ``text``."""
        if self._match is None:
            self._match = re.compile(self.pattern).match
        return self._match(text)

    def __repr__(self) -> str:
        return f"Signature({self.kind!r}, {self.pattern!r})"


def event(  # noqa: PLR0913 - one parameter a column of the table
    kind: str,
    severity: Severity,
    starts: str | tuple[str, ...],
    pattern: str,
    *,
    title: str,
    source: str,
    rule: str = "",
    after_prefix: bool = False,
) -> Signature:
    """Return a row of an event: trouble that is no crash."""
    return Signature(
        kind,
        severity,
        starts,
        pattern,
        title=title,
        source=source,
        rule=rule,
        role="event",
        after_prefix=after_prefix,
    )


class StartLine(NamedTuple):
    """A line that starts a report: its row, and the match of the row's pattern."""

    signature: Signature
    match: re.Match[str]

    def event_key(self) -> tuple[object, ...]:
        """Return what makes two events the same: the row and what its title shows."""
        shown = [self.match[name] for name in self.signature.shown]
        return (self.signature.pattern, *shown)

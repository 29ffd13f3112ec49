"""The result of a check. Pure values."""

from __future__ import annotations

import dataclasses
import enum


class Level(enum.IntEnum):
    """How bad it is; the numbers are the exit codes of Nagios and Icinga plugins."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor: which check, what it found, what to do about it.

    ``remedies`` are commands to copy, or a sentence where no command helps; a finding
    of level OK has none.
    """

    check: str
    level: Level
    says: str
    remedies: tuple[str, ...] = ()


def ok(check: str, says: str) -> Finding:
    """Return the finding that something works."""
    return Finding(check, Level.OK, says)


def warning(check: str, says: str, *remedies: str) -> Finding:
    """Return a finding that will cost log lines, alerts or time one day."""
    return Finding(check, Level.WARNING, says, remedies)


def critical(check: str, says: str, *remedies: str) -> Finding:
    """Return the finding that panics are not received, or alerts not sent."""
    return Finding(check, Level.CRITICAL, says, remedies)


def unknown(check: str, says: str, *remedies: str) -> Finding:
    """Return the finding that the check could not be made."""
    return Finding(check, Level.UNKNOWN, says, remedies)


def worst(findings: list[Finding]) -> Level:
    """Return the exit code: the worst level, UNKNOWN only if nothing worse is known."""
    known = [f.level for f in findings if f.level is not Level.UNKNOWN]
    bad = max(known, default=Level.OK)
    if bad is Level.OK and len(known) < len(findings):
        return Level.UNKNOWN
    return bad

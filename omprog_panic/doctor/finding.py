"""What a check says. Pure values."""

from __future__ import annotations

import dataclasses
import enum


class Level(enum.IntEnum):
    """How bad it is; the numbers are those that Nagios and Icinga read."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor: what was looked at, what was found, what to do.

    ``remedies`` are commands to copy, or one sentence where no command can mend it;
    a finding of level OK has none.
    """

    check: str
    level: Level
    says: str
    remedies: tuple[str, ...] = ()


def good(check: str, says: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(check, Level.OK, says)


def doubtful(check: str, says: str, *remedies: str) -> Finding:
    """Say that something will cost lines, alerts or time one day."""
    return Finding(check, Level.WARNING, says, remedies)


def broken(check: str, says: str, *remedies: str) -> Finding:
    """Say that panics do not arrive, or alerts do not leave."""
    return Finding(check, Level.CRITICAL, says, remedies)


def unknown(check: str, says: str, *remedies: str) -> Finding:
    """Say that the check itself could not be made."""
    return Finding(check, Level.UNKNOWN, says, remedies)


def worst(findings: list[Finding]) -> Level:
    """Return the exit code: the worst that is known; UNKNOWN only if nothing is bad."""
    known = [f.level for f in findings if f.level is not Level.UNKNOWN]
    bad = max(known, default=Level.OK)
    if bad is Level.OK and len(known) < len(findings):
        return Level.UNKNOWN
    return bad

"""What is kept of a crash to recognise a repeat of it: by content, not by number. Pure.

A repeat is equal in content. A number or a clock alone never makes one: coarse or
absent kernel clocks, two hosts behind one address and forged numbers are all real.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.collector.boot_time import seconds_between

if TYPE_CHECKING:
    from collections.abc import Iterable

IDENTITY_EXPIRES_S = 5.0
"""So long an equal crash of the same boot is a repeat, by the times of reception.

A network doubles a datagram within milliseconds, a second target sends its copy within
two seconds, and rsyslogd sends a line again with the time of reception that it had. No
server resets, boots and panics again within five seconds. A replay of the log buffer is
recognised as such at any time.
"""
DOUBLED_WITHIN_S = 1.0  # so late a network delivers the copy of a datagram
MAX_MARKS = 64  # of the closed traces of a boot; older ones are forgotten
MAX_MARKS_OF_TRACE = 16  # start lines of one trace; further ones are not remembered
_MAX_TEXT = 512  # characters of a start line
_MAY_BE_CUT = 200  # characters of a panic: "Fatal exception" begins another one
_PANIC_TEXT = "not syncing: "


class StartMark(NamedTuple):
    """A start line: the kernel's time, its text, and when it was received."""

    time_us: int | None
    text: str
    at: str
    panic: bool

    def is_equal(self, other: StartMark) -> bool:
        """Return whether both have the same content."""
        return self.time_us == other.time_us and self.text == other.text

    def is_near(self, at: str, within_s: float) -> bool:
        """Return whether it was received so near to a time."""
        return abs(seconds_between(self.at, at)) <= within_s


def start_mark(line: str, text: str, time_us: int | None, *, panic: bool) -> StartMark:
    """Return the mark of a start line, which is stored as ``line``."""
    return StartMark(time_us, text[:_MAX_TEXT], line.partition("\t")[0], panic)


def names_panic(end_marker: str, panic: str) -> bool:
    """Return whether an ``---[ end Kernel panic`` ends this panic line.

    The kernel repeats the text of the panic in it (kernel/panic.c); either may be cut.

    >>> names_panic("---[ end Kernel panic - not syncing: x ]---",
    ...             "Kernel panic - not syncing: x")
    True
    """
    said, known = (
        text.partition("\n")[0].removesuffix(" ]---").partition(_PANIC_TEXT)[2].strip()
        for text in (end_marker, panic)
    )
    if min(len(said), len(known)) < _MAY_BE_CUT:
        return said == known
    return said.startswith(known) or known.startswith(said)


class StartLines:
    """The start lines of an open trace; ``unended``: its panics that have not ended."""

    __slots__ = ("marks", "unended")

    def __init__(self) -> None:
        self.marks: list[StartMark] = []
        self.unended: list[StartMark] = []

    def add(self, mark: StartMark) -> None:
        """Remember a start line that the trace contains; a copy of one is none."""
        if is_known(mark, self.marks, within_s=IDENTITY_EXPIRES_S):
            return
        if len(self.marks) < MAX_MARKS_OF_TRACE:
            if mark.panic and not is_known(mark, self.marks):
                self.unended.append(mark)
            self.marks.append(mark)

    def all_end_with(self, end_marker: str) -> bool:
        """Return whether an ``---[ end Kernel panic`` ends the trace.

        Where several panics are in it, one of them may be forged, or of another host:
        the trace goes on until each has ended. Where the panic line was lost, any
        marker ends it.
        """
        for mark in self.unended:
            if names_panic(end_marker, mark.text):
                self.unended.remove(mark)
                break
        return not self.unended

    @property
    def has_panic(self) -> bool:
        """Whether the line of a panic is among them."""
        return any(mark.panic for mark in self.marks)


def is_known(
    mark: StartMark,
    marks: Iterable[StartMark],
    *,
    within_s: float | None = None,
) -> bool:
    """Return whether an equal mark is among these, received so near; None: ever."""
    return any(
        mark.is_equal(known) and (within_s is None or known.is_near(mark.at, within_s))
        for known in marks
    )


def are_known(
    starts: Iterable[StartMark],
    marks: Iterable[StartMark],
    *,
    within_s: float | None = None,
) -> bool:
    """Return whether the crash with these start lines is one that is known.

    One equal line shows that: the others may have been lost. A panic that is not known
    itself is never part of what is.
    """
    found = False
    known = list(marks)
    for mark in starts:
        if is_known(mark, known, within_s=within_s):
            found = True
        elif mark.panic:
            return False
    return found

"""What is remembered of the traces of a boot that were closed. Pure.

What the network delivers beyond a terminator belongs to the trace that it ended, if
that trace has the same line; anything else is of another crash.
"""

from __future__ import annotations

from omprog_panic.collector.start_mark import (
    IDENTITY_EXPIRES_S,
    MAX_MARKS,
    StartMark,
    is_known,
    names_panic,
)
from omprog_panic.kernel.terminator import Terminator, terminator
from omprog_panic.model import EndReason

FINAL_LINES = {
    Terminator.END_PANIC: EndReason.TERMINATOR,
    Terminator.REBOOTING: EndReason.REBOOTING,
}
"""Lines after which a kernel prints nothing, and how they end a trace."""
_LATE_S = 1.0  # longer than any network delays a datagram


class EndedTraces:
    """Start lines and terminators of closed traces (``marks``), newest last.

    ``late_until``: until then records that were printed before the last terminator, at
    ``late_us`` of the kernel's clock, may arrive. ``late_panic`` is that terminator if
    the panic itself is missing in its trace.
    """

    __slots__ = ("late_panic", "late_until", "late_us", "marks")

    def __init__(self) -> None:
        self.marks: tuple[StartMark, ...] = ()
        self.late_until = 0.0
        self.late_us = -1
        self.late_panic = ""

    def remember(self, marks: tuple[StartMark, ...]) -> None:
        """Remember lines by which a repeat is recognised."""
        self.marks = (*self.marks, *marks)[-MAX_MARKS:]

    def note_end(
        self, last: StartMark, newest_us: int | None, now: float, *, has_panic: bool
    ) -> None:
        """Note that a trace ended with this terminator."""
        self.late_panic = "" if has_panic else last.text
        if newest_us is not None:
            self.late_until = now + _LATE_S
            self.late_us = newest_us

    def is_late(self, mark: StartMark, now: float) -> bool:
        """Return whether the network delivered this start line beyond its terminator.

        Only if the trace that was closed has it, or ended a panic that it lacks.
        """
        if mark.time_us is None or mark.time_us > self.late_us:
            return False
        if now >= self.late_until:
            return False
        if is_known(mark, self.marks, within_s=IDENTITY_EXPIRES_S):
            return True
        if not mark.panic or not self.late_panic:
            return False
        # Our clock is not enough: rsyslogd may send the end of another day again.
        return names_panic(self.late_panic, mark.text) and any(
            known.text == self.late_panic and known.is_near(mark.at, _LATE_S)
            for known in self.marks
        )

    def has_end(self, last: StartMark, ending: Terminator, within_s: float) -> bool:
        """Return whether a trace closed so recently has, or names, this terminator.

        If not, it ends a panic that was never received, or whose trace was closed by
        the terminator of another.
        """
        known = [mark for mark in self.marks if mark.is_near(last.at, within_s)]
        if any(last.is_equal(mark) for mark in known):
            return True
        closed_by = {terminator(mark.text) for mark in known} & FINAL_LINES.keys()
        if closed_by and ending not in closed_by:
            return False  # no kernel prints both
        if ending is Terminator.REBOOTING:
            return not closed_by
        if not any(mark.panic and names_panic(last.text, mark.text) for mark in known):
            return False
        # Another panic ended meanwhile, so that this one's trace lacks what followed.
        ends = {m.text for m in known if terminator(m.text) is ending}
        return not ends or last.text in ends

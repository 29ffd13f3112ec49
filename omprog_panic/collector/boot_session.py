"""What is known of one boot of a host: its newest records and its traces. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.collector.burst import REMEMBERED, BootMemory, Mark
from omprog_panic.collector.start_mark import (
    DOUBLED_WITHIN_S,
    IDENTITY_EXPIRES_S,
    MAX_MARKS,
    are_known,
    is_known,
    start_mark,
)
from omprog_panic.collector.trace_cutter import TraceCutter
from omprog_panic.kernel.start_line import first_signature
from omprog_panic.kernel.terminator import Terminator, terminator
from omprog_panic.model import Severity
from omprog_panic.netconsole.stored import expand, is_note

if TYPE_CHECKING:
    from omprog_panic.collector.open_trace import ClosedTrace, TraceLimits
    from omprog_panic.collector.stream_record import StreamRecord
    from omprog_panic.model import Record

# panic_print=0x20 replays the whole log in the middle of a panic, at once.
_PANIC_REPLAY_S = 1.0
_MAX_SPANS = 16  # traces of a boot that are recognised when they are replayed
_LAST_OF_PANIC = frozenset({Terminator.END_PANIC, Terminator.REBOOTING})


class BootSession:
    """One boot: ``name`` identifies it, ``cutter`` cuts its records into traces.

    ``announced`` is the boot id that the host's client gave, None without one.
    ``farewell``: its shutdown was announced; ``died``: it panicked.
    """

    __slots__ = (
        "announced",
        "cutter",
        "died",
        "farewell",
        "in_replay",
        "last_lines",
        "memory",
        "name",
        "replayed",
        "spans",
    )

    def __init__(self, limits: TraceLimits) -> None:
        self.name = ""
        self.announced: str | None = None
        self.memory = BootMemory()
        self.cutter = TraceCutter(limits)
        self.died = False
        self.farewell = False
        self.in_replay = False  # within the replay of an open panic
        self.replayed = 0  # records that were left out of it
        self.last_lines: list[str] = []  # of the trace that was closed last
        # Kernel times of onset and end of its traces, newest last.
        self.spans: tuple[tuple[int, int], ...] = ()

    def feed(self, record: StreamRecord, now: float) -> list[ClosedTrace] | None:
        """Take the next record of this boot; return the traces that it closed."""
        line, text, time_us, user = record
        self.memory.remember(time_us, text)
        if user:
            self.cutter.feed_user(line, time_us, now)
            return None
        return self.cutter.feed(line, text, time_us, now)

    def newest_marks(self) -> list[Mark]:
        """Return time and text of the newest records."""
        newest = [*self.last_lines, *self.cutter.newest(REMEMBERED)]
        records = [expand(line) for line in newest[-REMEMBERED:] if not is_note(line)]
        return [(record.time_us, record.text) for record in records]

    def last_record(self) -> Record | None:
        """Return the newest record, or note, of this boot."""
        newest = [*self.last_lines, *self.cutter.newest(1)]
        return expand(newest[-1]) if newest else None

    # --- the replay of the log in the middle of a panic --------------------------

    def replays_in_panic(self, pause_s: float, received_pause_s: float) -> bool:
        """Return whether what falls back is a replay in the middle of an open panic.

        Both clocks must show no pause before it: a reboot also follows its panic at
        once when both come out of a queue that was held up.
        """
        if self.in_replay:
            return self.cutter.panicked
        return (
            self.cutter.panicked
            and pause_s < _PANIC_REPLAY_S
            and received_pause_s < _PANIC_REPLAY_S
        )

    def leave_out(self, now: float) -> None:
        """Count a record that the replay within a panic repeats."""
        self.in_replay = True
        self.replayed += 1
        self.cutter.touch(now)

    def leaves_out(self, record: StreamRecord, now: float) -> bool:
        """Leave a record out, and return True, if a panic's replay repeats it."""
        self.in_replay = self.cutter.panicked and not self._is_new(record)
        if self.in_replay:
            self.leave_out(now)
        return self.in_replay

    def _is_new(self, record: StreamRecord) -> bool:
        time_us, high_us = record.time_us, self.memory.high_us
        return (
            time_us is None
            or high_us is None
            or time_us > high_us
            or terminator(record.text) in _LAST_OF_PANIC
            or self.is_new_start(record)
        )

    def is_new_start(self, record: StreamRecord) -> bool:
        """Return whether a record starts a crash that was not received before.

        A panic is known only while its trace is open: its kernel sends nothing later.
        """
        signature = None if record.user else first_signature(record.text)
        if signature is None or signature.role == "event":
            return False
        panic = signature.severity is Severity.PANIC
        mark = start_mark(record.line, record.text, record.time_us, panic=panic)
        trace = self.cutter.trace
        known = () if trace is None else tuple(trace.starts.marks)
        if panic:
            return not is_known(mark, known, within_s=IDENTITY_EXPIRES_S)
        return not is_known(mark, (*known, *self.cutter.ended.marks))

    # --- its traces --------------------------------------------------------------

    def note_closed(self, trace: ClosedTrace) -> None:
        """Remember a trace that was closed, to recognise its replay."""
        self.died = self.died or trace.panicked
        self.last_lines = trace.lines[-REMEMBERED:]
        self.remember(trace)

    def remember(self, trace: ClosedTrace) -> None:
        """Remember the start lines of a trace, and the time that it covers."""
        self.cutter.ended.remember(trace.starts)
        if trace.begun_us is not None and trace.ended_us is not None:
            span = trace.begun_us, trace.ended_us
            self.spans = (*self.spans[1 - _MAX_SPANS :], span)

    def had(self, trace: ClosedTrace) -> bool:
        """Return whether a replayed trace was closed before, perhaps with losses."""
        return are_known(trace.starts, self.cutter.ended.marks)

    def repeats(self, trace: ClosedTrace) -> bool:
        """Return whether a trace that was received live repeats one of this boot.

        Without kernel time and boot id equal lines may be of two boots: then they
        are, if anything was received between them.
        """
        marks = self.cutter.ended.marks
        if are_known(trace.starts, marks, within_s=DOUBLED_WITHIN_S):
            return True  # by the network, or sent again by rsyslogd
        if not trace.starts or (
            trace.starts[0].time_us is None and self.announced is None and trace.context
        ):
            return False
        return are_known(trace.starts, marks, within_s=IDENTITY_EXPIRES_S)

    def has_equal_onset(self, trace: ClosedTrace) -> bool:
        """Return whether an equal crash of this boot, an earlier one, may be known."""
        marks = self.cutter.ended.marks
        return len(marks) >= MAX_MARKS or are_known(trace.starts[:1], marks)

    def announce(self, boot_id: str | None) -> None:
        """Take the boot id that the host's client gives."""
        if not boot_id or boot_id == self.announced:
            return
        if self.announced is not None:
            # Another boot, although no clock showed it: nothing in it is a repeat.
            self.cutter.ended.marks = ()
        self.announced = boot_id

    def continues_one(self, trace: ClosedTrace, max_age_s: float) -> bool:
        """Return whether this is the rest of a trace that was closed before.

        A panic that was not in it is none: it was never reported.
        """
        begun, age_us = trace.begun_us, max_age_s * 1e6
        if begun is None or any(
            m.panic and not is_known(m, self.cutter.ended.marks) for m in trace.starts
        ):
            return False
        return any(first <= begun <= last + age_us for first, last in self.spans)

    def take_replayed(self) -> int:
        """Return the number of records left out, and count from 0 again."""
        replayed, self.replayed = self.replayed, 0
        return replayed

"""Find the reports of a log: where each starts, what belongs to it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.kernel.panic_cause import find_cause
from omprog_panic.kernel.report_lines import (
    OPENING_LINES,
    TAIL_LINES,
    PanicLine,
    ReportLines,
)
from omprog_panic.kernel.start_line import (
    START_KEYS,
    has_start_mark,
    match_info_line,
    match_start_line,
)
from omprog_panic.kernel.terminator import (
    TERMINATOR_KEYS,
    Terminator,
    is_boot_banner,
    terminator,
)
from omprog_panic.model import Severity

if TYPE_CHECKING:
    from omprog_panic.kernel.line import Line
    from omprog_panic.kernel.signature import StartLine

MAX_OPEN = 32
"""Open reports, one a caller; above it the oldest is closed."""
MAX_SETTLING = 16
"""Closed reports to which a later panic line may still be attributed."""
QUIET_US = 30_000_000
"""A report to which no line was added for so long is closed."""
SETTLE_EVERY = 64
"""Lines between two searches for reports that have settled."""
BACKWARD_US = 5_000_000
"""Time stamps that fall by more belong to a new boot."""
MAX_SEEN = 256
"""Start lines remembered to recognise a replay of the log buffer."""

REPEAT_US = 120_000_000
"""The same event within so long after the last reported one is not reported again."""
REPEAT_LINES = 20_000
"""The same for a log without time stamps."""

STATE_KEYS = START_KEYS | TERMINATOR_KEYS | {"Lin"}
"""First three characters of every line that changes the state of a scanner."""


class Scanner:
    """Finds the reports of a log; complete ones are appended to ``finished``.

    ``open`` are the reports that an ordinary line could belong to, by caller.
    """

    def __init__(self) -> None:
        self.finished: list[ReportLines] = []
        self.open: dict[str | None, ReportLines] = {}
        self._settling: list[ReportLines] = []
        self._latest_us = 0
        self._seen: dict[tuple[int, str], None] = {}
        self._events: dict[object, tuple[int | None, int]] = {}
        self._panicked = False  # in this boot
        self._boots = 0
        self._settle_at = 0  # the line at which to look for settled ones again

    def feed(self, line: Line) -> None:
        """Process the next line of the log."""
        time_us = line.time_us
        if time_us is not None:
            if time_us >= self._latest_us:
                self._latest_us = time_us
            elif time_us + BACKWARD_US < self._latest_us:
                self._boot()
                self._latest_us = time_us
        if not line.foreign and (
            line.text[:3] in STATE_KEYS or has_start_mark(line.text)
        ):
            self._state_line(line)
        else:
            self._ordinary_line(line)
        if self._settling and line.number >= self._settle_at:
            self._settle(line)

    def close(self) -> None:
        """End every report: the log is at its end."""
        self._boot()

    # --- lines that start or end a report ---------------------------------------

    def _state_line(self, line: Line) -> None:
        start = match_start_line(line.text, attached=not line.stamped)
        if start is not None:
            self._start(line, start)
        elif (end := terminator(line.text)) is not None:
            self._end(line, end)
        elif is_boot_banner(line.text):
            self._boot()
        else:
            self._ordinary_line(line)

    def _ordinary_line(self, line: Line) -> None:
        if self.open:
            self._add(line)
            if line.caller in self.open:
                return
        if not line.foreign and (info := match_info_line(line.text)) is not None:
            self._begin(line, info)

    def _start(self, line: Line, start: StartLine) -> None:
        current = self.open.get(line.caller)
        if start.signature.role == "event":
            self._event(line, start, current)
            return
        if self._is_replay(line):
            self._panicked = (
                self._panicked or start.signature.severity is Severity.PANIC
            )
            return
        if start.signature.severity is Severity.PANIC and start.signature.role == "":
            self._panic(line, start, current)
        elif current is not None and current.is_prelude_of(start):
            current.start = start
            current.add(line)
        elif current is not None and current.continues(start, line):
            current.add(line)
        else:
            self._begin(line, start)

    def _event(self, line: Line, start: StartLine, current: ReportLines | None) -> None:
        """Report an event; the open reports go on."""
        if current is not None:
            if current.kind == start.signature.kind and current.is_prelude:
                current.start = start
                current.add(line)
                return
            young = len(current.texts) <= OPENING_LINES
            self._add(line)
            if young and current.kind == "warning":
                return  # the reason of a WARN(), printed after its WARNING line
        if not self._is_repeated(line, start):
            self.finished.append(ReportLines(line, start, self._boots))

    def _is_repeated(self, line: Line, start: StartLine) -> bool:
        """Return whether the same event was reported a short time ago.

        A failing disk prints thousands of them.
        """
        key = start.event_key()
        time_us, number = self._events.pop(key, (None, -REPEAT_LINES))
        if time_us is not None and line.time_us is not None:
            repeated = 0 <= line.time_us - time_us <= REPEAT_US
        else:
            repeated = line.number - number <= REPEAT_LINES
        if not repeated:
            time_us, number = line.time_us, line.number
        self._events[key] = time_us, number
        if len(self._events) > MAX_SEEN:
            del self._events[next(iter(self._events))]
        return repeated

    def _begin(self, line: Line, start: StartLine) -> ReportLines:
        report = ReportLines(line, start, self._boots)
        if line.caller in self.open:
            self.open[line.caller].interrupted_by = report
            self._close(line.caller)
        elif len(self.open) >= MAX_OPEN:
            self._close(next(iter(self.open)))
        self.open[line.caller] = report
        return report

    def _is_replay(self, line: Line) -> bool:
        if line.time_us is None:
            return False
        key = (line.time_us, line.text)
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > MAX_SEEN:
            del self._seen[next(iter(self._seen))]
        return False

    def _panic(self, line: Line, start: StartLine, current: ReportLines | None) -> None:
        known = [
            report
            for report in (*self._settling, *self.open.values())
            if not report.is_stale(line)
        ]
        already = next((i for i in known if i.panic is not None), None)
        if current is not None and current.is_prelude:
            current.start = start
            current.add_panic(line)
        elif already is not None:
            already.add(line)
        elif (cause := find_cause(line, known)) is not None:
            self._reopen(cause, line)
            cause.add_panic(line)
        else:
            report = self._begin(line, start)
            report.panic = PanicLine(line.text, -1, line.number)
        self._panicked = True

    def _reopen(self, report: ReportLines, line: Line) -> None:
        """Let what the panic prints go to the report that led to it."""
        if report in self._settling:
            self._settling.remove(report)
        else:
            for caller in [c for c, i in self.open.items() if i is report]:
                del self.open[caller]
        if line.caller in self.open:
            self._close(line.caller)
        report.end_trace_number = None
        self.open[line.caller] = report

    def _end(self, line: Line, end: Terminator) -> None:
        current = self.open.get(line.caller)
        if end is Terminator.END_TRACE:
            if current is not None:
                current.add(line)
                current.end_trace_number = line.number
            return
        known = [*self._settling, *self.open.values()]
        dead = next((i for i in reversed(known) if i.panic is not None), None)
        if dead is not None:
            dead.add(line)
        elif end is Terminator.END_PANIC and not self._panicked:
            self._panic_of_end(line)
        if self._panicked:
            for caller in list(self.open):
                self._close(caller)

    def _panic_of_end(self, line: Line) -> None:
        text = line.text.removeprefix("---[ end ").removesuffix(" ]---")
        start = match_start_line(text)
        if start is not None:
            self._panic(line._replace(text=text), start, self.open.get(line.caller))

    # --- ordinary lines -----------------------------------------------------------

    def _add(self, line: Line) -> None:
        report = self.open.get(line.caller)
        if report is None:
            report = self._asker(line)
            if report is None:
                return
        if line.foreign:
            return
        if (
            report.first.stamped
            and not line.stamped
            and not report.wants(line)
            and not report.is_unstamped_part(line)
        ):
            return  # a program's line between those of the kernel
        if len(report.texts) == 1 and report.wants(line):
            report.complete_start(line)
        elif self._is_over(report, line):
            self._close(
                report.first.caller if report.first.caller in self.open else line.caller
            )
        else:
            report.add(line)

    def _asker(self, line: Line) -> ReportLines | None:
        """Return the report that asked other processors for their stacks."""
        if line.caller is not None and line.caller.startswith("C"):
            return next((i for i in self.open.values() if i.asks_other_cpus), None)
        return None

    @staticmethod
    def _is_over(report: ReportLines, line: Line) -> bool:
        ended = report.end_trace_number
        if ended is not None and line.number > ended + TAIL_LINES:
            return True
        if line.time_us is None or report.last_time_us is None:
            return False
        return line.time_us - report.last_time_us > QUIET_US

    # --- endings --------------------------------------------------------------------

    def _close(self, caller: str | None) -> None:
        self._settling.append(self.open.pop(caller))
        if len(self._settling) > MAX_SETTLING:
            self.finished.append(self._settling.pop(0))

    def _settle(self, line: Line) -> None:
        self._settle_at = line.number + SETTLE_EVERY
        if self._settling[0].is_stale(line):
            self.finished.append(self._settling.pop(0))

    def _boot(self) -> None:
        for caller in list(self.open):
            self._close(caller)
        self.finished.extend(self._settling)
        self._settling.clear()
        self._events.clear()
        self._panicked = False
        self._boots += 1

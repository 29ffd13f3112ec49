"""The lines of one report, collected while they come in. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.kernel import arch
from omprog_panic.kernel.start_line import match_start_line
from omprog_panic.model import Severity

if TYPE_CHECKING:
    from omprog_panic.kernel.line import Line
    from omprog_panic.kernel.signature import StartLine

MAX_LINES = 5_000
"""Lines kept of one report; later ones only move its last line."""
MAX_TEXT = 1024 * 1024
"""Characters kept of one report; what follows is treated as above."""
SETTLE_US = 120_000_000
"""How long after its last line a panic is still attributed to a report."""
SETTLE_LINES = 20_000
"""The same for a log without time stamps."""
TAIL_LINES = 30
"""What may follow ``---[ end trace``: registers, a note, the panic line."""
OPENING_LINES = 4
"""Lines between an opening line and the start lines that continue it."""

# Old kernels print a line in pieces, each a record: these are not yet a whole line.
_FIRST_HALF = re.compile(
    r"(?:BUG: )?[Uu]nable to handle (?:kernel)? *$|"
    rf"(?:{'|'.join((*arch.column('split_counter'), 'Code'))})\b:?"
    r"(?: ?[0-9a-f]{4}:)?(?: *\[<[0-9a-f]+>\])* *$",
)
# How a second half begins; without a time stamp any other line is a program's.
_SECOND_HALF = re.compile(
    r"\[<|[\w.]+\+0x|NULL pointer|paging request|at |[0-9a-f<]{2}\b"
)
# xmon prints to the console, past printk(): its lines have no time stamps.
_XMON = re.compile(
    r"(?:pc|lr|sp|msr|dar|dsisr): +[0-9a-f]|(?:current|paca) += 0x|pid +=|"
    r"\[[0-9a-f]{16}\] [0-9a-f]{16} [\w.]+\+0x"
)
_OOPS_NUMBER = re.compile(r"\[#(\d+)\]")
_ASKS_OTHER_CPUS = re.compile(
    r"Sending NMI from CPU|INFO: rcu|rcu: INFO|.*LOCKUP|.*lockup"
)
# Reports of these kinds have several start lines in a row.
_SEVERAL_STARTS = frozenset({"machine-check", "rcu-stall", "nmi", "hard-lockup"})
_FATAL = frozenset({Severity.OOPS, Severity.PANIC, Severity.HARDWARE})


class PanicLine(NamedTuple):
    """The panic line of a report."""

    text: str
    at: int  # index into the kept texts
    number: int  # of the line in the log


class KeptLines:
    """The texts of a report up to the limits, with their line numbers."""

    __slots__ = ("_size", "numbers", "texts")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.numbers: list[int] = []
        self._size = 0

    def append(self, number: int, text: str) -> bool:
        """Keep a line; False: the limits are reached."""
        if len(self.texts) >= MAX_LINES or self._size >= MAX_TEXT:
            return False
        self.texts.append(text)
        self.numbers.append(number)
        self._size += len(text)
        return True


class ReportLines:
    """One report: its start line, the lines that followed, how it ended."""

    def __init__(self, line: Line, start: StartLine, boot: int = 0) -> None:
        self.first = line
        self.start = start
        self.boot = boot  # counts the boots seen in the log
        self.kept = KeptLines()
        self.last_time_us = line.time_us
        self.last_number = line.number
        self.panic: PanicLine | None = None
        self.end_trace_number: int | None = None  # line number of ---[ end trace
        self.oops_number = _number_of(line.text)
        self.asks_other_cpus = _ASKS_OTHER_CPUS.match(line.text) is not None
        self.interrupted_by: ReportLines | None = None
        self.add(line)

    @property
    def kind(self) -> str:
        return self.start.signature.kind

    @property
    def is_prelude(self) -> bool:
        return self.start.signature.role == "prelude"

    @property
    def texts(self) -> list[str]:
        return self.kept.texts

    def add(self, line: Line) -> None:
        """Add a line; above the limits only its number and time count."""
        number, text, time_us = line[:3]
        self.last_number = number
        if time_us is not None:
            self.last_time_us = time_us
        if self.kept.append(number, text) and text.startswith("Sending NMI"):
            self.asks_other_cpus = True

    def wants(self, line: Line) -> bool:
        """Return whether the last line is a first half, and this its second."""
        texts = self.kept.texts
        if not texts or not _FIRST_HALF.match(texts[-1]):
            return False
        return line.stamped or _SECOND_HALF.match(line.text.lstrip()) is not None

    @staticmethod
    def is_unstamped_part(line: Line) -> bool:
        """Return whether a line without a time stamp is the kernel's all the same."""
        return _XMON.match(line.text) is not None

    def complete_start(self, line: Line) -> None:
        """Join a start line that came in two pieces."""
        texts = self.kept.texts
        whole = f"{texts[0].rstrip()} {line.text.strip()}"
        start = match_start_line(whole)
        if start is None:
            self.add(line)
            return
        self.start = start
        texts[0] = whole
        self.last_number = line.number

    def add_panic(self, line: Line) -> None:
        """Add the panic line that this report led to."""
        if self.panic is None:
            self.panic = PanicLine(line.text, len(self.kept.texts), line.number)
        self.add(line)

    def continues(self, start: StartLine, line: Line) -> bool:
        """Return whether a start line belongs to this report."""
        row = start.signature
        if self.first.stamped and not line.stamped:
            return True  # a program's echo of a kernel line
        if self.end_trace_number is not None:
            return row.role == "detail"
        if self.start.signature.role == "opening" and len(self.texts) <= OPENING_LINES:
            return row.severity is not Severity.PANIC
        if row.role == "prelude" and len(self.texts) <= OPENING_LINES:
            return True  # old kernels print the reason after the WARNING line
        if row.role == "detail" or (
            row.kind in _SEVERAL_STARTS and row.kind == self.kind
        ):
            return True
        if row.confirmed_by and self.start.signature.confirmed_by:
            return True
        if row.role == "die" and self.start.signature.severity in _FATAL:
            number = _number_of(line.text)
            previous, self.oops_number = self.oops_number, number or self.oops_number
            return previous is None or previous == self.oops_number
        return False

    def is_prelude_of(self, start: StartLine) -> bool:
        """Return whether the report so far only introduces ``start``."""
        if self.start.signature.role == "detail" and self.kind in _SEVERAL_STARTS:
            return start.signature.kind == self.kind and start.signature.role == ""
        return (
            self.is_prelude
            and len(self.kept.texts) <= TAIL_LINES
            and start.signature.severity
            in {Severity.OOPS, Severity.PANIC, Severity.WARNING}
        )

    def is_stale(self, line: Line) -> bool:
        """Return whether the report ended too long before ``line`` to cause it."""
        if line.time_us is not None and self.last_time_us is not None:
            return line.time_us > self.last_time_us + SETTLE_US
        return line.number > self.last_number + SETTLE_LINES


def _number_of(text: str) -> str | None:
    number = _OOPS_NUMBER.search(text)
    return number.group(1) if number else None

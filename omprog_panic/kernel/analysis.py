"""What died, from the text of a report: kind, title, function, facts. Pure."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

from omprog_panic.kernel.signature import first_signature
from omprog_panic.model import Record, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ANALYSIS_VERSION = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One line of a call trace."""

    function: str
    offset: int | None = None  # bytes into the function
    size: int | None = None  # bytes of the function
    module: str | None = None
    certain: bool = True  # False: printed with "?", a leftover on the stack


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What a report says about the machine and the moment; None: not said."""

    kernel: str | None = None  # release, e.g. 6.1.0-56-cloud-amd64
    kernel_build: str | None = None  # what follows it, e.g. "#1 Debian 6.1.192-2"
    hardware: str | None = None
    cpu: int | None = None
    pid: int | None = None
    process: str | None = None
    taint: str | None = None  # the letters, or None when "Not tainted"
    taint_words: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()  # as listed, flags removed; last loaded first
    frames: tuple[Frame, ...] = ()
    pc: str | None = None  # symbol of RIP / pc / NIP / PSW, e.g. "fn+0x16/0x20 [mod]"
    code: str | None = None  # bytes of the "Code:" line
    registers: tuple[str, ...] = ()  # lines as printed
    panic_line: str | None = None  # the whole "Kernel panic - not syncing: ..." record
    uptime_s: float | None = None
    keys: tuple[tuple[str, str], ...] = ()  # userdata and sysdata
    hardware_error: str | None = (
        None  # verdict: "this is the machine, not the software"
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """One incident in a text. Line numbers count from 1."""

    kind: str
    severity: Severity
    title: str
    function: str | None
    fingerprint: str
    panicked: bool
    first_line: int
    last_line: int
    sound: bool = True
    unsound_because: str | None = None
    facts: Facts = Facts()


def analyze_trace(records: Sequence[Record], context: int = 0) -> Report:
    """Judge a trace that the collector closed: the cause, with what it led to.

    ``context`` records at the beginning came before the onset. Always answers,
    also for a trace in which no start line is recognised.
    """
    onset = records[context].text.partition("\n")[0]
    signature = first_signature(onset)
    texts = [record.text for record in records[context:]]
    panic_line = next((t for t in texts if t.startswith("Kernel panic - ")), None)
    kind = signature.kind if signature else "other"
    severity = signature.severity if signature else Severity.INFO
    if panic_line is not None:
        severity = Severity.PANIC
    title = onset.replace("Kernel panic - not syncing: ", "kernel panic: ")
    return Report(
        kind=kind,
        severity=severity,
        title=title,
        function=None,
        fingerprint=hashlib.sha256(title.encode()).hexdigest()[:16],
        panicked=panic_line is not None,
        first_line=context + 1,
        last_line=len(records),
        sound=signature is not None,
        facts=Facts(panic_line=panic_line),
    )


def analyze_text(lines: Iterable[bytes]) -> Iterator[Report]:
    """Find the incidents in console text of any sort, in constant memory."""
    raise NotImplementedError

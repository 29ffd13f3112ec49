"""What a template may use: docs/templates.md lists these names, and they stay.

Pure. Every text that came from the wire is made harmless here, once, so that no
template can forget it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from typing import TYPE_CHECKING

from omprog_panic.model import COMPLETE_ENDINGS, EndReason
from omprog_panic.plain import one_line, visible
from omprog_panic.render.shape import fit_trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omprog_panic.kernel.analysis import Report
    from omprog_panic.model import Record
    from omprog_panic.spool.record import IncidentRecord, Losses

ALERT_ID_DIGITS = 12
MAX_TITLE = 200
CRASH_MARK = "---- the crash begins here ----"

_ENDINGS = {
    EndReason.TERMINATOR: 'the kernel said its last words ("---[ end Kernel panic")',
    EndReason.REBOOTING: 'the kernel said its last words ("Rebooting in ... seconds")',
    EndReason.END_TRACE: 'the report has its end line ("---[ end trace")',
    EndReason.SILENCE: "ended by silence: nothing more was heard",
    EndReason.REBOOT: "ended by a reboot of the host",
    EndReason.NEXT_REPORT: "ended where the next report of the host began",
    EndReason.AGE: "cut off: the host went on for too long",
    EndReason.EVICTED: "cut off: too many hosts were speaking at once",
    EndReason.SHUTDOWN: "cut off: the collector was stopped",
}
_BEFORE_LISTENING = "It happened before we listened: it came with a replay of the log."


@dataclasses.dataclass(frozen=True, slots=True)
class MessageContext:
    """The variables of the incident templates."""

    severity: str  # the first word of the subject, in capitals
    host: str  # its name where one is known, else its address
    address: str
    title: str
    kind: str
    function: str | None
    kernel: str | None
    kernel_build: str | None
    time: str  # of the first line of the crash, UTC
    panic_line: str | None
    process: str | None
    pid: int | None
    cpu: int | None
    hardware: str | None
    taint: str | None
    taint_words: tuple[str, ...]
    uptime: str | None
    complete: bool
    ending: str
    losses: tuple[str, ...]
    notes: tuple[str, ...]
    banner: tuple[str, ...]  # what must stand above everything else
    alert_id: str
    incident_id: str
    onset: int  # index into trace_lines: here the crash begins
    trace_lines: tuple[str, ...]
    trace: str  # trace_lines, joined

    def variables(self) -> dict[str, object]:
        """As the template engine takes them."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}


def build_context(
    record: IncidentRecord,
    report: Report,
    host_names: Mapping[str, str],
    *,
    severity: str | None = None,
    alert_id: str | None = None,
    banner: tuple[str, ...] = (),
) -> MessageContext:
    """Make the context of an incident; ``host_names`` maps addresses to names."""
    facts = report.facts
    word = severity or report.severity.name
    name = host_names.get(record.source) or record.host
    lines = tuple(trace_lines(record))
    notes = (*record.notes, *((_BEFORE_LISTENING,) if record.before_listening else ()))
    return MessageContext(
        severity=word,
        host=one_line(name or record.source, 100),
        address=one_line(record.source, 100),
        title=bare_title(one_line(report.title, MAX_TITLE), report.severity.name),
        kind=report.kind,
        function=_line(report.function),
        kernel=_line(facts.kernel or record.kernel),
        kernel_build=_line(facts.kernel_build),
        time=utc(record.onset.at or record.written_at),
        panic_line=_line(facts.panic_line),
        process=_line(facts.process),
        pid=facts.pid,
        cpu=facts.cpu,
        hardware=_line(facts.hardware),
        taint=_line(facts.taint),
        taint_words=tuple(one_line(word, 100) for word in facts.taint_words),
        uptime=_uptime(facts.uptime_s),
        complete=record.end in COMPLETE_ENDINGS and not record.losses.total,
        ending=_ENDINGS[record.end],
        losses=tuple(_loss_sentences(record.losses)),
        notes=tuple(one_line(note, 300) for note in notes),
        banner=banner,
        alert_id=alert_id or record.id[:ALERT_ID_DIGITS],
        incident_id=record.id,
        onset=lines.index(CRASH_MARK) if record.context else 0,
        trace_lines=lines,
        trace="\n".join(lines),
    )


def shorten(context: MessageContext, room: int) -> MessageContext:
    """Give the context with a trace of at most ``room`` characters."""
    lines = fit_trace(context.trace_lines, context.onset, room, context.alert_id)
    return dataclasses.replace(context, trace_lines=lines, trace="\n".join(lines))


_PREFIX = re.compile(r"(?:kernel panic|panic|oops|lockup|hardware): ", re.IGNORECASE)


def bare_title(title: str, severity: str) -> str:
    """Take the word off a title that the severity before it says already.

    >>> bare_title("kernel panic: Fatal exception", "PANIC")
    'Fatal exception'
    """
    found = _PREFIX.match(title)
    if found and severity.lower() in found[0].lower():
        return title[found.end() :]
    return title


def trace_lines(record: IncidentRecord) -> Iterator[str]:
    """Write a trace as a console would, context first, holes marked."""
    for number, item in enumerate(record.records):
        if number == record.context and number > 0:
            yield CRASH_MARK
        if item.lost:
            yield _gap(item)
            continue
        prefix = _prefix(item)
        for line in visible(item.text).split("\n"):
            yield f"{prefix}{line}"


def _prefix(item: Record) -> str:
    # print_time() and print_caller() of kernel/printk/printk.c
    caller = f"[{visible(item.caller):>6}]" if item.caller else ""
    if item.time_us is None:
        return f"{caller} " if caller else ""
    seconds, micros = divmod(item.time_us, 1_000_000)
    return f"[{seconds:5d}.{micros:06d}]{caller} "


def _gap(item: Record) -> str:
    count = "an unknown number of" if item.lost < 0 else str(item.lost)
    noun = "record" if item.lost == 1 else "records"
    reason = f" ({visible(item.text)})" if item.text else ""
    return f"... {count} {noun} lost{reason} ..."


def _loss_sentences(losses: Losses) -> Iterator[str]:
    if losses.records:
        yield f"{_records(losses.records)} lost on the way"
    if losses.fragments:
        yield f"{_records(losses.fragments)} of which a part was lost"
    if losses.elided_records:
        yield (
            f"{_records(losses.elided_records)} ({losses.elided_bytes} bytes) left out "
            "of the middle: the trace was too long"
        )


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"


def _line(text: str | None) -> str | None:
    return one_line(text, 300) if text else None


def _uptime(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    minutes, _ = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {int(seconds) % 60} s"


def utc(at: str) -> str:
    """Write an RFC 3339 time for people; what is none comes back as it is.

    >>> utc("2026-11-22T23:15:42.5+01:00")
    '2026-11-22 22:15:42 UTC'
    """
    try:
        moment = dt.datetime.fromisoformat(at)
        if moment.tzinfo is None:
            return one_line(at, 40)
        moment = moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return one_line(at, 40)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

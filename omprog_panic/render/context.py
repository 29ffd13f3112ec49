"""What a template may use: docs/templates.md lists these names, and they stay.

Pure. Every text that came from the wire is made harmless here, once, so that no
template can forget it.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from typing import TYPE_CHECKING, TypeAlias

from omprog_panic.kernel.title import spell
from omprog_panic.model import COMPLETE_ENDINGS
from omprog_panic.plain import one_line, visible
from omprog_panic.render.messages import INCIDENT, IncidentNotes
from omprog_panic.render.shape import fit_trace
from omprog_panic.render.words import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omprog_panic.kernel.analysis import Frame, Report
    from omprog_panic.model import Record
    from omprog_panic.render.notice import NoticeContext
    from omprog_panic.render.words import Words
    from omprog_panic.spool.record import IncidentRecord, Losses

    AnyContext: TypeAlias = "MessageContext | NoticeContext"

ALERT_ID_DIGITS = 12
MAX_TITLE = 200
# lib/dump_stack.c, kernel/panic.c: these print the trace, and say nothing of the cause.
_PRINTING = frozenset({"dump_stack", "__dump_stack", "dump_stack_lvl", "panic"})
MAX_FRAMES = 8  # above the trace; the trace itself has them all


@dataclasses.dataclass(frozen=True, slots=True)
class ShownFrame:
    """A frame of the call trace, as a message shows it."""

    text: str  # "fn+0x16/0x20 [module]"
    guilty: bool  # of the function held responsible
    certain: bool  # False: a leftover on the stack, printed with "?"


@dataclasses.dataclass(frozen=True, slots=True)
class MessageContext:
    """The variables of the incident templates."""

    message: str  # the kind of message: incident
    level: str  # severity, test or drill, the same in every language
    severity: str  # the first word of the subject, in capitals
    host: str  # its name where one is known, else its address
    address: str
    title: str
    kind: str
    function: str | None
    kernel: str | None
    kernel_build: str | None
    time: str  # of the first line of the crash, UTC
    known: str | None  # how new the cause is, in a sentence
    panic_line: str | None
    pc: str | None
    frames: tuple[ShownFrame, ...]
    verdict: str | None  # that the machine is to blame, and not the software
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
    words: Words = ENGLISH  # no variable

    @property
    def about(self) -> str:
        """What a file with this message is named after."""
        return self.host

    def variables(self) -> dict[str, object]:
        """As the template engine takes them."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        del fields["words"]
        return {**fields, "frames": tuple(map(dataclasses.asdict, self.frames))}

    def plain(self) -> tuple[str, str]:
        """Put subject and body together without any template."""
        subject = f"{self.severity} {self.host}: {self.title}"
        return subject, f"{subject}\nAlert: {self.alert_id}\n\n{self.trace}"


NO_NOTES = IncidentNotes()


@dataclasses.dataclass(frozen=True, slots=True)
class Framing:
    """What a message about an incident says besides the incident."""

    words: Words = ENGLISH
    notes: IncidentNotes = NO_NOTES
    level: str | None = None  # in the place of the severity: "test", "drill"
    alert_id: str | None = None  # else made from the incident's id
    banner: tuple[str, ...] = ()


PLAIN = Framing()


def build_context(
    record: IncidentRecord,
    report: Report,
    host_names: Mapping[str, str],
    framing: Framing = PLAIN,
) -> MessageContext:
    """Make the context of an incident; ``host_names`` maps addresses to names."""
    facts, added, words = report.facts, framing.notes, framing.words
    level, banner = framing.level, framing.banner
    name = host_names.get(record.source) or record.host
    lines = tuple(trace_lines(record, words))
    if added.drill:
        level, banner = "drill", (words.texts["drill"], *banner)
    level = level or report.severity.value
    late = (words.texts["before-listening"],) if record.before_listening else ()
    known = dataclasses.asdict(added.known) if added.known else None
    return MessageContext(
        message=INCIDENT,
        level=level,
        severity=words.severity(level),
        host=one_line(name or record.source, 100),
        address=one_line(record.source, 100),
        title=bare_title(one_line(report.title, MAX_TITLE), report.severity.name),
        kind=report.kind,
        function=_line(report.function),
        kernel=_line(facts.kernel or record.kernel),
        kernel_build=_line(facts.kernel_build),
        time=words.when(record.onset.at or record.written_at) or "",
        known=_line(words.known(known)),
        panic_line=_line(facts.panic_line),
        pc=_line(facts.pc),
        frames=tuple(_frames(report)),
        verdict=_verdict(facts.hardware_error, words),
        process=_line(facts.process),
        pid=facts.pid,
        cpu=facts.cpu,
        hardware=_line(facts.hardware),
        taint=_line(facts.taint),
        taint_words=tuple(
            one_line(words.fact(word), 100) for word in facts.taint_words
        ),
        uptime=words.duration(facts.uptime_s),
        complete=record.end in COMPLETE_ENDINGS and not record.losses.total,
        ending=words.endings[record.end],
        losses=tuple(_loss_sentences(record.losses, words)),
        notes=tuple(one_line(note, 300) for note in (*record.notes, *late)),
        banner=banner,
        alert_id=framing.alert_id or record.id[:ALERT_ID_DIGITS],
        incident_id=record.id,
        onset=lines.index(words.texts["crash-mark"]) if record.context else 0,
        trace_lines=lines,
        trace="\n".join(lines),
        words=words,
    )


def shorten(context: AnyContext, room: int) -> AnyContext:
    """Return the context with a trace of at most ``room`` characters."""
    lines = fit_trace(
        context.trace_lines, context.onset, room, context.alert_id, context.words
    )
    return dataclasses.replace(context, trace_lines=lines, trace="\n".join(lines))


def _frames(report: Report) -> Iterator[ShownFrame]:
    """Return the frames that matter: the guilty one is among them where it is known."""
    frames = [
        ShownFrame(
            one_line(str(frame), 120),
            frame.certain and report.function == spell(frame.function),
            frame.certain,
        )
        for frame in itertools.dropwhile(_is_printing, report.facts.frames)
    ]
    if report.facts.pc is not None:
        # The call trace begins with the caller of where the processor was.
        at = one_line(report.facts.pc, 120)
        guilty = report.function == spell(at.partition("+")[0])
        if not frames or frames[0].text != at:
            frames.insert(0, ShownFrame(at, guilty, certain=True))
    guilty_at = next((n for n, frame in enumerate(frames) if frame.guilty), 0)
    first = max(0, guilty_at - MAX_FRAMES // 2)
    return iter(frames[first : first + MAX_FRAMES])


def _is_printing(frame: Frame) -> bool:
    return frame.function in _PRINTING


def _verdict(hardware_error: str | None, words: Words) -> str | None:
    if hardware_error is None:
        return None
    return words.texts["verdict"].format(
        words=one_line(words.fact(hardware_error), 200)
    )


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


def trace_lines(record: IncidentRecord, words: Words = ENGLISH) -> Iterator[str]:
    """Write a trace as a console would, context first, holes marked."""
    for number, item in enumerate(record.records):
        if number == record.context and number > 0:
            yield words.texts["crash-mark"]
        if item.lost:
            yield _gap(item, words)
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


def _gap(item: Record, words: Words) -> str:
    reason = f" ({visible(item.text)})" if item.text else ""
    if item.lost < 0:
        return words.texts["gap-unknown"].format(reason=reason)
    records = words.count(item.lost, "record")
    return words.texts["gap"].format(records=records, reason=reason)


def _loss_sentences(losses: Losses, words: Words) -> Iterator[str]:
    counted = (
        ("lost-records", losses.records),
        ("lost-fragments", losses.fragments),
        ("elided", losses.elided_records),
    )
    elided = words.count(losses.elided_bytes, "byte")
    for name, number in counted:
        if number:
            records = words.count(number, "record")
            yield words.texts[name].format(records=records, bytes=elided)


def _line(text: str | None) -> str | None:
    return one_line(text, 300) if text else None


def utc(at: str) -> str:
    """Write an RFC 3339 time for tables; what is none comes back as it is.

    >>> utc("2026-11-22T23:15:42.5+01:00")
    '2026-11-22 22:15:42 UTC'
    """
    return ENGLISH.when(at) or ""

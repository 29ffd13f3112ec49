"""The variables of a message about one incident. Pure.

Every text that came from the wire is made safe to show here.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from typing import TYPE_CHECKING

from omprog_panic.kernel.place import shown_place
from omprog_panic.kernel.title import spell
from omprog_panic.model import COMPLETE_ENDINGS
from omprog_panic.notification.familiarity import encode_familiarity
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.kinds import Kind
from omprog_panic.plain import one_line
from omprog_panic.render.context import ID_DIGITS, MessageContext
from omprog_panic.render.english import ENGLISH
from omprog_panic.render.trace import show_trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omprog_panic.kernel.analysis import Facts, Frame, Report
    from omprog_panic.notification.holder import Holder
    from omprog_panic.render.catalog import Catalog
    from omprog_panic.spool.record import IncidentRecord, Losses

    # Names the host of an address that gave itself a name, or None.
    NameOf = Callable[[str, str | None], str]

MAX_TITLE = 200
# lib/dump_stack.c, kernel/panic.c: these print the trace, and say nothing of the cause.
_PRINTING = frozenset({"dump_stack", "__dump_stack", "dump_stack_lvl", "panic"})
MAX_FRAMES = 8  # above the trace; the trace itself has them all
NO_NOTES = IncidentNotes()


@dataclasses.dataclass(frozen=True, slots=True)
class Framing:
    """What a message about an incident says besides the incident."""

    catalog: Catalog = ENGLISH
    notes: IncidentNotes = NO_NOTES
    level: str | None = None  # in the place of the severity: "test", "drill"
    alert_id: str | None = None  # else made from the incident's id
    banner: tuple[str, ...] = ()


PLAIN = Framing()


def unlisted(address: str, own_name: str | None) -> str:
    """Name a host where no senders are listed."""
    return own_name or address


def build_context(
    record: IncidentRecord,
    report: Report,
    name_of: NameOf,
    framing: Framing = PLAIN,
) -> MessageContext:
    """Return the context of an incident, whose host ``name_of`` names."""
    catalog, level, banner = framing.catalog, framing.level, framing.banner
    if framing.notes.drill:
        level, banner = "drill", (catalog.texts["drill"], *banner)
    level = level or report.severity.value
    host = one_line(name_of(record.source, record.host), 100)
    title = one_line(report.title, MAX_TITLE)
    facts = {
        "level": level,
        "severity": catalog.severity(level),
        "host": host,
        "address": one_line(record.source, 100),
        "title": bare_title(title, report.severity.name),
        "kind": report.kind,
        "function": _line(report.function),
        "source_file": _line(report.source_file),
        "subsystem": _line(report.subsystem),
        "place": _line(shown_place(report)),
        "known": _line(catalog.known(encode_familiarity(framing.notes.known))),
        "holder": _holder(framing.notes.holder),
        "frames": tuple(_frames(report)),
        "incident_id": record.id,
        **_machine(report.facts, record, catalog),
        **_completeness(record, catalog),
    }
    return MessageContext(
        kind=Kind.INCIDENT,
        alert_id=framing.alert_id or record.id[:ID_DIGITS],
        about=host,
        facts=facts,
        trace=show_trace(record, catalog),
        banner=banner,
        catalog=catalog,
    )


def _holder(holder: Holder | None) -> dict[str, object] | None:
    """Return who has the cause, safe to show."""
    if holder is None:
        return None
    return {
        "author": one_line(holder.author, 100),
        "at": holder.at,
        "until": holder.until,
        "comment": one_line(holder.comment, 300),
    }


def _machine(
    facts: Facts, record: IncidentRecord, catalog: Catalog
) -> dict[str, object]:
    """Return what the kernel printed about itself and the machine."""
    words = tuple(one_line(catalog.fact(word), 100) for word in facts.taint_words)
    return {
        "kernel": _line(facts.kernel or record.kernel),
        "kernel_build": _line(facts.kernel_build),
        "panic_line": _line(facts.panic_line),
        "pc": _line(facts.pc),
        "verdict": _verdict(facts.hardware_error, catalog),
        "process": _line(facts.process),
        "pid": facts.pid,
        "cpu": facts.cpu,
        "hardware": _line(facts.hardware),
        "taint": _line(facts.taint),
        "taint_words": words,
        "uptime": catalog.duration(facts.uptime_s),
    }


def _completeness(record: IncidentRecord, catalog: Catalog) -> dict[str, object]:
    """Return when the crash arrived, and how much of it."""
    late = (catalog.texts["before-listening"],) if record.before_listening else ()
    whole = record.end in COMPLETE_ENDINGS and not record.losses.total
    complete = whole and record.is_numbered
    normal = "complete" if complete else "uncounted"
    return {
        "time": catalog.when(record.onset.at or record.written_at) or "",
        "complete": complete,
        "completeness": catalog.texts[normal if whole else "not-complete"],
        "ending": catalog.endings[record.end],
        "losses": tuple(_loss_sentences(record.losses, catalog)),
        "notes": tuple(one_line(note, 300) for note in (*record.notes, *late)),
    }


def _frames(report: Report) -> Iterator[dict[str, object]]:
    """Return the frames that matter, the blamed one among them where it is known.

    ``blamed``: of the blamed function. ``certain`` is false for a leftover on
    the stack, which the kernel prints with "?".
    """
    frames = [
        _frame(
            one_line(str(frame), 120),
            frame.certain and report.function == spell(frame.function),
            frame.certain,
        )
        for frame in itertools.dropwhile(_is_printing, report.facts.frames)
    ]
    if report.facts.pc is not None:
        # The call trace begins with the caller of where the processor was.
        at = one_line(report.facts.pc, 120)
        blamed = report.function == spell(at.partition("+")[0])
        if not frames or frames[0]["text"] != at:
            frames.insert(0, _frame(at, blamed, certain=True))
    blamed_at = next((n for n, frame in enumerate(frames) if frame["blamed"]), 0)
    first = max(0, blamed_at - MAX_FRAMES // 2)
    return iter(frames[first : first + MAX_FRAMES])


def _frame(text: str, blamed: bool, certain: bool) -> dict[str, object]:  # noqa: FBT001
    return {"text": text, "blamed": blamed, "certain": certain}


def _is_printing(frame: Frame) -> bool:
    return frame.function in _PRINTING


def _verdict(hardware_error: str | None, catalog: Catalog) -> str | None:
    if hardware_error is None:
        return None
    error = one_line(catalog.fact(hardware_error), 200)
    return catalog.texts["verdict"].format(words=error)


_PREFIX = re.compile(r"(?:kernel panic|panic|oops|lockup|hardware): ", re.IGNORECASE)


def bare_title(title: str, severity: str) -> str:
    """Remove the word from a title that the severity before it says already.

    >>> bare_title("kernel panic: Fatal exception", "PANIC")
    'Fatal exception'
    """
    found = _PREFIX.match(title)
    if found and severity.lower() in found[0].lower():
        return title[found.end() :]
    return title


def _loss_sentences(losses: Losses, catalog: Catalog) -> Iterator[str]:
    counted = (
        ("lost-records", losses.records),
        ("lost-fragments", losses.fragments),
        ("elided", losses.elided_records),
    )
    elided = catalog.count(losses.elided_bytes, "byte")
    for name, number in counted:
        if number:
            records = catalog.count(number, "record")
            yield catalog.texts[name].format(records=records, bytes=elided)


def _line(text: str | None) -> str | None:
    return one_line(text, 300) if text else None

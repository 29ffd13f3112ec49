"""Make the report of one lines from its lines: the verdict. Pure."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from omprog_panic.kernel.blame import Evidence, find_function
from omprog_panic.kernel.call_trace import TraceItemKind, clean_name, parse_items
from omprog_panic.kernel.facts import read_facts
from omprog_panic.kernel.fingerprint import fingerprint_of
from omprog_panic.kernel.hardware import is_fatal
from omprog_panic.kernel.mce import decode_status
from omprog_panic.kernel.place import NOWHERE, place_of
from omprog_panic.kernel.report import Facts, Report
from omprog_panic.kernel.start_line import match_start_line
from omprog_panic.kernel.title import cut, fill, mask, panic_reason, shown_reason, spell
from omprog_panic.kernel.xid import XIDS
from omprog_panic.model import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.kernel.call_trace import TraceItem
    from omprog_panic.kernel.function_table import Place
    from omprog_panic.kernel.report_lines import ReportLines
    from omprog_panic.model import Record

MAX_UNFINISHED_LINES = 40
"""A longer report without any frame was not interrupted: it has no stack."""

_REPORT_LINE = re.compile(
    r"---\[ end|Rebooting in|Kernel Offset|CPU: |Modules linked|Code: |Call Trace|"
    r"[A-Z0-9]{2,5}: |</?[A-Z]+>|={20}|\(?\[?<?[0-9a-f]{8}|[\w.]+\+0x|\? |"
    r"Kernel panic|SMP: stopping|(?:mce: )?\[Hardware|Hardware name|note: |INFO: |"
    r"BUG|WARN",
)


# Not a symbol: the address of a module without kallsyms, or with KASLR.
_ADDRESS = re.compile(r"(?:0x)?[0-9a-f]{8,16}\Z")


def report_of(lines: ReportLines) -> Report:
    """Return the report of one incident; never fails."""
    row = lines.start.signature
    texts = lines.texts
    items = parse_items(texts)
    own = _before_panic(items, lines) or _of_interrupter(lines)
    evidence = Evidence(texts, own, _named(lines))
    groups = _groups(lines)
    function = find_function(row.rule, evidence) if row.rule else None
    unsound_because = None
    if row.rule and function is None and row.role != "event":
        unsound_because = _why_unsound(row.rule, items)
    form, title = _titles(lines, groups, function)
    kind, severity = _kind_and_severity(lines)
    facts = _facts(lines, items)
    where = _source(evidence, function, groups, facts)
    return Report(
        kind=kind,
        severity=severity,
        title=cut(title),
        function=spell(function) if function else None,
        fingerprint=fingerprint_of(form, function, _place(lines, groups, facts)),
        panicked=lines.panic is not None,
        first_line=lines.first.number,
        # The parts of a pstore dump stand in the file in the opposite order.
        last_line=max(lines.first.number, _last_line(lines)),
        sound=unsound_because is None,
        unsound_because=unsound_because,
        facts=facts,
        source_file=where.path or None,
        subsystem=where.subsystem or None,
    )


def report_of_unknown(records: Sequence[Record], context: int) -> Report:
    """Return the report of a trace without any start line of the tables."""
    onset = records[context].text.partition("\n")[0] if records else ""
    title = mask(onset) or "no text"
    return Report(
        kind="other",
        severity=Severity.INFO,
        title=title,
        function=None,
        fingerprint=fingerprint_of(title, None),
        panicked=False,
        first_line=min(context + 1, max(len(records), 1)),
        last_line=max(len(records), 1),
        sound=False,
        unsound_because="no start line is known",
    )


def _source(
    evidence: Evidence,
    function: str | None,
    groups: dict[str, str | None],
    facts: Facts,
) -> Place:
    """Return where the blamed function is from, as far as that is certain."""
    if function is None:
        return NOWHERE
    frames = [item.frame for item in evidence.items if item.frame is not None]
    named = groups.get("file") if function == evidence.named else None
    return place_of(spell(function), facts, frames, named)


def _of_interrupter(lines: ReportLines) -> list[TraceItem]:
    """Return the stack of the report that interrupted this one.

    The kernel crashed while it reported: the same caller, hence the same stack.
    """
    other = lines.interrupted_by
    if other is None or len(lines.texts) > MAX_UNFINISHED_LINES:
        return []
    return parse_items(other.texts)


def _named(lines: ReportLines) -> str | None:
    name = lines.start.match.groupdict().get("F")
    if name is None:
        name = _later_groups(lines).get("F")
    if not name or name[:1].isdigit() or _ADDRESS.match(name):
        return None
    return clean_name(name)


def _later_groups(lines: ReportLines) -> dict[str, str | None]:
    if not lines.start.signature.more:
        return {}
    pattern = re.compile(lines.start.signature.more)
    for text in lines.texts[:60]:
        if match := pattern.search(text):
            return match.groupdict()
    return {}


def _groups(lines: ReportLines) -> dict[str, str | None]:
    caught = {**lines.start.match.groupdict(), **_later_groups(lines)}
    groups = {
        name: mask(value) if value and not name.startswith("id_") else value
        for name, value in caught.items()
    }
    groups["meaning"] = XIDS.get(groups.get("id_xid") or "", "")
    text = lines.start.match.string
    groups["text"] = mask(text)
    groups["next"] = mask(lines.texts[1]) if len(lines.texts) > 1 else ""
    groups["reason"] = panic_reason(text)
    return groups


def _titles(
    lines: ReportLines,
    groups: dict[str, str | None],
    function: str | None,
) -> tuple[str, str]:
    row = lines.start.signature
    if row.kind in {"machine-check", "nmi"} and lines.panic is not None:
        form = f"kernel panic: {panic_reason(lines.panic.text)}"
        where = f" in {spell(function)}" if function else ""
        return form, f"kernel panic: {shown_reason(lines.panic.text)}{where}"
    if "{F}" in row.title:
        spelled = spell(function) if function else ""
        form = fill(row.title, {**groups, "F": ""})
        return form, fill(row.title, {**groups, "F": spelled})
    form = fill(row.title, groups) or groups["text"] or row.kind
    if "{reason}" in row.title:
        shown = {**groups, "reason": shown_reason(lines.start.match.string)}
        return form, fill(row.title, shown)
    return form, f"{form} in {spell(function)}" if function else form


def _place(
    lines: ReportLines, groups: dict[str, str | None], facts: Facts
) -> str | None:
    """Return what a fingerprint contains where no function is known.

    The file, or whatever else of the stack is the same on every host; without any
    stack the process and the release, so that strangers stay apart.
    """
    row = lines.start.signature
    if not row.rule or row.role == "event":
        return None
    place = groups.get("file") or groups.get("file2") or groups["text"] or ""
    if facts.pc and "+" in facts.pc:
        return f"{place} {facts.pc.partition('+')[0]}"
    if facts.frames:
        return " ".join([place, *(frame.function for frame in facts.frames[:4])])
    process = (facts.process or "").rstrip("0123456789/:")
    return f"{place} {process} {facts.kernel or ''}"


def _kind_and_severity(lines: ReportLines) -> tuple[str, Severity]:
    row = lines.start.signature
    if lines.panic is not None:
        return row.kind, Severity.PANIC
    if row.confirmed_by and not _is_confirmed(row.confirmed_by, lines.texts):
        return "info", Severity.INFO  # of a user program, which got a signal
    if row.kind == "machine-check" and not is_fatal(lines.texts):
        # The hardware corrected it: no crash.
        return "info", Severity.WARNING
    return row.kind, row.severity


def _is_confirmed(pattern: str, texts: Sequence[str]) -> bool:
    search = re.compile(pattern).search
    return any(search(text) for text in texts)


def _before_panic(items: list[TraceItem], lines: ReportLines) -> list[TraceItem]:
    """Leave the stack of panic() out where the report has a stack before it."""
    if lines.panic is None or lines.panic.at < 0:
        return items
    at = lines.panic.at
    before = [item for item in items if item.at < at]
    frames = sum(item.kind is TraceItemKind.FRAME for item in before)
    # One or two loose frames only say where preemption was disabled.
    return before if frames > 2 else items


def _why_unsound(rule: str, items: Sequence[TraceItem]) -> str | None:
    if rule == "stall" and any(item.frame for item in items):
        return None  # only victims were seen: idle processors, RCU's own thread
    if any(item.kind is TraceItemKind.FRAME for item in items):
        return "no frame of the call trace can be blamed"
    if any(item.kind is TraceItemKind.HEADING for item in items):
        return "the call trace is missing after its heading"
    return "there is no call trace"


def _last_line(lines: ReportLines) -> int:
    for text, number in zip(
        reversed(lines.texts), reversed(lines.kept.numbers), strict=True
    ):
        if _REPORT_LINE.match(text.lstrip()) or match_start_line(text) is not None:
            return number
    return lines.first.number


def _stated(lines: ReportLines) -> dict[str, object]:
    """Return the facts of the start line: who is stuck, on which processor."""
    stated: dict[str, object] = {}
    for groups in (lines.start.match.groupdict(), _later_groups(lines)):
        for name, value in groups.items():
            if value is None:
                continue
            if name == "comm":
                stated.setdefault("process", value)
            elif name == "status":
                bank = groups.get("id_bank")
                words = decode_status(int(value, 16))
                stated["machine_check"] = f": bank {bank}: {words}"
            elif name == "cgroup":
                stated["keys"] = (("cgroup", value),)
            elif name == "pid":
                stated.setdefault("pid", int(value))
            elif name == "cpux":
                stated.setdefault("cpu", int(value, 16))
            elif name.startswith("cpu"):
                stated.setdefault("cpu", int(value))
    return stated


def _facts(lines: ReportLines, items: Sequence[TraceItem]) -> Facts:
    found = read_facts(lines.texts, items, _stated(lines))
    found["panic_line"] = lines.panic.text if lines.panic else None
    if lines.first.time_us is not None:
        found["uptime_s"] = lines.first.time_us / 1_000_000
    return dataclasses.replace(Facts(), **found)  # type: ignore[arg-type]

"""From the lines of one incident to its report. Pure."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from omprog_panic.kernel.blame import Evidence, find_function
from omprog_panic.kernel.facts import read_facts
from omprog_panic.kernel.fingerprint import fingerprint_of
from omprog_panic.kernel.frame import What, clean_name, parse_items
from omprog_panic.kernel.report import Facts, Report
from omprog_panic.kernel.signature import find_signature
from omprog_panic.kernel.title import MAX_TITLE, fill, mask, panic_reason, spell
from omprog_panic.model import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.kernel.frame import Item
    from omprog_panic.kernel.incident import Incident
    from omprog_panic.model import Record

MAX_UNFINISHED_LINES = 40
"""A longer report without any frame was not interrupted: it has no stack."""

_REPORT_LINE = re.compile(
    r"---\[ end|Rebooting in|Kernel Offset|CPU: |Modules linked|Code: |Call Trace|"
    r"[A-Z0-9]{2,5}: |</?[A-Z]+>|={20}|\(?\[?<?[0-9a-f]{8}|[\w.]+\+0x|\? |"
    r"Kernel panic|SMP: stopping|(?:mce: )?\[Hardware|Hardware name|note: |INFO: |"
    r"BUG|WARN",
)


def judge(incident: Incident) -> Report:
    """Make the report of an incident; never fails."""
    row = incident.found.row
    texts = incident.texts
    items = parse_items(texts)
    seen = _before_panic(items, incident) or _of_interrupter(incident)
    evidence = Evidence(texts, seen, _named(incident))
    groups = _groups(incident)
    function = find_function(row.rule, evidence) if row.rule else None
    because = None
    if row.rule and function is None:
        because = _why_unsound(items)
    form, title = _titles(incident, groups, function)
    kind, severity = _weigh(incident)
    return Report(
        kind=kind,
        severity=severity,
        title=title[:MAX_TITLE],
        function=spell(function) if function else None,
        fingerprint=fingerprint_of(form, function, _place(incident, groups)),
        panicked=incident.panic is not None,
        first_line=incident.first_line,
        last_line=_last_line(incident),
        sound=because is None,
        unsound_because=because,
        facts=_facts(incident, items),
    )


def judge_unknown(records: Sequence[Record], context: int) -> Report:
    """Answer for a trace without any start line that the tables know."""
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


def _of_interrupter(incident: Incident) -> list[Item]:
    """Borrow the stack of a report that came before this one could print its own.

    The kernel fell over while it reported: the same caller, hence the same stack.
    """
    other = incident.interrupted_by
    if other is None or len(incident.texts) > MAX_UNFINISHED_LINES:
        return []
    return parse_items(other.texts)


def _named(incident: Incident) -> str | None:
    name = incident.found.match.groupdict().get("F")
    if name is None:
        name = _more(incident).get("F")
    if not name or name.startswith("0x") or name[:1].isdigit():
        return None
    return clean_name(name)


def _more(incident: Incident) -> dict[str, str | None]:
    if not incident.found.row.more:
        return {}
    pattern = re.compile(incident.found.row.more)
    for text in incident.texts[:60]:
        if match := pattern.search(text):
            return match.groupdict()
    return {}


def _groups(incident: Incident) -> dict[str, str | None]:
    caught = {**incident.found.match.groupdict(), **_more(incident)}
    groups = {name: mask(value) if value else None for name, value in caught.items()}
    text = incident.found.match.string
    groups["text"] = mask(text)
    groups["next"] = mask(incident.texts[1]) if len(incident.texts) > 1 else ""
    groups["reason"] = panic_reason(text)
    return groups


def _titles(
    incident: Incident,
    groups: dict[str, str | None],
    function: str | None,
) -> tuple[str, str]:
    row = incident.found.row
    if row.kind in {"machine-check", "nmi"} and incident.panic is not None:
        form = f"kernel panic: {panic_reason(incident.panic)}"
        return form, form
    if "{F}" in row.title:
        spelled = spell(function) if function else ""
        form = fill(row.title, {**groups, "F": ""})
        return form, fill(row.title, {**groups, "F": spelled})
    form = fill(row.title, groups) or groups["text"] or row.kind
    return form, f"{form} in {spell(function)}" if function else form


def _place(incident: Incident, groups: dict[str, str | None]) -> str | None:
    """Return what stands in a fingerprint where no function is known."""
    if not incident.found.row.rule:
        return None
    return groups.get("file") or groups.get("file2") or groups["text"]


def _weigh(incident: Incident) -> tuple[str, Severity]:
    row = incident.found.row
    if incident.panic is not None:
        return row.kind, Severity.PANIC
    if row.kind == "machine-check" and not _is_fatal(incident.texts):
        # Corrected by the hardware: worth a look by daylight, no crash.
        return "info", Severity.WARNING
    return row.kind, row.severity


_FATAL = re.compile(
    r"Machine Check Exception|(?:event )?severity: (?:fatal|recoverable)|"
    r"[Uu]ncorrect|\d+ UE |SError|Fatal|Processor context corrupt|Failed|"
    r"Machine check in",
)


def _is_fatal(texts: Sequence[str]) -> bool:
    return any(_FATAL.search(text) for text in texts)


def _before_panic(items: list[Item], incident: Incident) -> list[Item]:
    """Leave out the stack of panic() itself where the report has its own before it."""
    at = incident.panic_at
    if at < 0:
        return items
    before = [item for item in items if item.at < at]
    frames = sum(item.what is What.FRAME for item in before)
    # One or two loose frames tell where preemption was disabled, no more.
    return before if frames > 2 else items


def _why_unsound(items: Sequence[Item]) -> str:
    if any(item.what is What.FRAME for item in items):
        return "no frame of the call trace can be blamed"
    if any(item.what is What.HEADING for item in items):
        return "the call trace is missing after its heading"
    return "there is no call trace"


def _last_line(incident: Incident) -> int:
    for text, number in zip(
        reversed(incident.texts), reversed(incident.numbers), strict=True
    ):
        if _REPORT_LINE.match(text.lstrip()) or find_signature(text) is not None:
            return number
    return incident.first_line


def _facts(incident: Incident, items: Sequence[Item]) -> Facts:
    found = read_facts(incident.texts, items)
    found["panic_line"] = incident.panic
    if incident.time_us is not None:
        found["uptime_s"] = incident.time_us / 1_000_000
    return dataclasses.replace(Facts(), **found)  # type: ignore[arg-type]

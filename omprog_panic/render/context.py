"""What a template may use: docs/templates.md lists these names, and they stay. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.kinds import Kind
from omprog_panic.render.english import ENGLISH
from omprog_panic.render.shape import fit_trace
from omprog_panic.render.trace import NO_TRACE, ShownTrace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.render.catalog import Catalog

ID_DIGITS = 8  # of an incident or an alert, where people read it


@dataclasses.dataclass(frozen=True, slots=True)
class MessageContext:
    """One message before it is text.

    ``facts`` are the variables of its kind. All of their text is safe to show: who
    builds a context replaces what came from the wire once, so that no template can
    forget it (``plain.one_line``).
    """

    kind: Kind
    alert_id: str
    about: str  # what a file with this message is named after
    facts: Mapping[str, object]
    trace: ShownTrace = NO_TRACE
    banner: tuple[str, ...] = ()  # what must stand above everything else
    catalog: Catalog = ENGLISH

    def variables(self) -> dict[str, object]:
        """Return all variables of the templates, by name."""
        return {
            **self.facts,
            "message": self.kind.value,
            "alert_id": self.alert_id,
            "banner": self.banner,
            "onset": self.trace.onset,
            "trace_lines": self.trace.lines,
            "trace": self.trace.text,
        }

    def plain(self) -> tuple[str, str]:
        """Return subject and body that need no template, for when all of them fail."""
        if self.kind is Kind.INCIDENT:
            facts = self.facts
            subject = f"{facts['severity']} {facts['host']}: {facts['title']}"
            return subject, f"{subject}\nAlert: {self.alert_id}\n\n{self.trace.text}"
        subject = self.kind.value.replace("-", " ").upper()
        lines = [f"{name}: {value}" for name, value in self.facts.items() if value]
        return subject, "\n".join(
            [subject, f"Alert: {self.alert_id}", "", *lines, "", self.trace.text]
        )


def shorten(context: MessageContext, room: int) -> MessageContext:
    """Return the context with a trace of at most ``room`` characters."""
    trace = context.trace
    lines = fit_trace(trace.lines, trace.onset, room, context.alert_id, context.catalog)
    if trace.onset:
        marked = trace.lines[trace.onset :]
        onset = len(lines) - len(marked)
        if onset > 0 and lines[onset:] == marked:
            short = dataclasses.replace(trace, lines=lines, onset=onset)
            return dataclasses.replace(context, trace=short)
        lines = lines[1:]  # without the mark: there is only the crash
    return dataclasses.replace(context, trace=ShownTrace(lines))


def utc(at: str) -> str:
    """Format an RFC 3339 time for tables; other text is returned as it is.

    >>> utc("2026-11-22T23:15:42.5+01:00")
    '2026-11-22 22:15:42 UTC'
    """
    return ENGLISH.when(at) or ""

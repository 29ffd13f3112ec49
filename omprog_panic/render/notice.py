"""The variables of a message that is not about a single incident. Pure.

They are the fields of its facts as they are stored (notification/), made safe to show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.notification.acknowledged import Acknowledged, Unacknowledged
from omprog_panic.notification.cause import FollowUp, PanicLoop
from omprog_panic.notification.escalated import Escalated
from omprog_panic.notification.kinds import FORMATS, kind_of
from omprog_panic.notification.resolved import Resolved
from omprog_panic.plain import one_line
from omprog_panic.render.context import MessageContext
from omprog_panic.render.english import ENGLISH
from omprog_panic.render.incident import bare_title
from omprog_panic.render.trace import NO_TRACE

if TYPE_CHECKING:
    from omprog_panic.notification.cause import CauseSummary
    from omprog_panic.notification.format import MessageFacts
    from omprog_panic.render.catalog import Catalog

MAX_TEXT = 300
AboutCause = FollowUp | PanicLoop | Escalated | Acknowledged | Unacknowledged | Resolved


def notice(
    facts: MessageFacts,
    alert_id: str,
    *,
    catalog: Catalog = ENGLISH,
    banner: tuple[str, ...] = (),
    incident: MessageContext | None = None,
) -> MessageContext:
    """Return the context of a message; ``incident`` lends its trace to some kinds."""
    kind = kind_of(facts)
    form = FORMATS[kind]
    variables = {name: _safe(value) for name, value in form.encode(facts).items()}
    trace = NO_TRACE
    if isinstance(facts, AboutCause):
        variables |= _severity(facts.cause, catalog)
    if form.has_trace:
        variables["incident"] = None if incident is None else incident.variables()
        trace = NO_TRACE if incident is None else incident.trace
    return MessageContext(
        kind=kind,
        alert_id=alert_id,
        about=kind.value,
        facts=variables,
        trace=trace,
        banner=banner,
        catalog=catalog,
    )


def _severity(cause: CauseSummary, catalog: Catalog) -> dict[str, object]:
    level = one_line(cause.severity, MAX_TEXT)
    title = one_line(cause.title, MAX_TEXT)
    return {
        "level": level,
        "severity": catalog.severity(level),
        "title": bare_title(title, level),
    }


def _safe(value: object) -> object:
    """Make text safe to show, also inside lists and objects."""
    if isinstance(value, str):
        return one_line(value, MAX_TEXT)
    if isinstance(value, dict):
        return {name: _safe(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_safe(inner) for inner in value)
    return value

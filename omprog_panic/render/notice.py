"""What a template may use of a message that tells of no single incident.

Every such message has a class in messages.py; its fields are the variables, made
harmless here. Pure.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.plain import one_line
from omprog_panic.render.context import bare_title
from omprog_panic.render.messages import WITH_TRACE
from omprog_panic.render.words import ENGLISH

if TYPE_CHECKING:
    from omprog_panic.render.context import MessageContext
    from omprog_panic.render.messages import Facts
    from omprog_panic.render.words import Words

MAX_TEXT = 300


@dataclasses.dataclass(frozen=True, slots=True)
class NoticeContext:
    """The variables of all other templates: these, and the fields of ``facts``.

    The trace is that of the notification's incident where the kind has one.
    """

    message: str  # the kind of message
    facts: Facts
    alert_id: str
    banner: tuple[str, ...] = ()
    words: Words = ENGLISH
    incident: MessageContext | None = None
    onset: int = 0
    trace_lines: tuple[str, ...] = ()
    trace: str = ""

    @property
    def about(self) -> str:
        """What a file with this message is named after."""
        return self.message

    def variables(self) -> dict[str, object]:
        """As the template engine takes them."""
        fields: dict[str, Any] = _harmless(dataclasses.asdict(self.facts))
        if "severity" in fields:
            level = fields["severity"]
            title = bare_title(fields["title"], level)
            fields |= {
                "level": level,
                "severity": self.words.severity(level),
                "title": title,
            }
        if self.message in WITH_TRACE:
            about = None if self.incident is None else self.incident.variables()
            fields["incident"] = about
        return {
            **fields,
            "message": self.message,
            "alert_id": self.alert_id,
            "banner": self.banner,
            "onset": self.onset,
            "trace_lines": self.trace_lines,
            "trace": self.trace,
        }

    def plain(self) -> tuple[str, str]:
        """Put subject and body together without any template."""
        subject = self.message.replace("-", " ").upper()
        fields = _harmless(dataclasses.asdict(self.facts))
        lines = [f"{name}: {value}" for name, value in fields.items() if value]
        return subject, "\n".join(
            [subject, f"Alert: {self.alert_id}", "", *lines, "", self.trace]
        )


def notice(
    kind: str,
    facts: Facts,
    alert_id: str,
    *,
    words: Words = ENGLISH,
    banner: tuple[str, ...] = (),
    incident: MessageContext | None = None,
) -> NoticeContext:
    """Make the context of a message; ``incident`` lends its trace."""
    made = NoticeContext(kind, facts, alert_id, banner, words, incident)
    if incident is None or kind not in WITH_TRACE:
        return made
    return dataclasses.replace(
        made,
        onset=incident.onset,
        trace_lines=incident.trace_lines,
        trace=incident.trace,
    )


def _harmless(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return one_line(value, MAX_TEXT)
    if isinstance(value, dict):
        return {name: _harmless(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_harmless(inner) for inner in value)
    return value

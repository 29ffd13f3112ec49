"""``undelivered``: alerts that were given up for one service. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.format import Format, MessageFacts

if TYPE_CHECKING:
    from omprog_panic.notification.fields import Fields
    from omprog_panic.notification.format import JsonObject


@dataclasses.dataclass(frozen=True, slots=True)
class LostAlert:
    """An alert that a service never accepted."""

    incident_id: str | None = None
    title: str | None = None
    host: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Undelivered(MessageFacts):
    """A service did not accept these alerts as long as they were retried."""

    service: str = ""
    reason: str | None = None  # of the last failure
    count: int = 0
    alerts: tuple[LostAlert, ...] = ()  # the first of them


def _encode_alert(alert: LostAlert) -> JsonObject:
    return {
        "incident_id": alert.incident_id,
        "title": alert.title,
        "host": alert.host,
    }


def _decode_alert(fields: Fields) -> LostAlert:
    return LostAlert(
        fields.optional_text("incident_id"),
        fields.optional_text("title"),
        fields.optional_text("host"),
    )


def _encode(facts: Undelivered) -> JsonObject:
    return {
        "service": facts.service,
        "reason": facts.reason,
        "count": facts.count,
        "alerts": [_encode_alert(alert) for alert in facts.alerts],
    }


def _decode(fields: Fields) -> Undelivered:
    return Undelivered(
        service=fields.text("service"),
        reason=fields.optional_text("reason"),
        count=fields.integer("count"),
        alerts=fields.items("alerts", _decode_alert),
    )


UNDELIVERED = Format(
    facts=Undelivered,
    encode=_encode,
    decode=_decode,
    sample=Undelivered(
        service="slack [ops] slack://T...",
        reason="error=403",
        count=2,
        alerts=(
            LostAlert(
                "0123456789abcdef0123456789abcdef",
                "sysrq triggered crash",
                "sample-host",
            ),
        ),
    ),
    about_crash=True,
)

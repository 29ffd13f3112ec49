"""Messages that tell of no incident but of our own trouble. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omprog_panic.plain import one_line
from omprog_panic.render.context import ALERT_ID_DIGITS
from omprog_panic.render.templates import Rendered

if TYPE_CHECKING:
    from collections.abc import Mapping


MAX_LINE = 200


def undelivered(details: Mapping[str, Any], alert_id: str) -> Rendered:
    """Say that a service never took some alerts, and which.

    >>> undelivered({"service": "slack", "count": 2}, "ab").subject
    'UNDELIVERED 2 alerts: given up for slack'
    """
    count = int(details.get("count", 0))
    alerts = details.get("alerts", [])
    noun = "alert" if count == 1 else "alerts"
    service = one_line(str(details.get("service", "?")), MAX_LINE)
    lines = [
        f"{count} {noun} could not be delivered and will not be tried again.",
        "",
        f"Service:   {service}",
        f"Reason:    {one_line(str(details.get('reason') or 'not known'), MAX_LINE)}",
        f"Alert:     {alert_id}",
        "",
    ]
    for alert in alerts:
        id_ = str(alert.get("incident_id") or "-")[:ALERT_ID_DIGITS]
        what = one_line(
            f"{alert.get('host') or '-'}: {alert.get('title') or '-'}", MAX_LINE
        )
        lines.append(f"  {id_:<{ALERT_ID_DIGITS}}  {what}")
    if count > len(alerts):
        lines.append(f"  and {count - len(alerts)} more")
    lines += [
        "",
        "See them: omprog-panic outbox list. Send them again when the service is",
        "mended: omprog-panic outbox retry --all; forget them: outbox drop --dead.",
    ]
    return Rendered(
        f"UNDELIVERED {count} {noun}: given up for {service}", "\n".join(lines)
    )

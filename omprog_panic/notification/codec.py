"""A notification as JSON, as the store keeps it. Pure.

The field names in the file are written out here and in the modules of the kinds:
renaming an attribute or a class changes no file. tests/contract/notification-v1 holds
an example of each kind.
"""

from __future__ import annotations

import json

from omprog_panic.errors import MalformedRecordError
from omprog_panic.notification.fields import Fields
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.notification.notification import Labels, Notification, Recipient

VERSION = 1


def encode(notification: Notification) -> str:
    """Return one JSON object."""
    kind = notification.kind
    content = {
        "version": VERSION,
        "id": notification.id,
        "kind": kind.value,
        "lifecycle": notification.lifecycle.value,
        "incident_id": notification.incident_id,
        "cause": notification.cause,
        "episode": notification.episode,
        "order_key": notification.order_key,
        "decision": notification.decision,
        "reason": notification.reason,
        "recipients": [
            {"service": service, "template": template}
            for service, template in notification.recipients
        ],
        "labels": encode_labels(notification.labels),
        "facts": FORMATS[kind].encode(notification.facts),
    }
    return json.dumps(content)


def decode(text: str) -> Notification:
    """Read what ``encode`` wrote, also a later version of it.

    Raises:
        MalformedRecordError: it is no notification, or of a kind that is not known.

    """
    try:
        raw = json.loads(text)
        kind = Kind(raw["kind"])
        id_ = str(raw["id"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MalformedRecordError(f"not a notification: {error}") from error
    fields = Fields(raw)
    return Notification(
        id=id_,
        facts=FORMATS[kind].decode(fields.inner("facts")),
        recipients=fields.items("recipients", _decode_recipient),
        decision=fields.text("decision"),
        reason=fields.text("reason"),
        incident_id=fields.optional_text("incident_id"),
        cause=fields.optional_text("cause"),
        episode=fields.optional_text("episode"),
        order_key=fields.optional_text("order_key"),
        labels=decode_labels(fields.inner("labels")),
    )


def _decode_recipient(fields: Fields) -> Recipient:
    return Recipient(fields.text("service"), fields.optional_text("template"))


def encode_labels(labels: Labels) -> dict[str, str]:
    """Return a JSON object; other addresses of the machine are not in it."""
    return {
        "severity": labels.severity,
        "kind": labels.kind,
        "host": labels.host,
        "address": labels.address,
        "group": labels.group,
        "title": labels.title,
        "function": labels.function,
        "kernel": labels.kernel,
        "subsystem": labels.subsystem,
    }


def decode_labels(fields: Fields) -> Labels:
    """Parse what ``encode_labels`` returned; what an older version lacks is empty."""
    return Labels(
        severity=fields.text("severity"),
        kind=fields.text("kind"),
        host=fields.text("host"),
        address=fields.text("address"),
        group=fields.text("group"),
        title=fields.text("title"),
        function=fields.text("function"),
        kernel=fields.text("kernel"),
        subsystem=fields.text("subsystem"),
    )

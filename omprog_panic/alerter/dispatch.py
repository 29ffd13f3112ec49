"""From a decision to outbox rows."""

from __future__ import annotations

import dataclasses
import json
import os
import uuid
from typing import TYPE_CHECKING

from omprog_panic.config.model import tags_of
from omprog_panic.render.messages import INCIDENT
from omprog_panic.store import outbox, outbox_care
from omprog_panic.store.incidents import known_ids
from omprog_panic.store.notification_log import (
    Notification,
    insert_notifications,
    notification_exists,
)
from omprog_panic.store.outbox import Address

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy.engine import Connection, Row

    from omprog_panic.config.model import Fallback, Service
    from omprog_panic.policy.evaluation import Message

OWN_HEALTH = frozenset({"monitor-deaf", "monitor-hears"})
NOTICE_EVERY_S = 6 * 3600.0  # of dead alerts of one service
MAX_NAMED = 50  # dead alerts that a notice lists; the others it counts


def send_messages(
    connection: Connection,
    messages: Sequence[Message],
    services: Sequence[Service],
    now: float,
) -> None:
    """Put what the policy wants to say into the outbox, in the caller's transaction."""
    by_key = {service.key: service for service in services}
    notifications, addresses = [], []
    for message in _still_true(connection, messages):
        told = [by_key[key] for key in message.services if key in by_key]
        # Another service may be told of the same incident at another time.
        if not notification_exists(connection, message.id):
            details = {**message.details, **_of_this_host(message)}
            notifications.append(
                Notification(
                    id=message.id,
                    kind=message.kind,
                    incident_id=message.incident_id,
                    decision=message.decision.name,
                    created_at=now,
                    details=json.dumps(details),
                )
            )
        addresses += _addresses(message.id, told, order_key=message.order_key)
    insert_notifications(connection, notifications)
    outbox.enqueue(connection, addresses, now)


def _still_true(
    connection: Connection, messages: Sequence[Message]
) -> Iterator[Message]:
    """Take incidents out that were deleted since: by somebody, or for want of room."""
    asked = [m.incident_id for m in messages if m.incident_id is not None]
    known = known_ids(connection, asked)
    for message in messages:
        if message.incident_id is None or message.incident_id in known:
            yield message
        elif message.kind != INCIDENT:  # there is more in it than a trace
            yield dataclasses.replace(message, incident_id=None)


def _of_this_host(message: Message) -> dict[str, str]:
    # The policy is pure: it does not know where it runs.
    return {"monitor": os.uname().nodename} if message.kind in OWN_HEALTH else {}


def notify_test(connection: Connection, services: Sequence[Service], now: float) -> str:
    """Address a marked sample to services, in the caller's transaction."""
    id_ = uuid.uuid4().hex
    _insert(connection, Notification(id_, "test", None, "NOTIFY_TEST", now))
    addresses = _addresses(id_, services)
    outbox.enqueue(connection, addresses, now, due_at=outbox.ASKED_FOR)
    return id_


def readdress(
    connection: Connection,
    known: Collection[str],
    services: Sequence[Service],
    now: float,
) -> int:
    """After a change of services: tell the new ones what the vanished were not told.

    ``known`` are the keys of all that are configured, ``services`` those to tell.
    A mended token makes a new service of an old one; its alerts must not die with it.
    The new one is told by its tags: others have routes of their own. Without any that
    has one of them everybody is told.
    The rows of vanished services stay until they expire, in case they come back.
    """
    count = 0
    for id_, labels in outbox.unaddressed(connection, known).items():
        told = outbox.addressed_to(connection, id_)
        tags = frozenset[str]().union(*map(tags_of, labels))
        alike = [service for service in services if service.tags & tags] or services
        new = [service for service in alike if service.key not in told]
        order_key = next(iter(told.values()), None)
        outbox.enqueue(connection, _addresses(id_, new, order_key=order_key), now)
        count += len(new)
    return count


def stand_in(
    connection: Connection,
    fallback: Fallback,
    services: Sequence[Service],
    now: float,
) -> int:
    """Tell the second services what the first have not taken for so long."""
    first = {s.key for s in services if fallback.tag in s.tags}
    second = [s for s in services if fallback.to in s.tags]
    late = outbox_care.untaken(
        connection, first, {s.key for s in second}, now - fallback.after_s
    )
    for row in late:
        addresses = [
            Address(row.notification_id, s.key, s.label, row.order_key, row.failed)
            for s in second
        ]
        outbox.enqueue(connection, addresses, now)
    return len(late) * len(second)


def tell_of_deaths(
    connection: Connection, services: Sequence[Service], now: float
) -> int:
    """Tell the other services which alerts one service never took; tell how many.

    One notice for a service within ``NOTICE_EVERY_S``, with all that died meanwhile.
    """
    dead: dict[str, list[Row[tuple[object, ...]]]] = {}
    for row in outbox_care.untold_deaths(connection):
        dead.setdefault(row.service_key, []).append(row)
    told = 0
    for key, rows in dead.items():
        others = [service for service in services if service.key != key]
        id_ = _notice_id(key, now)
        if others and not outbox.addressed_to(connection, id_):
            notice = Notification(
                id_, outbox_care.UNDELIVERED, None, "NOTIFY_UNDELIVERED", now
            )
            _insert(connection, notice._replace(details=_death_notice(rows)))
            outbox.enqueue(connection, _addresses(id_, others), now)
            outbox_care.note_deaths_told(connection, [row.id for row in rows])
            told += len(rows)
    return told


def _notice_id(service_key: str, now: float) -> str:
    name = f"undelivered:{service_key}:{int(now // NOTICE_EVERY_S)}"
    return uuid.uuid5(uuid.NAMESPACE_OID, name).hex


def _death_notice(rows: Sequence[Row[tuple[object, ...]]]) -> str:
    newest = rows[-1]
    alerts = [
        {
            "incident_id": row.incident_id,
            "title": row.title or row.kind,  # of what tells of no crash
            "host": row.host or row.source,
        }
        for row in rows[:MAX_NAMED]
    ]
    return json.dumps(
        {
            "service": newest.service_label,
            "reason": newest.last_reason,
            "count": len(rows),
            "alerts": alerts,
        }
    )


def _insert(connection: Connection, notification: Notification) -> None:
    insert_notifications(connection, [notification])


def _addresses(
    notification_id: str, services: Iterable[Service], *, order_key: str | None = None
) -> list[Address]:
    return [
        Address(notification_id, service.key, service.label, order_key)
        for service in services
    ]

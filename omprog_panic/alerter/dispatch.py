"""From notifications to outbox rows."""

from __future__ import annotations

import dataclasses
import os
import uuid
from typing import TYPE_CHECKING

from omprog_panic.config.model import tags_of
from omprog_panic.notification.codec import encode
from omprog_panic.notification.incident import IncidentNotes, RequestedTest
from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.monitor import (
    DatabaseDamaged,
    MonitorDeaf,
    MonitorHears,
)
from omprog_panic.notification.notification import Labels, Notification
from omprog_panic.notification.thread_keys import sequence_key
from omprog_panic.notification.undelivered import LostAlert, Undelivered
from omprog_panic.policy.decision import Decision
from omprog_panic.render.incident import unlisted
from omprog_panic.sinks.registry import is_keyed
from omprog_panic.store import dead_letters, outbox, recipients
from omprog_panic.store.incidents import known_ids
from omprog_panic.store.notification_log import (
    StoredNotification,
    insert_notifications,
    notification_exists,
)
from omprog_panic.store.outbox import QueuedDelivery

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from omprog_panic.config.model import Fallback, Service
    from omprog_panic.render.incident import NameOf
    from omprog_panic.store.connect import Transaction
    from omprog_panic.store.set_aside import SetAside

NOTICE_EVERY_S = 6 * 3600.0  # about the dead letters of one service
MAX_NAMED = 50  # alerts that a message lists; the others are counted


def send_messages(
    connection: Transaction,
    notifications: Sequence[Notification],
    services: Sequence[Service],
    now: float,
) -> None:
    """Put notifications into the outbox, in the caller's transaction."""
    by_key = {service.key: service for service in services}
    stored, addresses = [], []
    for notification in _existing(connection, notifications):
        keys = [recipient.service for recipient in notification.recipients]
        receivers = [by_key[key] for key in keys if key in by_key]
        # Another service may be notified of the same incident at another time.
        if not notification_exists(connection, notification.id):
            stored.append(_stored(_of_this_host(notification), now))
        addresses += [_address_of(notification, service) for service in receivers]
    insert_notifications(connection, stored)
    outbox.enqueue(connection, addresses, now)


def _address_of(notification: Notification, service: Service) -> QueuedDelivery:
    sequence = sequence_key(notification) if is_keyed(service) else None
    return QueuedDelivery(
        notification.id,
        service.key,
        service.label,
        notification.order_key,
        sequence_key=sequence,
    )


def _stored(notification: Notification, now: float) -> StoredNotification:
    return StoredNotification(
        id=notification.id,
        kind=notification.kind.value,
        incident_id=notification.incident_id,
        decision=notification.decision,
        created_at=now,
        details=encode(notification),
    )


def _existing(
    connection: Transaction, notifications: Sequence[Notification]
) -> Iterator[Notification]:
    """Drop incidents that were deleted since, by people or by retention."""
    asked = [n.incident_id for n in notifications if n.incident_id is not None]
    known = known_ids(connection, asked)
    for notification in notifications:
        if notification.incident_id is None or notification.incident_id in known:
            yield notification
        elif not isinstance(notification.facts, IncidentNotes):
            # It has facts of its own besides the trace.
            yield dataclasses.replace(notification, incident_id=None)


def _of_this_host(notification: Notification) -> Notification:
    # The policy is pure: it does not know where it runs.
    facts = notification.facts
    if not isinstance(facts, MonitorDeaf | MonitorHears):
        return notification
    facts = dataclasses.replace(facts, monitor=os.uname().nodename)
    return dataclasses.replace(notification, facts=facts)


def notify_test(
    connection: Transaction, services: Sequence[Service], now: float
) -> str:
    """Queue a marked sample in the caller's transaction; return its id."""
    id_ = uuid.uuid4().hex
    notification = Notification(
        id_,
        RequestedTest(),
        decision=Decision.NOTIFY_TEST.value,
        labels=Labels(Kind.TEST.value),
    )
    insert_notifications(connection, [_stored(notification, now)])
    addresses = _addresses(id_, services)
    outbox.enqueue(connection, addresses, now, due_at=outbox.ASKED_FOR)
    return id_


def readdress(
    connection: Transaction,
    known: Collection[str],
    services: Sequence[Service],
    now: float,
) -> int:
    """Queue the pending alerts of removed services for the services that replace them.

    ``known`` are the keys of all configured services, ``services`` those that may
    replace one. A corrected token makes a new service of an old one, and its pending
    alerts must not be lost. The replacement is recognised by its tags, because other
    services have routes of their own; where no service has one of the tags, all are
    notified. The rows of removed services stay until they expire, in case they return.
    Return how many rows were added.
    """
    count = 0
    for id_, labels in recipients.orphaned(connection, known).items():
        queued = recipients.recipients_of(connection, id_)
        tags = frozenset[str]().union(*map(tags_of, labels))
        alike = [service for service in services if service.tags & tags] or services
        # The same recipient of a corrected URL has another key.
        taken = recipients.labels_taken(connection, id_)
        new = [
            service
            for service in alike
            if service.key not in queued
            and not (service.recipient and service.label in taken)
        ]
        order_key = next(iter(queued.values()), None)
        outbox.enqueue(connection, _addresses(id_, new, order_key=order_key), now)
        count += len(new)
    return count


def stand_in(
    connection: Transaction,
    fallback: Fallback,
    services: Sequence[Service],
    now: float,
) -> int:
    """Queue overdue alerts of the first services for the second; return how many."""
    first = {s.key for s in services if fallback.tag in s.tags}
    second = [s for s in services if fallback.to in s.tags]
    late = recipients.overdue(
        connection, first, {s.key for s in second}, now - fallback.after_s
    )
    for row in late:
        addresses = [
            QueuedDelivery(
                row.notification_id, s.key, s.label, row.order_key, row.failed
            )
            for s in second
        ]
        outbox.enqueue(connection, addresses, now)
    return len(late) * len(second)


def report_dead_letters(
    connection: Transaction,
    services: Sequence[Service],
    now: float,
    name_of: NameOf = unlisted,
) -> int:
    """Notify the other services of alerts that one service did not accept.

    At most one message about a service within ``NOTICE_EVERY_S``. Return how many
    alerts were reported.
    """
    dead: dict[str, list[dead_letters.DeadLetter]] = {}
    for row in dead_letters.unreported(connection):
        dead.setdefault(row.service_key, []).append(row)
    reported = 0
    for key, rows in dead.items():
        others = [service for service in services if service.key != key]
        id_ = _notice_id(key, now)
        if others and not recipients.recipients_of(connection, id_):
            notification = Notification(
                id_,
                _undelivered(rows, name_of),
                decision=Decision.NOTIFY_UNDELIVERED.value,
                labels=Labels(Kind.UNDELIVERED.value),
            )
            insert_notifications(connection, [_stored(notification, now)])
            outbox.enqueue(connection, _addresses(id_, others), now)
            dead_letters.mark_reported(connection, [row.id for row in rows])
            reported += len(rows)
    return reported


def report_damaged_database(
    connection: Transaction, services: Sequence[Service], found: SetAside, now: float
) -> None:
    """Notify all services that a database was set aside; does nothing the next time."""
    id_ = uuid.uuid5(uuid.NAMESPACE_OID, f"damaged:{found.path.name}").hex
    if notification_exists(connection, id_):
        return
    facts = DatabaseDamaged(
        monitor=os.uname().nodename,
        at=found.at,
        file=str(found.path),
        reason=found.reason,
    )
    notification = Notification(
        id_,
        facts,
        decision=Decision.NOTIFY_DATABASE_DAMAGED.value,
        labels=Labels(Kind.DATABASE_DAMAGED.value),
    )
    insert_notifications(connection, [_stored(notification, now)])
    outbox.enqueue(connection, _addresses(id_, services), now)


def _notice_id(service_key: str, now: float) -> str:
    name = f"undelivered:{service_key}:{int(now // NOTICE_EVERY_S)}"
    return uuid.uuid5(uuid.NAMESPACE_OID, name).hex


def _undelivered(
    rows: Sequence[dead_letters.DeadLetter], name_of: NameOf
) -> Undelivered:
    newest = rows[-1]
    alerts = [
        LostAlert(
            incident_id=row.incident_id,
            title=row.title or row.kind,  # the kind, of one that is about no crash
            host=name_of(row.source, row.host) if row.source else None,
        )
        for row in rows[:MAX_NAMED]
    ]
    return Undelivered(
        service=newest.service_label,
        reason=newest.last_reason,
        count=len(rows),
        alerts=tuple(alerts),
    )


def _addresses(
    notification_id: str, services: Iterable[Service], *, order_key: str | None = None
) -> list[QueuedDelivery]:
    return [
        QueuedDelivery(notification_id, service.key, service.label, order_key)
        for service in services
    ]

"""Sends a sample alert, marked TEST, through the outbox to services."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Any

from omprog_panic.admin.settings_in_use import wait_until_read
from omprog_panic.admin.wake import wake_alerter
from omprog_panic.alerter.compose import Composer
from omprog_panic.alerter.dispatch import notify_test
from omprog_panic.clock import SystemClock
from omprog_panic.errors import OmprogPanicError
from omprog_panic.sinks.registry import open_sink
from omprog_panic.store.connect import open_database
from omprog_panic.store.notification_log import last_took_s
from omprog_panic.store.outbox import OPEN, OutboxRow, OutboxState
from omprog_panic.store.outbox_admin import OutboxEntry, entries_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.alerter.setup import Setup
    from omprog_panic.config.model import Service
    from omprog_panic.store.connect import Database

POLL_S = 0.05
READ_WITHIN_S = 5.0  # for a reload that was requested just before


@dataclasses.dataclass(frozen=True, slots=True)
class SampleDelivery:
    """What one service did with the sample."""

    entry: OutboxEntry
    subject: str
    characters: int  # of subject and body
    took_s: float | None  # None: no answer yet

    @property
    def delivered(self) -> bool:
        """Whether the service accepted it."""
        return self.entry.state == OutboxState.SENT.value

    @property
    def answer(self) -> str:
        """The answer of the service, in a few words."""
        if self.delivered:
            return "accepted"
        return self.entry.last_reason or "no answer yet"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "id": self.entry.id,
            "notification_id": self.entry.notification_id,
            "service_key": self.entry.service_key,
            "service_label": self.entry.service_label,
            "state": self.entry.state,
            "attempts": self.entry.attempts,
            "next_attempt_at": self.entry.next_attempt_at,
            "created_at": self.entry.created_at,
            "finished_at": self.entry.finished_at,
            "last_reason": self.entry.last_reason,
            "sent_subject": self.subject,
            "sent_characters": self.characters,
            "took_s": self.took_s,
            "answer": self.answer,
        }


def send_sample_alert(
    setup: Setup, services: Sequence[Service], timeout_s: float
) -> list[SampleDelivery]:
    """Send a sample to services, wait at most so long, and return what they did.

    Raises:
        OmprogPanicError: no alerter is running that has read the configuration.
        StoreError: the database cannot be used.

    """
    paths, clock = setup.config.paths, SystemClock()
    database = open_database(paths.database)
    try:
        if database.has_alerter() is False:
            raise OmprogPanicError(
                "the alerter is not running: start it with "
                "`systemctl start omprog-panic-alerter`"
            )
        for reason in wait_until_read(paths, READ_WITHIN_S):
            # It may not even know the service yet.
            raise OmprogPanicError(f"{reason}: run `omprog-panic apply` first")
        database.check()
        with database.write() as connection:
            notification_id = notify_test(connection, services, clock.wall())
        wake_alerter(paths)
        entries = _wait(database, notification_id, clock.monotonic() + timeout_s)
        return [_delivery(database, setup, entry) for entry in entries]
    finally:
        database.close()


def _delivery(database: Database, setup: Setup, entry: OutboxEntry) -> SampleDelivery:
    compose = Composer(database, setup.templates, setup.config.directory.name_of)
    services = {service.key: service for service in setup.config.services}
    row = OutboxRow(
        id=entry.id,
        notification_id=entry.notification_id,
        kind="test",
        incident_id=None,
        service_key=entry.service_key,
        attempts=entry.attempts,
        created_at=entry.created_at,
        last_reason=None,
    )
    sink = open_sink(services[entry.service_key])
    message = sink.preview(compose(row))
    with database.read() as connection:
        took_s = last_took_s(connection, entry.id)
    return SampleDelivery(
        entry=entry,
        subject=message.subject,
        characters=len(message.subject) + len(message.body),
        took_s=None if took_s is None else round(took_s, 3),
    )


def _wait(
    database: Database, notification_id: str, deadline: float
) -> list[OutboxEntry]:
    pause, clock = threading.Event(), SystemClock()
    while True:
        with database.read() as connection:
            entries = entries_of(connection, notification_id)
        # A failed delivery is retried later; its first answer is enough here.
        unanswered = [e for e in entries if e.state in OPEN and e.last_reason is None]
        if not unanswered or clock.monotonic() >= deadline:
            return entries
        pause.wait(POLL_S)

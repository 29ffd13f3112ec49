"""A marked sample through the outbox, as ``omprog-panic test-alert`` sends it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from omprog_panic.alerter.compose import Composer
from omprog_panic.alerter.dispatch import notify_test
from omprog_panic.alerter.settings_report import wait_until_read
from omprog_panic.clock import SystemClock
from omprog_panic.errors import OmprogPanicError
from omprog_panic.sinks.registry import open_sink
from omprog_panic.spool.writer import SpoolWriter
from omprog_panic.store.connect import open_database
from omprog_panic.store.notification_log import last_took_s
from omprog_panic.store.outbox import OPEN, OutboxRow, OutboxState
from omprog_panic.store.outbox_admin import OutboxEntry, entries_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.alerter.setup import Setup
    from omprog_panic.config.model import Service
    from omprog_panic.store.connect import Database

LOOK_AGAIN_S = 0.05
READ_WITHIN_S = 5.0  # for a reload that was asked for just before


def send_test(
    setup: Setup, services: Sequence[Service], timeout_s: float
) -> list[dict[str, Any]]:
    """Put a sample into the outbox and wait; give what became of it, by service.

    Each row has what was sent (``sent_subject``, ``sent_characters``), how long the
    service took (``took_s``) and what it answered (``answer``).

    Raises:
        OmprogPanicError: nobody is there to deliver it, or the store is in trouble.

    """
    paths, clock = setup.config.paths, SystemClock()
    database = open_database(paths.database)
    try:
        if not database.has_alerter():
            raise OmprogPanicError(
                "the alerter does not run: start it "
                "(systemctl start omprog-panic-alerter)"
            )
        for reason in wait_until_read(paths, READ_WITHIN_S):
            # It may not even know the service yet.
            raise OmprogPanicError(f"{reason}: `omprog-panic apply`, then this again")
        database.check()
        with database.write() as connection:
            notification_id = notify_test(connection, services, clock.wall())
        SpoolWriter(paths.spool).wake_reader()
        rows = _wait(database, notification_id, clock.monotonic() + timeout_s)
        return [_described(database, setup, row) for row in rows]
    finally:
        database.close()


def _described(database: Database, setup: Setup, row: OutboxEntry) -> dict[str, Any]:
    compose = Composer(database, setup.templates, setup.config.host_names())
    services = {service.key: service for service in setup.config.services}
    sample = OutboxRow(
        id=row.id,
        notification_id=row.notification_id,
        kind="test",
        incident_id=None,
        service_key=row.service_key,
        attempts=row.attempts,
        created_at=row.created_at,
        last_reason=None,
    )
    sink = open_sink(services[row.service_key])
    text = sink.preview(compose(sample))
    with database.read() as connection:
        took_s = last_took_s(connection, row.id)
    answer = "taken" if row.state == OutboxState.SENT.value else row.last_reason
    return {
        "id": row.id,
        "notification_id": row.notification_id,
        "service_key": row.service_key,
        "service_label": row.service_label,
        "state": row.state,
        "attempts": row.attempts,
        "next_attempt_at": row.next_attempt_at,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
        "last_reason": row.last_reason,
        "sent_subject": text.subject,
        "sent_characters": len(text.subject) + len(text.body),
        "took_s": None if took_s is None else round(took_s, 3),
        "answer": answer or "no answer yet",
    }


def _wait(
    database: Database, notification_id: str, deadline: float
) -> list[OutboxEntry]:
    pause, clock = threading.Event(), SystemClock()
    while True:
        with database.read() as connection:
            rows = entries_of(connection, notification_id)
        open_rows = [row for row in rows if row.state in OPEN]
        # One that failed is tried again later; the first answer is what is asked for.
        asked = [row for row in open_rows if row.last_reason is None]
        if not asked or clock.monotonic() >= deadline:
            return rows
        pause.wait(LOOK_AGAIN_S)

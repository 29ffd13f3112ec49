"""One service's courier: claim, compose, send outside any transaction, record.

Each service has a courier and a thread of its own, so that a slow, hanging or broken
one never delays another. At least once: a courier that dies while sending has left a
lease, and the row is sent again when it ends, under the same alert id.

The alerts of one host go out in their order: a later one waits for the one before.
Lest a message that alone is refused hold up its host for a day, the next one is tried
right behind its third failure and each further one: when that arrives, it was the
message and not the service, and the others wait for it no longer.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from typing import TYPE_CHECKING

from omprog_panic.alerter.event import AlerterEvent
from omprog_panic.errors import StoreError
from omprog_panic.sinks.sink import Files
from omprog_panic.store import outbox
from omprog_panic.store.notification_log import Attempt, log_attempt
from omprog_panic.store.outbox import Lease, OutboxRow, OutboxState

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.alerter.compose import Composer, Message
    from omprog_panic.alerter.event import EventSink
    from omprog_panic.clock import Clock
    from omprog_panic.config.model import Service
    from omprog_panic.sinks.backoff import Backoff
    from omprog_panic.sinks.sink import Notifier, Outcome
    from omprog_panic.store.connect import Database

log = logging.getLogger(__name__)

MAX_IDLE_S = 30.0  # between looks when nothing wakes a worker
FEWEST_ATTEMPTS = 10  # before an alert is given up: a clock may jump by years
PASS_AFTER = 3  # attempts at a message, before the next one of its host is tried
STORE_RETRY_S = 1.0  # after the database could not be written


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """What all couriers go by."""

    database: Database
    compose: Composer
    clock: Clock
    lease: Lease
    backoff: Backoff
    retry_for_s: float
    chance: Callable[[], float]  # 0..1
    emit: EventSink


@dataclasses.dataclass(frozen=True, slots=True)
class _Sent:
    """An attempt whose outcome is not in the database yet."""

    row: OutboxRow
    outcome: Outcome
    attempt: Attempt
    message: Message


class Courier:
    """Delivers for one service, a step at a time; the caller waits in between."""

    def __init__(self, service: Service, notifier: Notifier, terms: Terms) -> None:
        self._service = service
        self._notifier = notifier
        self._terms = terms
        self._failures = 0  # in a row, of the service rather than of a message
        self._paused_until = 0.0  # monotonic
        self._unrecorded: _Sent | None = None
        self._stuck: OutboxRow | None = None  # has just failed; try the next behind it

    def warm_up(self) -> None:
        self._notifier.warm_up()

    def step(self) -> float:
        """Do one thing; tell after how many seconds there is more to do.

        Raises:
            StoreError: the database cannot be used now; step again later. What was
                sent meanwhile is remembered and not sent again.

        """
        if self._unrecorded is not None:
            self._record(self._unrecorded)
        if self._stuck is not None:
            return self._pass(self._stuck)
        with self._terms.database.read() as connection:
            due = outbox.next_due(connection, self._service.key)
        pause = self._paused_until - self._terms.clock.monotonic()
        if pause > 0 and due != outbox.ASKED_FOR:
            return pause
        if due is None:
            return MAX_IDLE_S
        wait = due - self._terms.clock.wall()
        if 0 < wait <= self._terms.lease.horizon_s:
            return wait
        self._attempt(None)
        return 0.0

    def _pass(self, stuck: OutboxRow) -> float:
        if not self._attempt(stuck):
            self._stuck = None
            self._pause()  # there is no other: it may well be the service
        return 0.0

    def _attempt(self, past: OutboxRow | None) -> bool:
        terms = self._terms
        with terms.database.write() as connection:
            row = outbox.claim(
                connection, self._service.key, terms.lease, terms.clock.wall(), past
            )
        if row is None:
            return False
        self._unrecorded = self._send(row)
        self._record(self._unrecorded)
        return True

    def _send(self, row: OutboxRow) -> _Sent:
        message = self._terms.compose(row, self._notifier.excess)
        at, since = self._terms.clock.wall(), self._terms.clock.monotonic()
        if message.file is not None and self._notifier.files is Files.ALONG:
            outcome = self._notifier.send(message.subject, message.body, message.file)
        else:
            outcome = self._notifier.send(message.subject, message.body)
        took_s = self._terms.clock.monotonic() - since
        attempt = Attempt(
            row.id, row.attempts, at, took_s, outcome.delivered, outcome.reason
        )
        return _Sent(row, outcome, attempt, message)

    def _record(self, sent: _Sent) -> None:
        if sent.outcome.delivered:
            event = self._record_delivery(sent)
        else:
            event = self._record_failure(sent)
        self._unrecorded = None
        if event is None:
            log.info("alert deleted while it was sent", extra=self._fields(sent))
            return
        self._terms.emit(event)
        if sent.outcome.delivered:
            self._send_file(sent)

    def _send_file(self, sent: _Sent) -> None:
        """Send the whole trace after the alert, which is safe by now: one attempt."""
        file = sent.message.file
        if file is None or self._notifier.files is not Files.AFTER:
            return
        outcome = self._notifier.send_file(sent.message.subject, file)
        fields: dict[str, object] = {**self._fields(sent), "file": file.name}
        if outcome.delivered:
            self._terms.emit(AlerterEvent("file delivered", fields))
        else:
            log.warning("file refused", extra={**fields, "reason": outcome.reason})
            fields["reason"] = outcome.reason
            self._terms.emit(AlerterEvent("file refused", fields))

    def _record_delivery(self, sent: _Sent) -> AlerterEvent | None:
        now = self._terms.clock.wall()
        with self._terms.database.write() as connection:
            if not outbox.row_exists(connection, sent.row.id):
                return None
            outbox.finish(connection, sent.row.id, OutboxState.SENT, now)
            log_attempt(connection, sent.attempt)
            if self._stuck is not None:
                outbox.make_overtakable(connection, self._stuck.id)
            if self._failures or sent.row.attempts > 1:
                outbox.make_due(connection, self._service.key, now)
        self._failures, self._stuck, self._paused_until = 0, None, 0.0
        took_s = round(sent.attempt.took_s, 3)
        fields: dict[str, object] = {**self._fields(sent), "took_s": took_s}
        if sent.outcome.reason:  # only a part of it was taken
            fields["reason"] = sent.outcome.reason
            log.warning("alert delivered in part", extra=fields)
        else:
            log.info("alert delivered", extra=fields)
        texts = {"subject": sent.message.subject, "body": sent.message.body}
        return AlerterEvent("delivered", {**fields, **texts})

    def _record_failure(self, sent: _Sent) -> AlerterEvent | None:
        terms, row, outcome = self._terms, sent.row, sent.outcome
        now = terms.clock.wall()
        delay = terms.backoff.delay_s(row.attempts, terms.chance())
        if outcome.permanent:
            delay = terms.backoff.max_s
        if outcome.retry_after_s is not None:
            delay = min(max(delay, outcome.retry_after_s), terms.lease.horizon_s)
        old = now - row.created_at >= terms.retry_for_s
        given_up = old and row.attempts >= FEWEST_ATTEMPTS
        with terms.database.write() as connection:
            if not outbox.row_exists(connection, row.id):
                return None
            outbox.defer(connection, row.id, now + delay, outcome.reason)
            log_attempt(connection, sent.attempt)
            if outcome.permanent:
                outbox.make_overtakable(connection, row.id)
            if given_up:
                outbox.finish(connection, row.id, OutboxState.DEAD, now)
        self._after_failure(row, outcome)
        fields = {**self._fields(sent), "reason": outcome.reason}
        if given_up:
            log.error("alert given up", extra=fields)
            return AlerterEvent("dead", fields)
        fields["again_in_s"] = round(delay, 1)
        # The same reason again is no news: warn on change only.
        level = logging.DEBUG if outcome.reason == row.last_reason else logging.WARNING
        log.log(level, "alert deferred", extra=fields)
        return AlerterEvent("deferred", fields)

    def _after_failure(self, row: OutboxRow, outcome: Outcome) -> None:
        first, self._stuck = self._stuck is None, None
        if outcome.permanent:
            return
        if outcome.retry_after_s is not None:
            self._pause(outcome.retry_after_s)  # it spoke of itself, of no message
            return
        waited_for = row.order_key is not None and not row.overtakable
        if first and waited_for and row.attempts >= PASS_AFTER:
            self._stuck = row
        else:
            self._pause()

    def _pause(self, least_s: float = 0.0) -> None:
        """Leave all that waits for a service in trouble alone for a while."""
        self._failures += 1
        delay = self._terms.backoff.delay_s(self._failures, self._terms.chance())
        delay = max(delay, least_s)
        self._paused_until = self._terms.clock.monotonic() + delay

    def _fields(self, sent: _Sent) -> dict[str, object]:
        return {
            "id": sent.row.incident_id or sent.row.notification_id,
            "service": self._service.label,
            "attempt": sent.row.attempts,
        }


class Worker(threading.Thread):
    """Runs a courier until told to stop."""

    def __init__(self, courier: Courier, name: str) -> None:
        super().__init__(name=f"omprog-panic-{name}", daemon=True)
        self._courier = courier
        self._wake = threading.Event()
        self._stopping = False

    def wake(self) -> None:
        """Look at once whether there is something to deliver."""
        self._wake.set()

    def stop(self) -> None:
        """Ask for an end after the message that is being sent."""
        self._stopping = True
        self._wake.set()

    def run(self) -> None:
        self._warm_up()
        complaint = ""
        while not self._stopping:
            try:
                delay = self._courier.step()
                complaint = ""
            except StoreError as error:
                delay = STORE_RETRY_S
                if str(error) != complaint:
                    complaint = str(error)
                    log.error("delivery waits", extra={"reason": complaint})  # noqa: TRY400
            except Exception:
                # A bug; the lease keeps the row from coming back at once.
                log.exception("delivery failed")
                delay = STORE_RETRY_S
            if delay > 0 and not self._stopping:
                self._wake.wait(min(delay, MAX_IDLE_S))
            self._wake.clear()

    def _warm_up(self) -> None:
        try:
            self._courier.warm_up()
        except Exception:
            log.exception("warm-up failed")

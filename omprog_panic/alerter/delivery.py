"""Delivery to one service: claim, compose, send outside any transaction, record.

Each service has a delivery agent and a thread of its own, so that a slow, hanging or
broken one never delays another. At least once: an agent that dies while sending leaves
a lease behind, and the row is sent again when it expires, under the same alert id.

The alerts of one host are sent in order: a later one waits for the one before. A
message that alone is refused must not block its host for a day, so the next one is
tried right after its third failure and each further one: when that arrives, the cause
was the message and not the service, and the others wait for it no longer.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from typing import TYPE_CHECKING

from omprog_panic.alerter.event import AlerterEvent
from omprog_panic.errors import StoreError
from omprog_panic.notification.format import Lifecycle
from omprog_panic.sinks.backoff import Backoff
from omprog_panic.store import outbox
from omprog_panic.store.notification_log import Attempt, log_attempt
from omprog_panic.store.outbox import Lease, OutboxRow, OutboxState
from omprog_panic.store.threads import StoredThread, save_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.alerter.clock_watch import ClockWatch
    from omprog_panic.alerter.compose import Composer
    from omprog_panic.alerter.event import EventSink
    from omprog_panic.alerter.keep_alive import KeepAlive
    from omprog_panic.clock import Clock
    from omprog_panic.config.model import Service
    from omprog_panic.sinks.sink import Alert, Outcome, Sink
    from omprog_panic.store.connect import Database, Transaction

log = logging.getLogger(__name__)

MAX_IDLE_S = 30.0  # between checks when nothing wakes a worker
FEWEST_ATTEMPTS = 10  # before an alert is given up: a clock may jump by years
REFUSED_MAX_S = 3600.0  # the longest wait after refusals that only people can end
PASS_AFTER = 3  # attempts at a message, before the next one of its host is tried
CLOSED_SINCE = "a later message has closed at the service what this one would open"
STORE_RETRY_S = 1.0  # after the database could not be written


@dataclasses.dataclass(frozen=True, slots=True)
class DeliverySetup:
    """What all delivery agents share."""

    database: Database
    compose: Composer
    clock: Clock
    clock_watch: ClockWatch
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
    alert: Alert


class DeliveryAgent:
    """Delivers to one service, a step at a time; the caller waits in between."""

    def __init__(self, service: Service, sink: Sink, setup: DeliverySetup) -> None:
        self._service = service
        self._sink = sink
        self._setup = setup
        self._failures = 0  # in a row, of the service, not of one message
        self._paused_until = 0.0  # monotonic
        self._unrecorded: _Sent | None = None
        self._stuck: OutboxRow | None = None  # has just failed; try the next behind it

    def warm_up(self) -> None:
        self._sink.warm_up()

    def step(self) -> float:
        """Do one thing; return after how many seconds there is more to do.

        Raises:
            StoreError: the database cannot be used now; step again later. What was
                sent in the meantime is remembered and not sent again.

        """
        if self._unrecorded is not None:
            self._record(self._unrecorded)
        if self._stuck is not None:
            return self._overtake(self._stuck)
        with self._setup.database.read() as connection:
            due = outbox.next_due(connection, self._service.key)
        pause = self._paused_until - self._setup.clock.monotonic()
        if pause > 0 and due != outbox.ASKED_FOR:
            return pause
        if due is None:
            return MAX_IDLE_S
        wait = due - self._setup.clock.wall()
        if 0 < wait <= self._setup.lease.horizon_s:
            return wait
        return 0.0 if self._attempt(None) else max(wait, 0.0)

    def _overtake(self, stuck: OutboxRow) -> float:
        if not self._attempt(stuck):
            self._stuck = None
            self._pause()  # there is no other: the service may be the cause
        return 0.0

    def _attempt(self, past: OutboxRow | None) -> bool:
        setup = self._setup
        with setup.database.write() as connection:
            row = outbox.claim(
                connection, self._service.key, setup.lease, setup.clock.wall(), past
            )
        if row is None:
            return False
        self._unrecorded = self._send(row)
        if self._unrecorded is not None:
            self._record(self._unrecorded)
        return True

    def _drop(self, row: OutboxRow) -> None:
        """Give up a message that would open again what a later one has closed."""
        now = self._setup.clock.wall()
        with self._setup.database.write() as connection:
            outbox.defer(connection, row.id, now, CLOSED_SINCE)
            outbox.finish(connection, row.id, OutboxState.DROPPED, now)
        fields = {"id": row.notification_id, "service": self._service.label}
        log.warning("alert not sent", extra={**fields, "reason": CLOSED_SINCE})

    def _send(self, row: OutboxRow) -> _Sent | None:
        alert = self._setup.compose(row)
        if alert.closed_since and row.sequence_key is not None:
            self._drop(row)
            return None
        at, since = self._setup.clock.wall(), self._setup.clock.monotonic()
        outcome = self._sink.deliver(alert)
        took_s = self._setup.clock.monotonic() - since
        attempt = Attempt(
            row.id, row.attempts, at, took_s, outcome.delivered, outcome.reason
        )
        return _Sent(row, outcome, attempt, alert)

    def _record(self, sent: _Sent) -> None:
        if sent.outcome.delivered:
            event = self._record_delivery(sent)
        else:
            event = self._record_failure(sent)
        self._unrecorded = None
        if event is None:
            log.info("alert deleted while it was sent", extra=self._fields(sent))
            return
        self._setup.emit(event)
        if sent.outcome.delivered:
            self._complete(sent)

    def _complete(self, sent: _Sent) -> None:
        """Send what follows the alert, now that it is recorded: one attempt."""
        outcome = self._sink.complete(sent.alert)
        if outcome is None:
            return
        file = sent.alert.renderer.attachment()
        fields = {**self._fields(sent), "file": "" if file is None else file.name}
        if outcome.delivered:
            self._setup.emit(AlerterEvent("file delivered", fields))
        else:
            log.warning("file refused", extra={**fields, "reason": outcome.reason})
            fields["reason"] = outcome.reason
            self._setup.emit(AlerterEvent("file refused", fields))

    def _record_delivery(self, sent: _Sent) -> AlerterEvent | None:
        now = self._setup.clock.wall()
        with self._setup.database.write() as connection:
            if not outbox.row_exists(connection, sent.row.id):
                return None
            outbox.finish(connection, sent.row.id, OutboxState.SENT, now)
            log_attempt(connection, sent.attempt)
            self._remember(connection, sent, now)
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
        subject, body = self._sink.preview(sent.alert)
        texts = {"subject": subject, "body": body}
        return AlerterEvent("delivered", {**fields, **texts})

    def _remember(self, connection: Transaction, sent: _Sent, now: float) -> None:
        """Store what the service was told under the keys of the message."""
        notification, row_id = sent.alert.notification, sent.row.id
        is_open = notification.lifecycle is not Lifecycle.RESOLVED
        told = {
            key: StoredThread(key, row_id, is_open, None)
            for key in [notification.dedup_key]
            if key is not None
        }
        for memory in sent.outcome.memories:
            told[memory.key] = StoredThread(
                memory.key, row_id, memory.is_open, memory.content
            )
        for thread in told.values():
            save_thread(connection, self._service.key, thread, now)

    def _record_failure(self, sent: _Sent) -> AlerterEvent | None:
        setup, row, outcome = self._setup, sent.row, sent.outcome
        now = setup.clock.wall()
        delay, reason = self._delay(row, outcome), outcome.reason
        if outcome.in_doubt:
            reason = f"{reason} ({row.in_doubt + 1} of these may have arrived)"
        given_up = self._is_too_old(row, now)
        with setup.database.write() as connection:
            if not outbox.row_exists(connection, row.id):
                return None
            outbox.defer(
                connection, row.id, now + delay, reason, in_doubt=outcome.in_doubt
            )
            log_attempt(connection, sent.attempt)
            if outcome.permanent:
                outbox.make_overtakable(connection, row.id)
            if given_up:
                outbox.finish(connection, row.id, OutboxState.DEAD, now)
        self._after_failure(row, outcome)
        fields = {**self._fields(sent), "reason": reason}
        if given_up:
            log.error("alert given up", extra=fields)
            return AlerterEvent("dead", fields)
        fields["again_in_s"] = round(delay, 1)
        # Warn only when the reason changes.
        is_known = (row.last_reason or "").startswith(outcome.reason)
        level = logging.DEBUG if is_known else logging.WARNING
        log.log(level, "alert deferred", extra=fields)
        return AlerterEvent("deferred", fields)

    def _is_too_old(self, row: OutboxRow, now: float) -> bool:
        limit_s = self._setup.retry_for_s
        old = now - row.created_at >= limit_s and row.attempts >= FEWEST_ATTEMPTS
        return old and self._setup.clock_watch.trusts(limit_s)

    def _delay(self, row: OutboxRow, outcome: Outcome) -> float:
        """Return the wait before the next attempt at a message."""
        backoff, chance = self._setup.backoff, self._setup.chance()
        delay = backoff.delay_s(row.attempts, chance)
        if outcome.permanent:
            longest = max(backoff.max_s, REFUSED_MAX_S)
            refused = Backoff(backoff.max_s, longest).delay_s(row.attempts, chance)
            delay = max(delay, refused)
        if outcome.in_doubt:
            delay = max(delay, outbox.doubt_delay_s(row.in_doubt + 1))
        return max(delay, outcome.retry_after_s or 0.0)

    def _after_failure(self, row: OutboxRow, outcome: Outcome) -> None:
        first, self._stuck = self._stuck is None, None
        if outcome.permanent:
            return
        if outcome.retry_after_s is not None:
            self._pause(outcome.retry_after_s)  # the service is busy, not the message
            return
        waited_for = row.order_key is not None and not row.overtakable
        if first and waited_for and row.attempts >= PASS_AFTER:
            self._stuck = row
        else:
            self._pause()

    def _pause(self, least_s: float = 0.0) -> None:
        """Send nothing to a failing service for a while."""
        self._failures += 1
        delay = self._setup.backoff.delay_s(self._failures, self._setup.chance())
        delay = max(delay, least_s)
        self._paused_until = self._setup.clock.monotonic() + delay

    def _fields(self, sent: _Sent) -> dict[str, object]:
        return {
            "id": sent.row.incident_id or sent.row.notification_id,
            "service": self._service.label,
            "attempt": sent.row.attempts,
        }


class Worker(threading.Thread):
    """Runs a delivery agent until it is stopped."""

    def __init__(
        self, agent: DeliveryAgent, name: str, keeper: KeepAlive | None = None
    ) -> None:
        super().__init__(name=f"omprog-panic-{name}", daemon=True)
        self._agent = agent
        self._keeper = keeper
        self._wake = threading.Event()
        self._stopping = False

    def wake(self) -> None:
        """Check at once whether there is something to deliver."""
        self._wake.set()

    def stop(self) -> None:
        """Request an end after the message that is being sent."""
        self._stopping = True
        self._wake.set()

    def run(self) -> None:
        self._warm_up()
        reason = ""
        while not self._stopping:
            try:
                delay = self._agent.step()
                if self._keeper is not None:
                    delay = min(delay, self._keeper.step())
                reason = ""
            except StoreError as error:
                delay = STORE_RETRY_S
                if str(error) != reason:
                    reason = str(error)
                    log.error("delivery waits", extra={"reason": reason})  # noqa: TRY400
            except Exception:
                # A bug; the lease keeps the row from coming back at once.
                log.exception("delivery failed")
                delay = STORE_RETRY_S
            if delay > 0 and not self._stopping:
                self._wake.wait(min(delay, MAX_IDLE_S))
            self._wake.clear()

    def _warm_up(self) -> None:
        try:
            self._agent.warm_up()
        except Exception:
            log.exception("warm-up failed")

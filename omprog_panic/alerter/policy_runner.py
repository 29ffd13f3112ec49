"""The policy between spool and outbox: its clock, its memory, its log.

What the policy decides is stored in the transaction that takes its events in: either
all of it happened or nothing. When that transaction fails, the memory is read again.
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING

from omprog_panic.alerter.dispatch import send_messages
from omprog_panic.alerter.policy_events import command_event, silence_event
from omprog_panic.alerter.policy_memory import (
    log_checkpoint,
    log_evaluation,
    open_memory,
    store_changes,
)
from omprog_panic.alerter.policy_settings import receivers_of
from omprog_panic.clock import utc_offset
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.notification import Labels, Notification, Recipient
from omprog_panic.policy.decision import PRECEDENCE, Decision, DecisionRecord
from omprog_panic.policy.engine import Engine, PolicyResult
from omprog_panic.policy.evaluation import incident_message_id
from omprog_panic.policy.event import (
    ConfigChanged,
    Crash,
    Event,
    ProbeSent,
)
from omprog_panic.policy.timestamps import Timekeeper, Timestamps
from omprog_panic.store import cause_commands, decisions, silences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from omprog_panic.clock import Clock
    from omprog_panic.config.model import Service
    from omprog_panic.config.policy import PolicyConfig
    from omprog_panic.store.connect import Database, Transaction

    # Sends a probe with this token to an address and port; returns why it could not.
    SendProbe = Callable[[str, str, int], str | None]

log = logging.getLogger(__name__)

CHECKPOINT_EVALUATIONS = 1000  # between two copies of the memory in the log
SEVERE = frozenset({"panic", "oops", "lockup", "hardware"})


class PolicyRunner:
    """The policy of one alerter."""

    def __init__(
        self,
        clock: Clock,
        config: PolicyConfig,
        services: Sequence[Service],
        send_probe: SendProbe | None = None,
    ) -> None:
        self._clock = clock
        self._send_probe = send_probe
        self._engine: Engine | None = None  # None: to be read from the store
        self._keeper = Timekeeper(None)
        self._evaluations = 0  # since the last checkpoint
        self._services = tuple(services)
        self._wanted = ConfigChanged(config, receivers_of(services))

    def configure(self, config: PolicyConfig, services: Sequence[Service]) -> None:
        """Use this configuration from the next evaluation on."""
        self._services = tuple(services)
        self._wanted = ConfigChanged(config, receivers_of(services))

    def new_causes(self, fingerprints: Iterable[str]) -> set[str]:
        """Return those whose history in the archive a message may need."""
        engine = self._engine
        known = set() if engine is None else engine.notified_causes()
        return set(fingerprints) - known

    def evaluate(
        self,
        connection: Transaction,
        events: Sequence[Event],
        probe: ProbeSent | None = None,
    ) -> PolicyResult:
        """Evaluate events, and store memory and log; the caller sends the result."""
        engine = self._opened(connection)
        now = self._now(engine)
        all_events = [*self._own_events(connection, engine, probe), *events]
        try:
            result = engine.evaluate(now, all_events)
        except Exception:
            # A bug in the policy must not cost an alert.
            log.exception("policy failed")
            self.forget()
            return self._without_policy(events)
        self._store(connection, engine, now, all_events, result)
        return result

    def tick(self, database: Database) -> bool:
        """Do what is due by time alone; return whether there is something to send.

        Raises:
            StoreError: the database cannot be used now.

        """
        try:
            return self._tick(database)
        except BaseException:
            self.forget()
            raise

    def _tick(self, database: Database) -> bool:
        engine, probe = self._engine, self.probe()
        if engine is None or probe is not None or self._has_news(database, engine):
            with database.write() as connection:
                result = self.evaluate(connection, [], probe)
                self.send(connection, result)
            return bool(result.notifications)
        now = self._now(engine)
        result = engine.evaluate(now)
        if engine.memory.has_changes or result.decisions:
            with database.write() as connection:
                self._store(connection, engine, now, [], result)
                self.send(connection, result)
        return bool(result.notifications)

    def _has_news(self, database: Database, engine: Engine) -> bool:
        if not engine.is_configured_as(self._wanted):
            return True
        with database.read() as connection:
            return bool(
                silences.changed_silences(connection, engine.silence_revision)
                or cause_commands.commands_after(connection, engine.command_revision)
            )

    def probe(self) -> ProbeSent | None:
        """Send a probe datagram if it is time for one."""
        engine = self._engine
        if engine is None or self._send_probe is None:
            return None
        if not engine.probe_is_due(self._now(engine)):
            return None
        token = uuid.uuid4().hex
        check = engine.settings.config.self_check
        return ProbeSent(token, self._send_probe(token, check.address, check.port))

    def send(self, connection: Transaction, result: PolicyResult) -> None:
        """Store the decisions, and put the notifications into the outbox."""
        now = self._clock.wall()
        labels = {service.key: service.label for service in self._services}
        decisions.insert_decisions(
            connection,
            [
                decisions.StoredDecision(
                    at=now,
                    subject=record.subject,
                    decision=record.decision.value,
                    reason=record.reason,
                    services=tuple(labels.get(key, key) for key in record.services),
                    cause=record.cause,
                    message_id=record.message_id,
                    suppressed=record.decision.suppresses,
                )
                for record in result.decisions
            ],
        )
        send_messages(connection, result.notifications, self._services, now)

    def forget(self) -> None:
        """Read the memory again next time: the last decisions were not stored."""
        self._engine = None

    def _opened(self, connection: Transaction) -> Engine:
        if self._engine is None:
            self._engine = Engine(open_memory(connection))
            self._keeper = Timekeeper(self._engine.last)
            self._checkpoint(connection, self._engine)
        return self._engine

    def _now(self, engine: Engine) -> Timestamps:
        wall = self._clock.wall()
        return self._keeper.now(
            wall, self._clock.monotonic(), utc_offset(wall), hearing=engine.hearing
        )

    def _own_events(
        self, connection: Transaction, engine: Engine, probe: ProbeSent | None
    ) -> list[Event]:
        """Return what has changed in the configuration, and what people did."""
        own: list[Event] = []
        if not engine.is_configured_as(self._wanted):
            own.append(self._wanted)
        changed = silences.changed_silences(connection, engine.silence_revision)
        own += map(silence_event, changed)
        asked = cause_commands.commands_after(connection, engine.command_revision)
        own += map(command_event, asked)
        return own if probe is None else [*own, probe]

    def _store(
        self,
        connection: Transaction,
        engine: Engine,
        now: Timestamps,
        events: Sequence[Event],
        result: PolicyResult,
    ) -> None:
        store_changes(connection, engine.memory)
        # A replay must see the clock set when it was.
        if not events and not result.decisions and not result.clock_was_set:
            return
        log_evaluation(connection, now, events)
        self._evaluations += 1
        if self._evaluations >= CHECKPOINT_EVALUATIONS:
            self._checkpoint(connection, engine)

    def _checkpoint(self, connection: Transaction, engine: Engine) -> None:
        self._evaluations = 0
        log_checkpoint(connection, self._clock.wall(), engine.memory)

    def _without_policy(self, events: Sequence[Event]) -> PolicyResult:
        """Notify every service of every severe crash."""
        keys = tuple(service.key for service in self._services)
        result = PolicyResult([], [])
        for event in events:
            if isinstance(event, Crash):
                _decide_without_policy(result, event, keys)
        return result


def _decide_without_policy(
    result: PolicyResult, crash: Crash, keys: tuple[str, ...]
) -> None:
    severe = crash.severity in SEVERE
    reason = "the policy failed: internal error"
    decision = Decision.NOTIFY_SEVERE if severe else Decision.STORE_ONLY
    id_ = incident_message_id(crash.id) if severe else None
    subject = f"incident:{crash.id}"
    record = DecisionRecord(decision, subject, reason, keys, None, id_)
    result.decisions.append(record)
    if id_ is not None:
        result.notifications.append(
            Notification(
                id=id_,
                facts=IncidentNotes(),
                recipients=tuple(Recipient(key) for key in keys),
                decision=decision.value,
                reason=reason,
                incident_id=crash.id,
                order_key=crash.source,
                labels=Labels(crash.severity, crash.kind, address=crash.source),
            )
        )


def decisions_by_incident(result: PolicyResult) -> dict[str, Decision]:
    """Return for each incident, by its id, the decision that is shown first."""
    found: dict[str, Decision] = {}
    for record in result.decisions:
        sort, _, id_ = record.subject.partition(":")
        if sort == "incident":
            earlier = found.get(id_, record.decision)
            found[id_] = min(earlier, record.decision, key=PRECEDENCE.index)
    return found

"""The policy between spool and outbox: its clock, its memory, its log.

What the policy decides is stored in the transaction that takes its events in: either
all of it happened or nothing. When that transaction fails, the memory is read again.
"""

from __future__ import annotations

import json
import logging
import uuid
from typing import TYPE_CHECKING, Any

from omprog_panic.alerter.dispatch import send_messages
from omprog_panic.alerter.policy_settings import receivers_of
from omprog_panic.clock import utc_offset
from omprog_panic.policy.decision import PRECEDENCE, Decision, DecisionRecord
from omprog_panic.policy.engine import Engine, PolicyResult
from omprog_panic.policy.evaluation import Message, incident_message_id
from omprog_panic.policy.event import (
    ConfigChanged,
    Crash,
    Event,
    ProbeSent,
    SilenceChanged,
    event_from_json,
    event_to_json,
)
from omprog_panic.policy.settings import SECTIONS
from omprog_panic.policy.state import State
from omprog_panic.policy.timestamps import Timekeeper, Timestamps
from omprog_panic.store import decisions, policy_store, silences
from omprog_panic.store.policy_store import LogKind, StateRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from omprog_panic.clock import Clock
    from omprog_panic.config.model import Service
    from omprog_panic.store.connect import Database
    from omprog_panic.store.policy_store import LogEntry

    # Sends the marked datagram with this token to an address and port; tells why not.
    SendProbe = Callable[[str, str, int], str | None]

log = logging.getLogger(__name__)

CHECKPOINT_TURNS = 1000  # the whole memory goes into the log so often


class PolicyRunner:
    """The policy of one alerter."""

    def __init__(
        self,
        clock: Clock,
        sections: Mapping[str, Any],
        services: Sequence[Service],
        send_probe: SendProbe | None = None,
    ) -> None:
        self._clock = clock
        self._send_probe = send_probe
        self._engine: Engine | None = None  # None: to be read from the store
        self._keeper = Timekeeper(None)
        self._turns = 0
        self._services: Sequence[Service] = ()
        self._wanted = ConfigChanged({}, [])
        self.configure(sections, services)

    def configure(
        self, sections: Mapping[str, Any], services: Sequence[Service]
    ) -> None:
        """Go by this configuration from the next turn on."""
        named = {name: sections[name] for name in SECTIONS if name in sections}
        receivers = [[r.key, r.label, list(r.tags)] for r in receivers_of(services)]
        # As the log and the memory hold it, so that equal ones are equal.
        self._wanted = ConfigChanged(json.loads(json.dumps(named)), receivers)
        self._services = tuple(services)

    def new_causes(self, fingerprints: Iterable[str]) -> set[str]:
        """Return those of which a message may soon say how well they are known."""
        known = set() if self._engine is None else self._engine.causes()
        return set(fingerprints) - known

    def evaluate(
        self,
        connection: Connection,
        events: Sequence[Event],
        probe: ProbeSent | None = None,
    ) -> PolicyResult:
        """Decide; memory and log are stored, and the messages still to be sent."""
        engine = self._opened(connection)
        moment = self._moment(engine)
        taken = self._with_own(connection, engine, events, probe)
        try:
            result = engine.evaluate(moment, taken)
        except Exception:
            # A bug in the policy must not cost an alert.
            log.exception("policy failed")
            self.forget()
            return self._without_policy(events)
        self._store(connection, engine, moment, taken, result)
        return result

    def tick(self, database: Database) -> bool:
        """Do what time alone brings about; tell whether there is something to send.

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
            return bool(result.messages)
        moment = self._moment(engine)
        result = engine.evaluate(moment)
        if engine.state.has_changes or result.decided:
            with database.write() as connection:
                self._store(connection, engine, moment, [], result)
                self.send(connection, result)
        return bool(result.messages)

    def _has_news(self, database: Database, engine: Engine) -> bool:
        if not engine.configured_as(self._wanted):
            return True
        with database.read() as connection:
            return bool(silences.changed_silences(connection, engine.silence_revision))

    def probe(self) -> ProbeSent | None:
        """Send a marked datagram if it is time for one."""
        engine = self._engine
        if engine is None or self._send_probe is None:
            return None
        if not engine.probe_is_due(self._moment(engine)):
            return None
        token = uuid.uuid4().hex
        check = engine.settings.self_check
        return ProbeSent(token, self._send_probe(token, check.address, check.port))

    def send(self, connection: Connection, result: PolicyResult) -> None:
        """Store the decisions, and put the messages into the outbox."""
        now = self._clock.wall()
        labels = {service.key: service.label for service in self._services}
        decisions.insert_decisions(
            connection,
            [
                decisions.StoredDecision(
                    at=now,
                    subject=decided.subject,
                    decision=decided.decision.name,
                    reason=decided.reason,
                    services=tuple(labels.get(key, key) for key in decided.services),
                    cause=decided.cause,
                    message_id=decided.message_id,
                    suppressed=decided.decision.name.startswith("SUPPRESS_"),
                )
                for decided in result.decided
            ],
        )
        send_messages(connection, result.messages, self._services, now)

    def forget(self) -> None:
        """Read the memory again: what was decided last has not been stored."""
        self._engine = None

    def _opened(self, connection: Connection) -> Engine:
        if self._engine is None:
            state = State()
            for row in policy_store.load_state(connection):
                state.load(row.part, row.name, json.loads(row.content or "{}"))
            self._engine = Engine(state)
            self._keeper = Timekeeper(self._engine.last)
            self._checkpoint(connection, self._engine)
        return self._engine

    def _moment(self, engine: Engine) -> Timestamps:
        wall = self._clock.wall()
        return self._keeper.moment(
            wall, self._clock.monotonic(), utc_offset(wall), hearing=engine.hearing
        )

    def _with_own(
        self,
        connection: Connection,
        engine: Engine,
        events: Sequence[Event],
        probe: ProbeSent | None,
    ) -> list[Event]:
        """Add what is configured and silenced, where that is new."""
        own: list[Event] = [
            SilenceChanged(
                id=silence.id,
                match=silence.match,
                author=silence.author,
                comment=silence.comment,
                starts_at=silence.starts_at,
                ends_at=silence.ends_at,
                revision=silence.revision,
            )
            for silence in silences.changed_silences(
                connection, engine.silence_revision
            )
        ]
        if not engine.configured_as(self._wanted):
            own.insert(0, self._wanted)
        if probe is not None:
            own.append(probe)
        return [*own, *events]

    def _store(
        self,
        connection: Connection,
        engine: Engine,
        moment: Timestamps,
        events: Sequence[Event],
        result: PolicyResult,
    ) -> None:
        changes = [
            StateRow(part, name, None if row is None else json.dumps(row))
            for part, name, row in engine.state.changes()
        ]
        policy_store.store_state(connection, changes)
        if not events and not result.decided:
            return
        logged = [list(moment), [event_to_json(event) for event in events]]
        policy_store.append_log(
            connection, moment.wall, LogKind.EVALUATION, json.dumps(logged)
        )
        self._turns += 1
        if self._turns >= CHECKPOINT_TURNS:
            self._checkpoint(connection, engine)

    def _checkpoint(self, connection: Connection, engine: Engine) -> None:
        self._turns = 0
        everything = json.dumps(engine.state.everything())
        now = self._clock.wall()
        policy_store.append_log(connection, now, LogKind.STATE, everything)

    def _without_policy(self, events: Sequence[Event]) -> PolicyResult:
        """Tell everybody of everything that is severe."""
        decided, messages = [], []
        keys = tuple(service.key for service in self._services)
        for event in events:
            if isinstance(event, Crash):
                told = event.severity in {"panic", "oops", "lockup", "hardware"}
                reason = "the policy failed: a bug of omprog-panic"
                decision = Decision.NOTIFY_SEVERE if told else Decision.STORE_ONLY
                id_ = incident_message_id(event.id) if told else None
                subject = f"incident:{event.id}"
                decided.append(
                    DecisionRecord(decision, subject, reason, keys, None, id_)
                )
                if id_ is not None:
                    messages.append(
                        Message(
                            id=id_,
                            kind="incident",
                            services=keys,
                            decision=decision,
                            reason=reason,
                            incident_id=event.id,
                            order_key=event.source,
                            details={},
                        )
                    )
        return PolicyResult(decided, messages)


def decisions_by_incident(result: PolicyResult) -> dict[str, Decision]:
    """Return for each incident, by its id, the decision that is shown first."""
    found: dict[str, Decision] = {}
    for decided in result.decided:
        sort, _, id_ = decided.subject.partition(":")
        if sort == "incident":
            earlier = found.get(id_, decided.decision)
            found[id_] = min(earlier, decided.decision, key=PRECEDENCE.index)
    return found


def replay(entries: Iterable[LogEntry]) -> list[DecisionRecord]:
    """Play the log of a policy from its first state on; give what it decides."""
    engine: Engine | None = None
    decided: list[DecisionRecord] = []
    for kind, content in entries:
        if kind is LogKind.EVALUATION and engine is not None:
            (t, wall, listened, offset_s), events = json.loads(content)
            moment = Timestamps(t, wall, listened, offset_s)
            taken = [event_from_json(event) for event in events]
            decided += engine.evaluate(moment, taken).decided
        elif kind is LogKind.STATE and engine is None:
            state = State()
            for part, name, row in json.loads(content):
                state.load(part, name, row)
            engine = Engine(state)
    return decided

"""One moment of the policy: what it sees, and what comes of it. Pure."""

from __future__ import annotations

import dataclasses
import json
import uuid
from typing import TYPE_CHECKING, Any

from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.match import Labels, build_match, holds
from omprog_panic.policy.state import Bundle, Ceiling, Digest, Monitor, SilenceRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.policy.event import Crash
    from omprog_panic.policy.route import Fired
    from omprog_panic.policy.settings import Settings
    from omprog_panic.policy.state import State
    from omprog_panic.policy.timestamps import Timestamps

HOUR_S = 3600.0
MAX_BUNDLED = 200  # hosts that one message names; the others it counts
MAX_REMEMBERED = 50  # incidents under a silence that are named
THE_ONE = "-"  # key of tables with one row


@dataclasses.dataclass(frozen=True)
class Message:
    """Something to say, to these services (keys)."""

    id: str
    kind: str
    services: tuple[str, ...]
    decision: Decision
    reason: str
    incident_id: str | None
    order_key: str | None  # messages of one host go out in their order
    details: dict[str, Any]


def incident_message_id(incident_id: str) -> str:
    """Return the id of the message that tells of an incident first.

    Made from the incident: a second one cannot come to be, whatever happens.
    """
    return uuid.uuid5(uuid.NAMESPACE_OID, f"incident:{incident_id}").hex


@dataclasses.dataclass(frozen=True)
class Draft:
    """What one part of the policy wants to say."""

    kind: str
    decision: Decision
    reason: str
    subject: str
    details: dict[str, Any]
    incident_id: str | None = None
    order_key: str | None = None
    cause: str | None = None
    limited: bool = True  # counts for the ceiling


class Turn:
    """Settings, state and the moment; collects decisions and messages."""

    def __init__(self, settings: Settings, state: State, moment: Timestamps) -> None:
        self.settings = settings
        self.state = state
        self.moment = moment
        self._decided: list[DecisionRecord] = []
        # Crashes of this moment in groups that are not told yet, by the group's key.
        self.joined: dict[str, list[Crash]] = {}
        self._messages: dict[str, Message] = {}

    @property
    def monitor(self) -> Monitor:
        found = self.state.monitor.get(THE_ONE)
        if found is None:
            found = Monitor()
            self.state.monitor.put(THE_ONE, found)
        return found

    @property
    def digest(self) -> Digest:
        found = self.state.digest.get(THE_ONE)
        if found is None:
            found = Digest()
            self.state.digest.put(THE_ONE, found)
        return found

    @property
    def messages(self) -> list[Message]:
        return list(self._messages.values())

    def labels(self, severity: str, address: str, said: str | None) -> Labels:
        """Return the labels of a message about a host."""
        settings = self.settings
        name = settings.name_of(address, said)
        return Labels(
            severity, host=name, address=address, group=settings.group_of(address)
        )

    def silence(self, labels: Labels) -> SilenceRow | None:
        """Find the silence that covers these labels now; the first by its id."""
        for _, row in sorted(self.state.silences.rows.items()):
            if row.starts_at <= self.moment.wall < row.ends_at and holds(
                build_match(row.match), labels
            ):
                return row
        return None

    @property
    def decided(self) -> list[DecisionRecord]:
        """The decisions; equal ones for several services are one."""
        merged: dict[DecisionRecord, list[str]] = {}
        for decided in self._decided:
            key = decided._replace(services=())
            merged.setdefault(key, []).extend(decided.services)
        return [d._replace(services=tuple(keys)) for d, keys in merged.items()]

    def decide(self, decided: DecisionRecord) -> None:
        self._decided.append(decided)

    def send(self, draft: Draft, services: Mapping[str, str | None]) -> None:
        """Say it to these services (with their templates), as far as they may."""
        told = [s for s in services if not draft.limited or self._may(s, draft)]
        if not told:
            return
        named = {s: t for s in told if (t := services[s]) is not None}
        key = json.dumps([draft.kind, draft.subject, draft.incident_id, draft.details])
        earlier = self._messages.get(key)
        if earlier is not None:
            merged = {**earlier.details.get("templates", {}), **named}
            details = {**draft.details, **({"templates": merged} if merged else {})}
            message = dataclasses.replace(
                earlier, services=(*earlier.services, *told), details=details
            )
        else:
            details = {**draft.details, **({"templates": named} if named else {})}
            message = Message(
                self._message_id(draft),
                draft.kind,
                tuple(told),
                draft.decision,
                draft.reason,
                draft.incident_id,
                draft.order_key,
                details,
            )
        self._messages[key] = message
        self.decide(
            DecisionRecord(
                draft.decision,
                draft.subject,
                draft.reason,
                tuple(told),
                draft.cause,
                message.id,
            )
        )

    def _message_id(self, draft: Draft) -> str:
        if draft.kind == "incident" and draft.incident_id is not None:
            return incident_message_id(draft.incident_id)
        monitor = self.monitor
        monitor.messages += 1
        self.state.monitor.put(THE_ONE, monitor)
        name = f"{draft.kind}:{draft.subject}:{monitor.messages}:{monitor.wall}"
        return uuid.uuid5(uuid.NAMESPACE_OID, name).hex

    def _may(self, service: str, draft: Draft) -> bool:
        """Count a message; False when the service has had enough for this hour."""
        now = self.moment.t
        row = self.state.ceilings.get(service) or Ceiling(service)
        row.sent = [t for t in row.sent if now - t < HOUR_S]
        limit = self.settings.grouping.ceiling_per_hour
        self.state.ceilings.put(service, row)
        if len(row.sent) < limit:
            row.sent.append(now)
            return True
        row.held[draft.kind] = row.held.get(draft.kind, 0) + 1
        if row.held_t is None:
            row.held_t, row.held_at = now, self.moment.wall
        self.digest.held[service] = self.digest.held.get(service, 0) + 1
        self.state.digest.put(THE_ONE, self.digest)
        reason = f"the service has had {limit} messages within an hour; {draft.reason}"
        self.decide(
            DecisionRecord(
                Decision.SUPPRESS_RATE_LIMIT,
                draft.subject,
                reason,
                (service,),
                draft.cause,
            )
        )
        return False

    def bundle(self, kind: str, labels: Labels, entry: dict[str, Any]) -> None:
        """Put a host into the next message of this sort to each of its services."""
        subject = f"sender:{labels.address}"
        silence = self.silence(labels)
        if silence is not None:
            silence.signs += 1
            self.state.silences.put(silence.id, silence)
            self.decide(
                DecisionRecord(Decision.STORE_SILENCED, subject, silence_words(silence))
            )
            return
        told = self.settings.route(labels)
        if not told:
            reason = f"{kind}: its route names nobody"
            self.decide(DecisionRecord(Decision.STORE_NO_RECEIVER, subject, reason))
        held = [s for s, fired in told.items() if self._bundled(kind, s, fired, entry)]
        if held:
            reason = (
                f"{kind}: the last such message was sent less than "
                f"{self.settings.grouping.group_interval_s:g} s ago"
            )
            self.decide(
                DecisionRecord(
                    Decision.SUPPRESS_HOST_STATE, subject, reason, tuple(held)
                )
            )

    def _bundled(
        self, kind: str, service: str, fired: Fired, entry: dict[str, Any]
    ) -> bool:
        """Add to a bundle; tell whether it has to wait."""
        key = f"{kind}|{service}"
        row = self.state.bundles.get(key) or Bundle(kind, service)
        row.template = fired.template
        if len(row.waiting) < MAX_BUNDLED:
            row.waiting.append(entry)
        else:
            row.more += 1
        self.state.bundles.put(key, row)
        return not bundle_is_due(self, row)

    def flush_bundles(self) -> None:
        """Send the bundles that are due, all their hosts in one message each."""
        for key, row in sorted(self.state.bundles.rows.items()):
            if not row.waiting or not bundle_is_due(self, row):
                continue
            hosts = sorted(row.waiting, key=lambda e: (e["at"], e["address"]))
            count = len(hosts) + row.more
            noun = "host" if count == 1 else "hosts"
            draft = Draft(
                kind=row.kind,
                decision=Decision.NOTIFY_HOST_STATE,
                reason=f"{row.kind}: {count} {noun}",
                subject=f"sender:{hosts[0]['address']}" if count == 1 else "monitor",
                details={"hosts": hosts, "count": count},
                order_key=hosts[0]["address"] if count == 1 else None,
            )
            for entry in hosts[1:] if count > 1 else ():
                self.decide(
                    DecisionRecord(
                        Decision.NOTIFY_HOST_STATE,
                        f"sender:{entry['address']}",
                        f"{row.kind}: told in a message about {count} hosts",
                        (row.service,),
                    )
                )
            row.told_t, row.waiting, row.more = self.moment.t, [], 0
            self.state.bundles.put(key, row)
            self.send(draft, {row.service: row.template})


def bundle_is_due(turn: Turn, row: Bundle) -> bool:
    """Return whether a message of this sort may go out now."""
    if row.told_t is None:
        return True
    passed = turn.moment.t - row.told_t
    return passed >= turn.settings.grouping.group_interval_s


def silence_words(row: SilenceRow) -> str:
    """Say which silence it was."""
    return f"silence {row.id} by {row.author}: {row.comment}"

"""One evaluation of the policy: what it goes by, and what it decides. Pure."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING

from omprog_panic.notification.kinds import Kind, kind_of
from omprog_panic.notification.notification import Labels, Notification, Recipient
from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.draft import Draft, Limit
from omprog_panic.policy.rate_limit import (
    MONITOR_PER_HOUR,
    admit,
    admit_monitor,
    has_room,
)
from omprog_panic.policy.state.rate_limit import RateLimitState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.notification.format import MessageFacts
    from omprog_panic.policy.event import Crash
    from omprog_panic.policy.settings import Settings
    from omprog_panic.policy.state.memory import Memory
    from omprog_panic.policy.timestamps import Timestamps

TRUST_WALL_AFTER_S = 3600.0  # since it was set: it may be corrected again
MAX_NAMED = 200  # hosts that one message names; others are counted


def incident_message_id(incident_id: str) -> str:
    """Return the id of the first message about an incident.

    It is made from the incident's: there cannot be a second such message.
    """
    return uuid.uuid5(uuid.NAMESPACE_OID, f"incident:{incident_id}").hex


class Evaluation:
    """Settings, memory and the current time; collects decisions and notifications."""

    def __init__(self, settings: Settings, memory: Memory, now: Timestamps) -> None:
        self.settings = settings
        self.memory = memory
        self.now = now
        # Crashes of this evaluation in groups not notified yet, by the group's key.
        self.joined: dict[str, list[Crash]] = {}
        self._decisions: list[DecisionRecord] = []
        self._notifications: dict[
            tuple[MessageFacts, str, str | None], Notification
        ] = {}

    @property
    def trusts_wall(self) -> bool:
        """Whether something may end for good because of the wall clock.

        Not soon after it was set: a clock that is years ahead is corrected within
        minutes, and then a silence must still be there.
        """
        set_t = self.memory.current_monitor.set_t
        return set_t is None or self.now.t - set_t >= TRUST_WALL_AFTER_S

    @property
    def notifications(self) -> list[Notification]:
        return list(self._notifications.values())

    @property
    def decisions(self) -> list[DecisionRecord]:
        """The decisions; equal ones for several services are one."""
        merged: dict[DecisionRecord, list[str]] = {}
        for record in self._decisions:
            key = record._replace(services=())
            merged.setdefault(key, []).extend(record.services)
        return [r._replace(services=tuple(keys)) for r, keys in merged.items()]

    def labels(self, severity: str, address: str, own_name: str | None) -> Labels:
        """Return the labels of a message about a host."""
        directory = self.settings.directory
        return Labels(
            severity,
            host=directory.name_of(address, own_name),
            address=address,
            group=directory.group_of(address),
            addresses=directory.addresses_of(address)[1:],
        )

    def decide(self, record: DecisionRecord) -> None:
        self._decisions.append(record)

    def has_room(self, service: str, draft: Draft) -> bool:
        """Return whether a service has not reached its rate limit for such a draft."""
        row = self.memory.rate_limits.get(service) or RateLimitState(service)
        per_hour = self.settings.config.grouping.messages_per_hour
        return has_room(row, per_hour, self.now, self._with_shares(draft))

    def notify(
        self, draft: Draft, services: Mapping[str, str | None]
    ) -> tuple[str, ...]:
        """Send a message to these services (with their templates).

        Services that have reached their rate limit are left out; return the others.
        Equal drafts of one evaluation become one notification.
        """
        admitted = tuple(s for s in services if self._admit(s, draft))
        if not admitted:
            return ()
        recipients = tuple(Recipient(s, services[s]) for s in admitted)
        key = (draft.facts, draft.subject, draft.episode or draft.incident_id)
        earlier = self._notifications.get(key)
        if earlier is None:
            message = self._notification(draft, recipients)
        else:
            message = dataclasses.replace(
                earlier, recipients=(*earlier.recipients, *recipients)
            )
        self._notifications[key] = message
        self.decide(
            DecisionRecord(
                draft.decision,
                draft.subject,
                draft.reason,
                admitted,
                draft.cause,
                message.id,
            )
        )
        return admitted

    def _notification(
        self, draft: Draft, recipients: tuple[Recipient, ...]
    ) -> Notification:
        return Notification(
            id=self._new_id(draft),
            facts=draft.facts,
            recipients=recipients,
            decision=draft.decision.value,
            reason=draft.reason,
            incident_id=draft.incident_id,
            cause=draft.cause,
            order_key=draft.order_key,
            labels=draft.labels._replace(addresses=()),
            episode=draft.episode,
        )

    def _new_id(self, draft: Draft) -> str:
        kind = kind_of(draft.facts)
        if kind is Kind.INCIDENT and draft.incident_id is not None:
            return incident_message_id(draft.incident_id)
        monitor = self.memory.current_monitor
        monitor.messages += 1
        self.memory.save_monitor()
        name = f"{kind.value}:{draft.subject}:{monitor.messages}:{monitor.wall}"
        return uuid.uuid5(uuid.NAMESPACE_OID, name).hex

    def _with_shares(self, draft: Draft) -> Draft:
        share_of = self.settings.directory.share_of
        shares = dict.fromkeys(share_of(host.address) for host in draft.crashed)
        return dataclasses.replace(draft, shares=tuple(shares))

    def _admit(self, service: str, draft: Draft) -> bool:
        """Count a message; False: the service has reached its rate limit."""
        if draft.limit is Limit.OWN:
            return True
        memory, per_hour = self.memory, self.settings.config.grouping.messages_per_hour
        row = memory.rate_limits.get(service) or RateLimitState(service)
        memory.rate_limits.put(service, row)
        draft, kind = self._with_shares(draft), kind_of(draft.facts)
        if draft.limit is Limit.MONITOR:
            per_hour = MONITOR_PER_HOUR
            admitted = admit_monitor(row, self.now, draft, kind)
        else:
            admitted = admit(row, per_hour, self.now, draft, kind)
        if admitted:
            return True
        digest = memory.current_digest
        digest.suppressed[service] = digest.suppressed.get(service, 0) + 1
        memory.save_digest()
        reason = f"{per_hour} messages to this service within an hour; {draft.reason}"
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

"""The daily digest of what is not worth an alert. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.digest import (
    DailyDigest,
    DigestCause,
    LimitedService,
    UnresolvedCause,
)
from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.notification import Labels
from omprog_panic.notification.senders import SilentHost
from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.draft import Draft, Limit
from omprog_panic.policy.evaluation import MAX_NAMED
from omprog_panic.policy.familiarity import familiarity
from omprog_panic.policy.lifecycle import open_rows
from omprog_panic.policy.settings import build_settings
from omprog_panic.policy.state.digest import DigestState
from omprog_panic.policy.state.table import ONLY_ROW

if TYPE_CHECKING:
    from omprog_panic.config.senders import SenderDirectory
    from omprog_panic.notification.boots import UnannouncedBoot
    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.event import Crash
    from omprog_panic.policy.state.memory import Memory
    from omprog_panic.policy.timestamps import Timestamps

DAY_S = 86400
LEAST_S = 12 * 3600.0  # between two digests
MAX_HOSTS_OF_CAUSE = 50


def add_crash(evaluation: Evaluation, crash: Crash) -> None:
    """Add a crash to the next digest."""
    memory = evaluation.memory
    digest = memory.current_digest
    memory.save_digest()
    cause = digest.causes.get(crash.fingerprint)
    if cause is None:
        if len(digest.causes) >= MAX_NAMED:
            digest.more_causes += 1
            return
        cause = DigestCause(
            title=crash.title,
            kind=crash.kind,
            severity=crash.severity,
            id=crash.id,
            known=familiarity(crash.history, crash.kernel, evaluation.now.wall),
            subsystem=crash.subsystem or "",
        )
    name = evaluation.settings.directory.name_of(crash.source, crash.host)
    hosts = cause.hosts
    if name not in hosts and len(hosts) < MAX_HOSTS_OF_CAUSE:
        hosts = (*hosts, name)
    digest.causes[crash.fingerprint] = dataclasses.replace(
        cause, crashes=cause.crashes + 1, hosts=hosts
    )


def add_boot(evaluation: Evaluation, host: UnannouncedBoot) -> None:
    """Add a boot that nobody announced to the next digest."""
    digest = evaluation.memory.current_digest
    if len(digest.boots) < MAX_NAMED:
        digest.boots = (*digest.boots, host)
    else:
        digest.more_boots += 1
    evaluation.memory.save_digest()


def notify_digest(evaluation: Evaluation) -> None:
    """Send the digest if its time of the day has come."""
    memory, now = evaluation.memory, evaluation.now
    at = evaluation.settings.config.digest_at
    if at is None:
        memory.digests.drop(ONLY_ROW)
        return
    if not _is_due(evaluation, at):
        return
    facts = digest_facts(memory, now.wall)
    day = _local_day(now)
    memory.digests.put(ONLY_ROW, DigestState(since=now.wall, day=day, sent_t=now.t))
    if facts is None:
        reason = "digest: nothing to report"
        evaluation.decide(DecisionRecord(Decision.STORE_EXPECTED, "monitor", reason))
        return
    labels = Labels(Kind.DIGEST.value)
    draft = Draft(
        facts=facts,
        decision=Decision.NOTIFY_DIGEST,
        reason=f"due at {at // 3600:02d}:{at // 60 % 60:02d}",
        subject="monitor",
        labels=labels,
        limit=Limit.OWN,
    )
    routed = evaluation.settings.route(labels, now.wall)
    evaluation.notify(draft, {s: fired.template for s, fired in routed.items()})


def _is_due(evaluation: Evaluation, at: int) -> bool:
    """Return whether today's digest has not been sent, and its time has come.

    The day is that of the wall clock, which may be wrong by years for a while; so
    another day counts only some hours after the last digest, on the policy's own
    clock, and then also an earlier one. A clock that is set back by hours sees the same
    day twice, and sends one digest.
    """
    memory, now = evaluation.memory, evaluation.now
    digest, day = memory.current_digest, _local_day(now)
    has_come = int(now.wall + now.offset_s) % DAY_S >= at
    if digest.day is None:
        digest.day = day if has_come else day - 1
        digest.since = now.wall
        memory.save_digest()
    recently = digest.sent_t is not None and now.t - digest.sent_t < LEAST_S
    return has_come and day != digest.day and not recently


def _local_day(now: Timestamps) -> int:
    return int(now.wall + now.offset_s) // DAY_S


def digest_facts(memory: Memory, now: float) -> DailyDigest | None:
    """Return what the digest would contain at this wall time; None: nothing."""
    digest, configuration = memory.digests.get(ONLY_ROW), memory.current_config
    if digest is None or configuration is None:
        return None
    directory = build_settings(configuration.config).directory
    labels = {receiver.key: receiver.label for receiver in configuration.receivers}
    causes = sorted(digest.causes.values(), key=lambda c: (-c.crashes, c.id))
    unresolved = _unresolved(memory)
    facts = DailyDigest(
        since=digest.since,
        until=now,
        causes=tuple(causes),
        more_causes=digest.more_causes,
        boots=digest.boots,
        more_boots=digest.more_boots,
        silent=_silent_hosts(memory, directory),
        never=_unheard_hosts(memory, directory),
        suppressed=tuple(
            LimitedService(labels.get(key, key), count)
            for key, count in sorted(digest.suppressed.items())
        ),
        silenced=digest.silenced,
        unresolved=unresolved[:MAX_NAMED],
        more_unresolved=len(unresolved[MAX_NAMED:]),
    )
    contents = (
        facts.causes,
        facts.boots,
        facts.silent,
        facts.never,
        facts.suppressed,
        facts.silenced,
    )
    return facts if any(contents) else None


def _unresolved(memory: Memory) -> tuple[UnresolvedCause, ...]:
    """Return the open causes, the oldest first; they alone are no news."""
    found = []
    for _, cause in sorted(memory.causes.rows.items()):
        for row in open_rows(memory, cause)[:1]:
            labels = row.start.labels
            names = sorted(h.name or a for a, h in row.seen.hosts.items())
            found.append(
                UnresolvedCause(
                    title=labels.title,
                    severity=labels.severity,
                    hosts=tuple(names[:MAX_HOSTS_OF_CAUSE]),
                    since=row.start.at,
                    holder=cause.holder,
                )
            )
    return tuple(sorted(found, key=lambda cause: cause.since or 0.0))


def _silent_hosts(memory: Memory, directory: SenderDirectory) -> tuple[SilentHost, ...]:
    silent = [
        SilentHost(
            name=directory.name_of(source, row.host),
            address=source,
            last_heard_at=row.heard.wall,
        )
        for source, row in sorted(memory.senders.rows.items())
        if row.silent
    ]
    return tuple(silent[:MAX_NAMED])


def _unheard_hosts(
    memory: Memory, directory: SenderDirectory
) -> tuple[SilentHost, ...]:
    unheard = [
        SilentHost(name=directory.name_of(source, None), address=source)
        for source, row in sorted(memory.unheard.rows.items())
        if row.notified
    ]
    return tuple(unheard[:MAX_NAMED])

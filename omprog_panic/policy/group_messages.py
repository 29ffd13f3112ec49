"""What groups send: the first crash, more hosts, and repeated crashes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.notification.cause import (
    CauseSummary,
    CrashedHost,
    FollowUp,
    PanicLoop,
    Share,
)
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.policy.decision import Decision
from omprog_panic.policy.draft import Draft
from omprog_panic.policy.evaluation import MAX_NAMED
from omprog_panic.policy.group import (
    DRILL,
    is_loop,
    notified_ago,
    repeat_after_s,
    suppress,
    suppress_notified,
)
from omprog_panic.policy.lifecycle import (
    episode_of,
    held_causes,
    holder_of,
    is_quiet,
    note_sent,
    start_lifecycle,
    worse_rules,
)
from omprog_panic.policy.state.group import GroupPending

if TYPE_CHECKING:
    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.state.group import GroupState

# Beyond this, groups without pending crashes are forgotten, the oldest first.
MAX_GROUPS = 20_000


def flush_groups(evaluation: Evaluation) -> None:
    """Send what is due about each group; forget groups without recent crashes."""
    grouping, now = evaluation.settings.config.grouping, evaluation.now.t
    receivers = {receiver.key for receiver in evaluation.settings.receivers}
    groups = evaluation.memory.groups
    held = held_causes(evaluation.memory)
    # What is new first: repeats must not take its place under the rate limit.
    for key, group in sorted(groups.rows.items(), key=_urgency):
        pending = group.pending
        if group.service not in receivers:
            groups.drop(key)  # its messages are readdressed by the outbox
        elif group.notified_t is None:
            _notify_first(evaluation, key, group)
        elif group.cause in held and is_quiet(evaluation.memory, group):
            continue
        elif pending.fresh and _is_due(evaluation, group, grouping.group_interval_s):
            _notify_more(evaluation, key, group)
        elif pending.crashes and _is_due(
            evaluation, group, repeat_after_s(evaluation, group)
        ):
            _notify_repeat(evaluation, key, group)
        elif not pending.crashes and now - group.last_t > grouping.forget_after_s:
            groups.drop(key)
    _forget_groups(evaluation)


def _urgency(item: tuple[str, GroupState]) -> tuple[bool, bool, str]:
    key, group = item
    is_repeat = group.notified_t is not None or is_loop(group.cause)
    return is_repeat or group.cause.startswith(DRILL), not group.pending.fresh, key


def _is_due(evaluation: Evaluation, group: GroupState, wait_s: float) -> bool:
    """Return whether to send a message now: after a wait, or because it is worse."""
    waited_s = evaluation.now.t - (group.notified_t or 0.0)
    return waited_s >= wait_s or bool(worse_rules(evaluation.memory, group))


def _forget_groups(evaluation: Evaluation) -> None:
    groups = evaluation.memory.groups
    excess = len(groups.rows) - MAX_GROUPS
    if excess <= 0:
        return
    idle = sorted(
        (row.last_t, key) for key, row in groups.rows.items() if not row.pending.crashes
    )
    for _, key in idle[:excess]:
        groups.drop(key)


def _notify_first(evaluation: Evaluation, key: str, group: GroupState) -> None:
    if is_loop(group.cause):
        _notify_repeat(evaluation, key, group)
        return
    now = evaluation.now.t
    if now - group.opened_t < evaluation.settings.config.grouping.group_wait_s:
        return
    lead = group.lead
    source = lead.labels.address
    start_lifecycle(evaluation, group)
    fresh = {s: n for s, n in group.pending.fresh.items() if s != source}
    repeats = group.pending.fresh.get(source, 1) - 1
    is_drill = group.cause.startswith(DRILL)
    draft = Draft(
        facts=IncidentNotes(
            lead.known, is_drill, holder_of(evaluation.memory, group.cause)
        ),
        decision=Decision.NOTIFY_FIRST,
        reason=f"{group.route}: the first crash of its cause",
        subject=f"incident:{lead.id}",
        labels=lead.labels,
        incident_id=lead.id,
        order_key=source,
        cause=group.cause,
        crashed=() if is_drill else _hosts(group, {source: 1}),
        episode=episode_of(evaluation.memory, group),
    )
    group.notified_t = now
    group.pending = GroupPending(
        crashes=group.totals.crashes - 1,
        fresh=fresh,
        again={source: repeats} if repeats else {},
    )
    evaluation.memory.groups.put(key, group)
    _send(evaluation, group, draft)
    for crash in evaluation.joined.pop(key, []):
        if crash.id != lead.id:
            suppress_notified(evaluation, crash, group)


def _notify_more(evaluation: Evaluation, key: str, group: GroupState) -> None:
    pending = group.pending
    count = len(pending.fresh)
    reason = (
        f"{group.route}: the same crash on {count} more "
        f"{'host' if count == 1 else 'hosts'} since the notification "
        f"{notified_ago(evaluation, group)}"
    )
    facts = FollowUp(
        cause=_summary(group),
        hosts=_hosts(group, pending.fresh),
        count=count,
        crashes=pending.crashes,
        again=_hosts(group, pending.again),
        holder=holder_of(evaluation.memory, group.cause),
        worse=worse_rules(evaluation.memory, group),
    )
    draft = Draft(
        facts=facts,
        decision=Decision.NOTIFY_MORE,
        reason=reason,
        subject=f"cause:{group.cause}",
        labels=group.lead.labels,
        incident_id=group.lead.id,
        order_key=group.lead.labels.address,
        cause=group.cause,
        crashed=() if group.cause.startswith(DRILL) else facts.hosts,
        episode=episode_of(evaluation.memory, group),
    )
    _settle(evaluation, key, group)
    _send(evaluation, group, draft)


def _notify_repeat(evaluation: Evaluation, key: str, group: GroupState) -> None:
    pending = group.pending
    hosts = {**pending.fresh, **pending.again}
    start_lifecycle(evaluation, group)
    if group.notified_t is None:
        since = ", each of another cause"
    else:
        since = f" since the notification {notified_ago(evaluation, group)}"
        group.step += 1
    reason = f"{group.route}: {pending.crashes} crashes of known hosts{since}"
    for crash in evaluation.joined.pop(key, []):
        because = f"{group.route}: a host that keeps crashing with new causes"
        suppress(evaluation, Decision.SUPPRESS_REPEAT, crash, group, because)
    facts = PanicLoop(
        cause=_summary(group),
        hosts=_hosts(group, hosts),
        count=len(hosts),
        crashes=pending.crashes,
        next_s=repeat_after_s(evaluation, group),
        holder=holder_of(evaluation.memory, group.cause),
        worse=worse_rules(evaluation.memory, group),
    )
    draft = Draft(
        facts=facts,
        decision=Decision.NOTIFY_REPEAT,
        reason=reason,
        subject=f"cause:{group.cause}",
        labels=group.lead.labels,
        incident_id=group.lead.id,
        order_key=group.lead.labels.address,
        cause=group.cause,
        episode=episode_of(evaluation.memory, group),
    )
    _settle(evaluation, key, group)
    _send(evaluation, group, draft)


def _send(evaluation: Evaluation, group: GroupState, draft: Draft) -> None:
    sent = evaluation.notify(draft, {group.service: group.template})
    note_sent(evaluation, group, sent)


def _settle(evaluation: Evaluation, key: str, group: GroupState) -> None:
    """Note that all pending crashes have been notified."""
    group.notified_t, group.pending = evaluation.now.t, GroupPending()
    evaluation.memory.groups.put(key, group)


def _summary(group: GroupState) -> CauseSummary:
    labels, totals = group.lead.labels, group.totals
    return CauseSummary(
        key=group.cause,
        title=labels.title,
        titles=totals.titles,
        severity=labels.severity,
        first_host=labels.host,
        since=group.opened_at,
        all_hosts=len(totals.hosts),
        all_crashes=totals.crashes,
        kernels=_shares(totals.kernels),
        hardware=_shares(totals.hardware),
    )


def _hosts(group: GroupState, crashes: dict[str, int]) -> tuple[CrashedHost, ...]:
    hosts = [
        CrashedHost(group.totals.hosts[address].name, address, count)
        for address, count in crashes.items()
    ]
    return tuple(sorted(hosts, key=lambda host: (host.name, host.address))[:MAX_NAMED])


def _shares(counts: dict[str, int]) -> tuple[Share, ...]:
    falling = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Share(name, hosts) for name, hosts in falling)

"""Causes are resolved: all hosts are back and quiet, or somebody said so. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.notification.cause import CrashedHost
from omprog_panic.notification.resolved import Resolved
from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.draft import Draft
from omprog_panic.policy.evaluation import MAX_NAMED
from omprog_panic.policy.group import is_loop, repeat_after_s
from omprog_panic.policy.lifecycle import (
    close,
    crashed_hosts,
    forget_lifecycles,
    holder_of,
    summary_of,
)
from omprog_panic.policy.state.lifecycle import lifecycle_key
from omprog_panic.policy.state.resolved import ResolvedState

if TYPE_CHECKING:
    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.state.cause import CauseState
    from omprog_panic.policy.state.lifecycle import LifecycleState


def resolve_causes(evaluation: Evaluation) -> None:
    """Resolve what is over; what cannot be sent yet stays open until it can."""
    memory = evaluation.memory
    closing = {key for key, row in memory.causes.rows.items() if row.closing}
    over = [
        (key, row)
        for key, row in memory.lifecycles.rows.items()
        if row.cause in closing or _is_over(evaluation, row)
    ]
    for _, row in sorted(over, key=lambda item: item[0]):
        cause = memory.causes.get(row.cause)
        if cause is not None:
            _resolve(evaluation, cause, row)
    forget_lifecycles(evaluation)
    _forget_resolved(evaluation)


def _is_over(evaluation: Evaluation, row: LifecycleState) -> bool:
    """Return whether all hosts are back, and nothing has crashed since for long."""
    wait_s = evaluation.settings.config.lifecycle.resolve_after_s
    since = evaluation.now.t - row.seen.last_t
    if not wait_s or since < wait_s or row.seen.unnamed:
        return False
    holder = holder_of(evaluation.memory, row.cause)
    until = None if holder is None else holder.until
    is_over = evaluation.trusts_wall and evaluation.now.wall >= (until or 0.0)
    if until is not None and not is_over:
        return False  # somebody has it for so long, and wants it quiet
    key = lifecycle_key(row.cause, row.service)
    group = evaluation.memory.groups.get(key)
    if group is not None and group.notified_t is None:
        return False
    if group is not None and group.pending.crashes and row.baseline is None:
        return False  # they are reported first
    if group is not None and (group.step or is_loop(row.cause)):
        wait_s = max(wait_s, repeat_after_s(evaluation, group))
    if row.times:  # it comes again and again: the waits grow as those of repeats
        repeat_s = evaluation.settings.config.grouping.repeat_s
        wait_s = max(wait_s, repeat_s[min(row.times, len(repeat_s) - 1)])
    quiet_s = _quiet_s(evaluation, row)
    return quiet_s is not None and quiet_s >= wait_s


def _quiet_s(evaluation: Evaluation, row: LifecycleState) -> float | None:
    """Return for how long all hosts are back and quiet; None: not all are back."""
    last_t = row.seen.last_t
    for host in row.seen.hosts.values():
        if host.back_t is None:
            return None
        last_t = max(last_t, host.back_t)
    return evaluation.now.t - last_t


def _resolve(evaluation: Evaluation, cause: CauseState, row: LifecycleState) -> None:
    draft = _draft(evaluation, cause, row)
    services = {row.service: row.template} if row.fired else {}
    if cause.services == (row.service,):  # the last one
        services |= dict.fromkeys(s for s in cause.targets if s not in services)
    if not all(evaluation.has_room(service, draft) for service in services):
        return
    if services:
        evaluation.notify(draft, services)
    else:
        record = DecisionRecord(
            Decision.STORE_EXPECTED,
            draft.subject,
            f"{draft.reason}; no message about it was sent",
            (),
            row.cause,
        )
        evaluation.decide(record)
    close(evaluation.memory, row)
    key = lifecycle_key(row.cause, row.service)
    if cause.closing is None:
        state = ResolvedState(row.times + 1, evaluation.now.t)
        evaluation.memory.resolved.put(key, state)
    else:
        evaluation.memory.resolved.drop(key)


def _forget_resolved(evaluation: Evaluation) -> None:
    """Forget the causes that have not come again."""
    resolved = evaluation.memory.resolved
    forget_after_s = evaluation.settings.config.grouping.forget_after_s
    for key, row in list(resolved.rows.items()):
        is_old = evaluation.now.t - row.last_t > forget_after_s
        if is_old and evaluation.memory.lifecycles.get(key) is None:
            resolved.drop(key)


def _draft(evaluation: Evaluation, cause: CauseState, row: LifecycleState) -> Draft:
    closing, labels = cause.closing, row.start.labels
    down = [
        CrashedHost(host.name, address, host.crashes)
        for address, host in row.seen.hosts.items()
        if host.back_t is None
    ]
    down.sort(key=lambda host: (host.name, host.address))
    quiet_s = _quiet_s(evaluation, row)
    if closing is not None:
        reason = f"resolved by {closing.author}"
    else:
        reason = f"all hosts are back, and quiet for {quiet_s or 0:.0f} s"
    return Draft(
        facts=Resolved(
            cause=summary_of(row),
            holder=cause.holder,
            by="" if closing is None else closing.author,
            comment="" if closing is None else closing.comment,
            at=evaluation.now.wall,
            quiet_s=quiet_s,
            hosts=crashed_hosts(row, MAX_NAMED),
            count=len(row.seen.hosts),
            down=tuple(down[:MAX_NAMED]),
        ),
        decision=Decision.NOTIFY_RESOLVED,
        reason=reason,
        subject=f"cause:{row.cause}",
        labels=labels,
        incident_id=row.start.episode,
        order_key=labels.address,
        cause=row.cause,
        episode=row.start.episode,
    )

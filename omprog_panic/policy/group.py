"""Crashes of one cause at one service are one group. Pure.

A cause is a fingerprint, or a host that crashes with ever new fingerprints. Groups are
kept for each service by itself, so that a service which is notified of some hosts only
never gets "41 more hosts" of a crash that it has not heard of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.familiarity import familiarity
from omprog_panic.policy.lifecycle import holder_of, is_quiet, note_crash
from omprog_panic.policy.rate_limit import HOUR_S
from omprog_panic.policy.state.group import GroupHost, GroupLead, GroupState
from omprog_panic.policy.state.sender import HostCausesState

if TYPE_CHECKING:
    from omprog_panic.notification.notification import Labels
    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.event import Crash
    from omprog_panic.policy.route import FiredRoute

# What causes begin with that are not just a fingerprint.
DRILL = "drill:"
LOOP = "host:"
MAX_HOSTS = 4096  # that a group tells apart; crashes of others are counted
MAX_SHARES = 50  # kernel releases and machines that a message tells apart
MAX_TITLES = 20


def is_loop(cause: str) -> bool:
    """Return whether a cause is a host that crashes with ever new fingerprints."""
    return cause.removeprefix(DRILL).startswith(LOOP)


class LabelledCrash(NamedTuple):
    """A crash, what it is routed by, and when it happened."""

    crash: Crash
    labels: Labels
    t: float


def group_key(cause: str, service: str) -> str:
    """Return the key of a group in the memory."""
    return f"{cause}|{service}"


def join_group(
    evaluation: Evaluation,
    labelled: LabelledCrash,
    cause: str,
    service: str,
    fired: FiredRoute,
) -> GroupState:
    """Put a crash into its group at one service; a new group is notified at once."""
    crash, t = labelled.crash, labelled.t
    group = _find_open(evaluation, cause, service, t)
    if group is None:
        cause = _cause_to_open(evaluation, crash, cause, t)
        group = _find_open(evaluation, cause, service, t)
    if group is None:
        group = GroupState(
            cause=cause,
            service=service,
            route=fired.name,
            template=fired.template,
            opened_t=evaluation.now.t,
            opened_at=evaluation.now.wall,
            last_t=t,
            lead=_lead(evaluation, labelled),
        )
    _count(evaluation, group, labelled)
    note_crash(evaluation, group, crash, t, fired)
    key = group_key(cause, service)
    evaluation.memory.groups.put(key, group)
    wait_s = evaluation.settings.config.grouping.group_wait_s
    if group.notified_t is not None:
        suppress_notified(evaluation, crash, group)
    elif wait_s and not is_loop(cause):
        reason = f"{fired.name}: waits {wait_s:g} s for others of its cause"
        suppress(evaluation, Decision.SUPPRESS_GROUP_WAIT, crash, group, reason)
    else:  # notified at the end of this evaluation, perhaps by another crash
        evaluation.joined.setdefault(key, []).append(crash)
    return group


def _find_open(
    evaluation: Evaluation, cause: str, service: str, t: float
) -> GroupState | None:
    group = evaluation.memory.groups.get(group_key(cause, service))
    if group is None:
        return None
    forget_after_s = evaluation.settings.config.grouping.forget_after_s
    is_over = t - group.last_t > forget_after_s
    is_over = is_over and holder_of(evaluation.memory, cause) is None
    # Pending crashes must be notified: a new group in its place would lose them.
    return None if is_over and not group.pending.crashes else group


def _cause_to_open(evaluation: Evaluation, crash: Crash, cause: str, t: float) -> str:
    """Return the cause to open a group for: a host in a loop is a cause itself."""
    host_causes = evaluation.memory.host_causes
    row = host_causes.get(crash.source) or HostCausesState()
    row.opened = {c: at for c, at in row.opened.items() if t - at < HOUR_S}
    limit = evaluation.settings.config.grouping.host_causes_per_hour
    # Drills are counted by themselves, so that they cannot hide a crash.
    prefix = DRILL if cause.startswith(DRILL) else ""
    alike = sum(opened.startswith(DRILL) == bool(prefix) for opened in row.opened)
    if cause not in row.opened and alike >= limit:
        return f"{prefix}{LOOP}{crash.source}"
    row.opened[cause] = t
    host_causes.put(crash.source, row)
    return cause


def _count(evaluation: Evaluation, group: GroupState, labelled: LabelledCrash) -> None:
    crash, labels, t = labelled
    source, totals, pending = crash.source, group.totals, group.pending
    if group.notified_t is None and (t, crash.id) < group.lead.order:
        group.lead = _lead(evaluation, labelled)
    totals.crashes += 1
    pending.crashes += 1
    group.last_t = max(group.last_t, t)
    if crash.title not in totals.titles and len(totals.titles) < MAX_TITLES:
        totals.titles = (*totals.titles, crash.title)
    known = totals.hosts.get(source)
    if known is None and len(totals.hosts) >= MAX_HOSTS:
        totals.unnamed += 1
        return
    crashes = 1 if known is None else known.crashes + 1
    totals.hosts[source] = GroupHost(labels.host, crashes)
    if known is None or source in pending.fresh:
        pending.fresh[source] = pending.fresh.get(source, 0) + 1
    else:
        pending.again[source] = pending.again.get(source, 0) + 1
    if known is None:
        _share(totals.kernels, crash.kernel)
        _share(totals.hardware, crash.hardware)


def _share(counts: dict[str, int], value: str | None) -> None:
    name = value or "?"
    if name not in counts and len(counts) >= MAX_SHARES:
        name = "..."
    counts[name] = counts.get(name, 0) + 1


def _lead(evaluation: Evaluation, labelled: LabelledCrash) -> GroupLead:
    crash, labels, t = labelled
    known = familiarity(crash.history, crash.kernel, evaluation.now.wall)
    return GroupLead(t, crash.id, labels._replace(addresses=()), known)


def suppress_notified(evaluation: Evaluation, crash: Crash, group: GroupState) -> None:
    """Decide when a crash is notified whose cause was notified before."""
    if is_quiet(evaluation.memory, group):
        _suppress_acknowledged(evaluation, crash, group)
        return
    notified_t = group.notified_t or 0.0
    if crash.source in group.pending.fresh:
        interval_s = evaluation.settings.config.grouping.group_interval_s
        due_t = notified_t + interval_s
        reason = f"the same cause was notified {notified_ago(evaluation, group)}"
        decision = Decision.SUPPRESS_GROUP
    else:
        due_t = notified_t + repeat_after_s(evaluation, group)
        reason = "the same cause of this host was notified before"
        decision = Decision.SUPPRESS_REPEAT
    wait_s = max(0.0, due_t - evaluation.now.t)
    reason = f"{group.route}: {reason}, more within {wait_s:.0f} s"
    suppress(evaluation, decision, crash, group, reason)


def _suppress_acknowledged(
    evaluation: Evaluation, crash: Crash, group: GroupState
) -> None:
    holder = holder_of(evaluation.memory, group.cause)
    who = "somebody" if holder is None else holder.author
    reason = f"{group.route}: {who} has its cause; quiet until it is worse"
    suppress(evaluation, Decision.SUPPRESS_ACKNOWLEDGED, crash, group, reason)


def suppress(
    evaluation: Evaluation,
    decision: Decision,
    crash: Crash,
    group: GroupState,
    reason: str,
) -> None:
    """Record that nobody is notified of a crash now."""
    subject = f"incident:{crash.id}"
    evaluation.decide(
        DecisionRecord(decision, subject, reason, (group.service,), group.cause)
    )


def notified_ago(evaluation: Evaluation, group: GroupState) -> str:
    """Return how long ago the last message about a group was, for a reason."""
    return f"{evaluation.now.t - (group.notified_t or 0.0):.0f} s ago"


def repeat_after_s(evaluation: Evaluation, group: GroupState) -> float:
    """Return the seconds between messages about repeated crashes; they grow."""
    steps = evaluation.settings.config.grouping.repeat_s
    return steps[min(group.step, len(steps) - 1)]

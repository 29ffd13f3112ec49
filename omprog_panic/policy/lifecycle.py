"""What is known of open causes: hosts that crashed and are back, who has it. Pure.

A cause is open at a service from the first crash that it is notified of until it is
resolved. Unlike its group it is not forgotten while a host has not come back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.model import Severity
from omprog_panic.notification.cause import CauseSummary, CrashedHost, Share, Worse
from omprog_panic.policy.state.cause import CauseState, StepState
from omprog_panic.policy.state.lifecycle import (
    Baseline,
    LifecycleStart,
    LifecycleState,
    OpenCrashes,
    OpenHost,
    lifecycle_key,
)
from omprog_panic.policy.state.sender import SenderState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from omprog_panic.notification.holder import Holder
    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.event import Crash
    from omprog_panic.policy.route import FiredRoute
    from omprog_panic.policy.state.group import GroupState
    from omprog_panic.policy.state.memory import Memory

MAX_LIFECYCLES = 20_000  # beyond this, those without recent crashes are forgotten
MAX_HOSTS = 4096  # that one tells apart; with more, it is resolved by hand only
MAX_KERNELS = 50
# A host that sends something so long after a crash has survived it, or is back.
SURVIVED_S = 120.0
_RANKS = {severity.value: severity.rank for severity in Severity}


def holder_of(memory: Memory, cause: str) -> Holder | None:
    """Return who has a cause."""
    row = memory.causes.get(cause)
    return None if row is None else row.holder


def held_causes(memory: Memory) -> frozenset[str]:
    """Return the causes that somebody has."""
    rows = memory.causes.rows.items()
    return frozenset(key for key, row in rows if row.holder is not None)


def open_rows(memory: Memory, cause: CauseState) -> list[LifecycleState]:
    """Return the life cycles of a cause at its services."""
    keys = [lifecycle_key(cause.cause, service) for service in cause.services]
    return [row for row in map(memory.lifecycles.get, keys) if row is not None]


def note_crash(
    evaluation: Evaluation,
    group: GroupState,
    crash: Crash,
    t: float,
    fired: FiredRoute,
) -> None:
    """Note a crash that was put into a group; a new cause is open from here on."""
    memory, key = evaluation.memory, lifecycle_key(group.cause, group.service)
    row, cause = memory.lifecycles.get(key), memory.causes.get(group.cause)
    cause = cause or CauseState(group.cause)
    if row is None:
        start = LifecycleStart(
            group.lead.id, evaluation.now.t, evaluation.now.wall, group.lead.labels
        )
        seen = OpenCrashes(t, crash.severity)
        row = LifecycleState(group.cause, group.service, fired.template, start, seen)
        before = memory.resolved.get(key)
        row.times = 0 if before is None else before.times
    if group.service not in cause.services:
        cause.services = (*cause.services, group.service)
    _add_steps(cause, fired)
    cause.closing = None  # it goes on
    named = group.totals.hosts.get(crash.source)
    name = "" if named is None else named.name
    _count(row.seen, crash, _open_host(evaluation, crash, name, t))
    if cause.holder is not None:
        if row.baseline is None:
            row.baseline = baseline_of(row)
        row.worse = tuple(rule.value for rule in _worse(evaluation, row))
    memory.lifecycles.put(key, row)
    memory.causes.put(group.cause, cause)
    _watch(evaluation, crash, key)


def note_crash_elsewhere(
    evaluation: Evaluation,
    crash: Crash,
    t: float,
    cause: str,
    services: Collection[str],
) -> None:
    """Note a crash at services that know of its cause, and are not notified of it.

    A route may have times: what goes on at day is not over for who was woken at night.
    """
    memory = evaluation.memory
    known = memory.causes.get(cause)
    for row in [] if known is None else open_rows(memory, known):
        host = row.seen.hosts.get(crash.source)
        if row.service in services or host is None:
            continue
        key = lifecycle_key(row.cause, row.service)
        _count(row.seen, crash, _open_host(evaluation, crash, host.name, t))
        memory.lifecycles.put(key, row)
        _watch(evaluation, crash, key)


def _open_host(evaluation: Evaluation, crash: Crash, name: str, t: float) -> OpenHost:
    return OpenHost(
        name=name,
        crashes=1,
        crashed_t=t,
        ended_t=max(t, evaluation.now.t_of(crash.ended_at)),
        boot=crash.boot,
        # It is running: the crash came with a replay of its log.
        back_t=t if crash.before_listening else None,
    )


def _add_steps(cause: CauseState, fired: FiredRoute) -> None:
    known = {(step.route, step.step) for step in cause.steps}
    new = [step for step in fired.escalate if (fired.name, step) not in known]
    cause.steps += tuple(StepState(step, fired.name) for step in new)


def _count(seen: OpenCrashes, crash: Crash, host: OpenHost) -> None:
    seen.last_t = max(seen.last_t, host.crashed_t)
    seen.crashes += 1
    if _rank(crash.severity) < _rank(seen.severity):
        seen.severity = crash.severity
    known = seen.hosts.get(crash.source)
    kernel = crash.kernel or "?"
    if kernel in seen.kernels or len(seen.kernels) < MAX_KERNELS:
        seen.kernels[kernel] = seen.kernels.get(kernel, 0) + (known is None)
    if known is None and len(seen.hosts) >= MAX_HOSTS:
        seen.unnamed += 1
        return
    if known is not None:
        latest = max(known, host, key=lambda one: one.crashed_t)
        host = latest._replace(crashes=known.crashes + 1)
    seen.hosts[crash.source] = host


def _rank(severity: str) -> int:
    return _RANKS.get(severity, len(_RANKS))


def _watch(evaluation: Evaluation, crash: Crash, key: str) -> None:
    """Remember at the sender which life cycles wait until it is back."""
    memory = evaluation.memory
    sender = memory.senders.get(crash.source) or SenderState(crash.source)
    waiting = [k for k in sender.open_in if k != key and memory.lifecycles.get(k)]
    sender.open_in = (*waiting, key)
    memory.senders.put(crash.source, sender)


def note_boot(evaluation: Evaluation, sender: SenderState, boot: str, t: float) -> None:
    """Note that a host booted: it is back after the crashes before that."""
    _note_back(
        evaluation,
        sender,
        t,
        [
            (key, row)
            for key, row, host in _waiting(evaluation, sender)
            if host.crashed_t <= t and host.boot != boot
        ],
    )


def note_running(evaluation: Evaluation, sender: SenderState, t: float) -> None:
    """Note a sign of life: a host that has survived its crash is back."""
    _note_back(
        evaluation,
        sender,
        t,
        [
            (key, row)
            for key, row, host in _waiting(evaluation, sender)
            if t - host.ended_t > SURVIVED_S
        ],
    )


def _waiting(
    evaluation: Evaluation, sender: SenderState
) -> Iterator[tuple[str, LifecycleState, OpenHost]]:
    for key in sender.open_in:
        row = evaluation.memory.lifecycles.get(key)
        host = None if row is None else row.seen.hosts.get(sender.source)
        if row is not None and host is not None and host.back_t is None:
            yield key, row, host


def _note_back(
    evaluation: Evaluation,
    sender: SenderState,
    t: float,
    rows: Iterable[tuple[str, LifecycleState]],
) -> None:
    source = sender.source
    for key, row in rows:
        row.seen.hosts[source] = row.seen.hosts[source]._replace(back_t=t)
        evaluation.memory.lifecycles.put(key, row)
        sender.open_in = tuple(k for k in sender.open_in if k != key)
        evaluation.memory.senders.put(source, sender)


def start_lifecycle(evaluation: Evaluation, group: GroupState) -> None:
    """Note that the first message about a group is sent now: escalation waits."""
    key = lifecycle_key(group.cause, group.service)
    row = evaluation.memory.lifecycles.get(key)
    cause = evaluation.memory.causes.get(group.cause)
    if row is None or cause is None:
        return
    if not row.fired:  # with group_wait_s, an earlier crash may have arrived since
        lead = group.lead
        row.start = LifecycleStart(lead.id, row.start.t, row.start.at, lead.labels)
        evaluation.memory.lifecycles.put(key, row)
    for step in cause.steps:
        if step.since_t is None and step.route == group.route:
            step.since_t = evaluation.now.t
    evaluation.memory.causes.put(group.cause, cause)


def note_sent(
    evaluation: Evaluation, group: GroupState, services: Iterable[str]
) -> None:
    """Note that a message about a group was sent, which says how bad it is now."""
    key = lifecycle_key(group.cause, group.service)
    row = evaluation.memory.lifecycles.get(key)
    if row is None:
        return
    row.worse = ()
    if row.baseline is not None:
        row.baseline = baseline_of(row)
    if group.service in services and not row.fired:
        row.fired = True
        # Its first message says who has it.
        row.told = holder_of(evaluation.memory, group.cause)
    evaluation.memory.lifecycles.put(key, row)


def is_quiet(memory: Memory, group: GroupState) -> bool:
    """Return whether somebody has a group's cause, and it is not worse than then."""
    if holder_of(memory, group.cause) is None:
        return False
    return not worse_rules(memory, group)


def worse_rules(memory: Memory, group: GroupState) -> tuple[str, ...]:
    """Return by which rules an acknowledged cause is worse: values of ``Worse``."""
    row = memory.lifecycles.get(lifecycle_key(group.cause, group.service))
    return () if row is None else row.worse


def episode_of(memory: Memory, group: GroupState) -> str:
    """Return the incident that the life cycle of a group's cause began with."""
    row = memory.lifecycles.get(lifecycle_key(group.cause, group.service))
    return group.lead.id if row is None else row.start.episode


def baseline_of(row: LifecycleState) -> Baseline:
    """Return how bad it is now."""
    seen = row.seen
    return Baseline(len(seen.hosts), tuple(sorted(seen.kernels)), seen.severity)


def _worse(evaluation: Evaluation, row: LifecycleState) -> Iterator[Worse]:
    then, seen = row.baseline, row.seen
    if then is None:
        return
    factor = evaluation.settings.config.lifecycle.worse_hosts_factor
    if len(seen.hosts) >= max(1, then.hosts) * factor:
        yield Worse.HOSTS
    if set(seen.kernels) - set(then.kernels):
        yield Worse.KERNEL
    if _rank(seen.severity) < _rank(then.severity):
        yield Worse.SEVERITY


def summary_of(row: LifecycleState) -> CauseSummary:
    """Return what a message about a life cycle says of its cause."""
    seen, labels = row.seen, row.start.labels
    kernels = sorted(seen.kernels.items(), key=lambda item: (-item[1], item[0]))
    return CauseSummary(
        key=row.cause,
        title=labels.title,
        titles=(labels.title,) if labels.title else (),
        severity=labels.severity,
        first_host=labels.host,
        since=row.start.at,
        all_hosts=len(seen.hosts),
        all_crashes=seen.crashes,
        kernels=tuple(Share(name, hosts) for name, hosts in kernels),
    )


def crashed_hosts(row: LifecycleState, limit: int) -> tuple[CrashedHost, ...]:
    """Return the hosts, sorted by name."""
    hosts = [
        CrashedHost(host.name, address, host.crashes)
        for address, host in row.seen.hosts.items()
    ]
    return tuple(sorted(hosts, key=lambda host: (host.name, host.address))[:limit])


def close(memory: Memory, row: LifecycleState) -> None:
    """Forget a life cycle with its group; a crash from now on is a first one."""
    key = lifecycle_key(row.cause, row.service)
    memory.lifecycles.drop(key)
    memory.groups.drop(key)
    cause = memory.causes.get(row.cause)
    if cause is None:
        return
    cause.services = tuple(s for s in cause.services if s != row.service)
    if cause.services:
        memory.causes.put(row.cause, cause)
    else:
        memory.causes.drop(row.cause)


def forget_lifecycles(evaluation: Evaluation) -> None:
    """Keep the number of open causes within its limit."""
    rows = evaluation.memory.lifecycles.rows
    excess = len(rows) - MAX_LIFECYCLES
    if excess > 0:
        idle = sorted((row.seen.last_t, key) for key, row in rows.items())
        for _, key in idle[:excess]:
            close(evaluation.memory, rows[key])

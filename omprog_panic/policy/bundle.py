"""Messages about the states of hosts: those of one kind become one message. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.notification.cause import CrashedHost
from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.notification import Labels
from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.draft import Draft
from omprog_panic.policy.evaluation import MAX_NAMED
from omprog_panic.policy.silence import find_silence, silence_host_state
from omprog_panic.policy.state.bundle import BundleState, facts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.route import FiredRoute
    from omprog_panic.policy.state.bundle import HostEntry


def report_host_state(
    evaluation: Evaluation,
    kind: Kind,
    labels: Labels,
    host: HostEntry,
    began_at: float | None = None,
) -> None:
    """Add a host to the next message of this kind, unless a silence covers it.

    ``began_at``: since when it was to be seen, in wall time; None: since now.
    """
    subject = f"sender:{labels.address}"
    silence = find_silence(evaluation, labels, began_at)
    if silence is not None:
        silence_host_state(evaluation, silence, kind, labels)
        return
    routed = evaluation.settings.route(labels, evaluation.now.wall)
    if not routed:
        reason = f"{kind.value}: its route names no service"
        record = DecisionRecord(Decision.STORE_NO_RECEIVER, subject, reason)
        evaluation.decide(record)
    waiting = [
        service
        for service, fired in routed.items()
        if not _add(evaluation, kind, service, fired, host)
    ]
    if waiting:
        interval_s = evaluation.settings.config.grouping.group_interval_s
        reason = (
            f"{kind.value}: the last such message was sent less than "
            f"{interval_s:g} s ago"
        )
        evaluation.decide(
            DecisionRecord(
                Decision.SUPPRESS_HOST_STATE, subject, reason, tuple(waiting)
            )
        )


def _add(
    evaluation: Evaluation,
    kind: Kind,
    service: str,
    fired: FiredRoute,
    host: HostEntry,
) -> bool:
    """Add a host to a bundle; return whether the bundle is due."""
    key = f"{kind.value}|{service}"
    row = evaluation.memory.bundles.get(key) or BundleState(kind, service)
    row.template = fired.template
    if len(row.waiting) < MAX_NAMED:
        row.waiting = (*row.waiting, host)
    else:
        row.more += 1
    evaluation.memory.bundles.put(key, row)
    return _is_due(evaluation, row)


def flush_bundles(evaluation: Evaluation) -> None:
    """Send the bundles that are due, each in one message."""
    for key, row in sorted(evaluation.memory.bundles.rows.items()):
        if row.waiting and _is_due(evaluation, row):
            _send(evaluation, key, row)


def _send(evaluation: Evaluation, key: str, row: BundleState) -> None:
    kind, service = row.kind, row.service
    hosts = tuple(sorted(row.waiting, key=lambda host: (host.at or 0.0, host.address)))
    count = len(hosts) + row.more
    single = hosts[0] if count == 1 else None
    for host in () if single else hosts[1:]:
        evaluation.decide(
            DecisionRecord(
                Decision.NOTIFY_HOST_STATE,
                f"sender:{host.address}",
                f"{kind.value}: in one message about {count} hosts",
                (service,),
            )
        )
    row.notified_t, row.waiting, row.more = evaluation.now.t, (), 0
    evaluation.memory.bundles.put(key, row)
    labels = Labels(kind.value)
    if single is not None:
        labels = evaluation.labels(kind.value, single.address, single.name)
    draft = Draft(
        facts=facts_of(kind, hosts, count),
        decision=Decision.NOTIFY_HOST_STATE,
        reason=f"{kind.value}: {count} {'host' if single else 'hosts'}",
        subject=f"sender:{single.address}" if single else "monitor",
        labels=labels,
        order_key=single.address if single else None,
        crashed=_crashed(kind, hosts),
    )
    evaluation.notify(draft, {service: row.template})


def _crashed(kind: Kind, hosts: Sequence[HostEntry]) -> tuple[CrashedHost, ...]:
    """Return the hosts whose crash this is the only message about."""
    if kind is not Kind.SUSPECTED_CRASH:
        return ()
    return tuple(CrashedHost(host.name, host.address) for host in hosts)


def _is_due(evaluation: Evaluation, row: BundleState) -> bool:
    if row.notified_t is None:
        return True
    passed = evaluation.now.t - row.notified_t
    return passed >= evaluation.settings.config.grouping.group_interval_s

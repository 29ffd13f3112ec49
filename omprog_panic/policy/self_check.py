"""Whether the monitor hears its own probe datagrams. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.notification.kinds import kind_of
from omprog_panic.notification.monitor import MonitorDeaf, MonitorHears
from omprog_panic.notification.notification import Labels
from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.draft import Draft, Limit

if TYPE_CHECKING:
    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.event import ProbeReturned, ProbeSent

MISSES = 3  # in a row make the monitor deaf: a storm delays a probe, too
REMEMBERED_PROBES = 5
CAUSE = "monitor"  # joins deaf and hears at a service


def probe_is_due(evaluation: Evaluation) -> bool:
    """Return whether to send the next probe datagram."""
    check = evaluation.settings.config.self_check
    row, now = evaluation.memory.current_self_check, evaluation.now.t
    if not check.interval_s:
        return False
    if row.sent_t is None:
        return True
    if row.token is not None:
        # Again at once after a miss, so that three misses do not take an hour.
        return now - row.sent_t >= check.timeout_s
    pause = check.timeout_s if row.misses else check.interval_s
    return now - row.sent_t >= min(pause, check.interval_s)


def configure_self_check(evaluation: Evaluation) -> None:
    """Apply a new configuration: without probes the monitor is not called deaf."""
    row = evaluation.memory.current_self_check
    interval_s = evaluation.settings.config.self_check.interval_s
    if not interval_s and (row.deaf or row.misses):
        row.deaf, row.deaf_at, row.deaf_t = False, None, None
        row.misses, row.token = 0, None
        evaluation.memory.save_self_check()


def handle_probe_sent(evaluation: Evaluation, probe: ProbeSent) -> None:
    """Note that a probe was sent; the one before it is given up."""
    row, now = evaluation.memory.current_self_check, evaluation.now
    if row.token is not None or probe.error is not None:
        row.misses += 1
    row.token = None if probe.error else probe.token
    row.sent_t = now.t
    row.tokens = (*row.tokens, probe.token)[-REMEMBERED_PROBES:]
    if row.misses >= MISSES and not row.deaf:
        row.deaf, row.deaf_at, row.deaf_t = True, now.wall, now.t
        check = evaluation.settings.config.self_check
        facts = MonitorDeaf(
            at=now.wall,
            last_heard_at=row.returned_at,
            misses=row.misses,
            address=check.address,
            port=check.port,
            error=probe.error,
        )
        _notify(evaluation, facts, f"{row.misses} probe datagrams did not arrive")
    evaluation.memory.save_self_check()


def handle_probe_returned(evaluation: Evaluation, probe: ProbeReturned) -> None:
    """Note that a probe arrived; any one of ours, even a late one, is proof."""
    row, now = evaluation.memory.current_self_check, evaluation.now
    if probe.token not in row.tokens:
        return  # not ours: anybody may write such a datagram
    if probe.token == row.token:
        row.token = None
    row.misses = 0
    row.returned_at = now.wall
    if row.deaf:
        facts = MonitorHears(
            at=now.wall,
            deaf_since=row.deaf_at,
            deaf_s=None if row.deaf_t is None else now.t - row.deaf_t,
        )
        _notify(evaluation, facts, "a probe datagram arrived again")
        row.deaf, row.deaf_at = False, None
    evaluation.memory.save_self_check()


def _notify(
    evaluation: Evaluation, facts: MonitorDeaf | MonitorHears, reason: str
) -> None:
    labels = Labels(kind_of(facts).value)
    routed = evaluation.settings.route(labels, evaluation.now.wall)
    if not routed:
        unrouted = f"{labels.severity}: its route names no service"
        record = DecisionRecord(Decision.STORE_NO_RECEIVER, "monitor", unrouted)
        evaluation.decide(record)
    draft = Draft(
        facts=facts,
        decision=Decision.NOTIFY_MONITOR,
        reason=reason,
        subject="monitor",
        labels=labels,
        limit=Limit.MONITOR,
        order_key=CAUSE,
        cause=CAUSE,
        episode=f"{evaluation.memory.current_self_check.deaf_at or 0.0:.0f}",
    )
    evaluation.notify(draft, {s: fired.template for s, fired in routed.items()})

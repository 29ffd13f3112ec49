"""Reports what the rate limit has suppressed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.notification import Labels
from omprog_panic.notification.suppressed import Suppressed, SuppressedKind
from omprog_panic.policy.decision import Decision
from omprog_panic.policy.draft import Draft, Limit
from omprog_panic.policy.rate_limit import notice_is_due, worst_first

if TYPE_CHECKING:
    from omprog_panic.policy.evaluation import Evaluation


def notify_suppressed(evaluation: Evaluation) -> None:
    """Report to each service how many messages it was not sent, if it is time to."""
    grouping, now = evaluation.settings.config.grouping, evaluation.now
    labels = {r.key: r.label for r in evaluation.settings.receivers}
    limits = evaluation.memory.rate_limits
    for service, row in sorted(limits.rows.items()):
        if service not in labels:
            limits.drop(service)
            continue
        if not notice_is_due(row, grouping.group_interval_s, now):
            continue
        counts = sorted((kind.value, count) for kind, count in row.suppressed.items())
        total = sum(row.suppressed.values())
        facts = Suppressed(
            service=labels[service],
            count=total,
            since=row.first_at,
            per_hour=grouping.messages_per_hour,
            kinds=tuple(SuppressedKind(kind, count) for kind, count in counts),
            causes=worst_first(row.causes.values()),
            more_causes=row.more_causes,
        )
        row.suppressed, row.first_t, row.notice_t = {}, None, now.t
        row.causes, row.more_causes = {}, 0
        limits.put(service, row)
        draft = Draft(
            facts=facts,
            decision=Decision.NOTIFY_SUPPRESSED,
            reason=f"{total} messages suppressed: {grouping.messages_per_hour} an hour",
            subject=f"service:{service}",
            labels=Labels(Kind.SUPPRESSED.value),
            limit=Limit.OWN,
        )
        evaluation.notify(draft, {service: None})

"""Causes that nobody acknowledged in time go to the next services. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.notification.escalated import Escalated
from omprog_panic.policy.decision import Decision
from omprog_panic.policy.draft import Draft
from omprog_panic.policy.evaluation import MAX_NAMED
from omprog_panic.policy.group import DRILL
from omprog_panic.policy.lifecycle import crashed_hosts, open_rows, summary_of
from omprog_panic.policy.silence import find_silence
from omprog_panic.policy.state.cause import SentStep

if TYPE_CHECKING:
    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.state.cause import CauseState, StepState
    from omprog_panic.policy.state.lifecycle import LifecycleState


def escalate_causes(evaluation: Evaluation) -> None:
    """Send what is due; a service without room under its rate limit has to wait."""
    waiting = [
        (key, cause)
        for key, cause in evaluation.memory.causes.rows.items()
        if cause.holder is None
        and cause.closing is None
        and any(_has_waited(evaluation, step) for step in cause.steps)
    ]
    for _, cause in sorted(waiting, key=lambda item: item[0]):
        due = [
            (step, service)
            for step in cause.steps
            for service in _targets(evaluation, step)
            if _is_due(evaluation, step, service)
        ]
        rows = open_rows(evaluation.memory, cause) if due else []
        if not rows or _is_silenced(evaluation, rows[0]):
            continue
        for step, service in due:
            _escalate(evaluation, cause, rows[0], step, service)


def _targets(evaluation: Evaluation, step: StepState) -> list[str]:
    tags = set(step.step.to)
    receivers = evaluation.settings.receivers
    return [r.key for r in receivers if tags & set(r.tags)]


def _has_waited(evaluation: Evaluation, step: StepState) -> bool:
    """Return whether the time of a step has come; a service may have been sent it."""
    since_t = step.since_t
    return since_t is not None and evaluation.now.t - since_t >= step.step.after_s


def _is_due(evaluation: Evaluation, step: StepState, service: str) -> bool:
    sent, repeat_s = step.sent.get(service), step.step.repeat_s
    if sent is None:
        return _has_waited(evaluation, step)
    return repeat_s is not None and evaluation.now.t - sent.last_t >= repeat_s


def _is_silenced(evaluation: Evaluation, row: LifecycleState) -> bool:
    labels, began_at = row.start.labels, row.start.at
    return find_silence(evaluation, labels, began_at) is not None


def _escalate(
    evaluation: Evaluation,
    cause: CauseState,
    row: LifecycleState,
    step: StepState,
    service: str,
) -> None:
    draft = _draft(evaluation, cause, row, step, service)
    if not evaluation.has_room(service, draft):
        return
    evaluation.notify(draft, {service: None})
    sent = step.sent.get(service) or SentStep(0, 0.0)
    step.sent[service] = SentStep(sent.count + 1, evaluation.now.t)
    cause.targets.setdefault(service, None)
    evaluation.memory.causes.put(cause.cause, cause)


def _draft(
    evaluation: Evaluation,
    cause: CauseState,
    row: LifecycleState,
    step: StepState,
    service: str,
) -> Draft:
    names = {r.key: r.label for r in evaluation.settings.receivers}
    earlier = [s for s in (*cause.services, *cause.targets) if s != service]
    now = evaluation.now.t
    waited_s = 0.0 if step.since_t is None else now - step.since_t
    hosts, labels = crashed_hosts(row, MAX_NAMED), row.start.labels
    sent = step.sent.get(service)
    number = 1 if sent is None else sent.count + 1
    is_first = number == 1 and not row.cause.startswith(DRILL)
    return Draft(
        facts=Escalated(
            cause=summary_of(row),
            hosts=hosts,
            count=len(row.seen.hosts),
            waited_s=waited_s,
            notified=tuple(names[s] for s in dict.fromkeys(earlier) if s in names),
            number=number,
            next_s=step.step.repeat_s,
        ),
        decision=Decision.NOTIFY_ESCALATED,
        reason=f"{step.route}: nobody has acknowledged it within {waited_s:.0f} s",
        subject=f"cause:{row.cause}",
        labels=labels,
        incident_id=row.start.episode,
        order_key=labels.address,
        cause=row.cause,
        crashed=hosts if is_first else (),
        episode=row.start.episode,
    )

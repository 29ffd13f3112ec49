"""People acknowledge causes, give them back, and resolve them. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.acknowledged import Acknowledged, Unacknowledged
from omprog_panic.notification.holder import NOBODY, Holder
from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.draft import Draft
from omprog_panic.policy.event import CauseAction
from omprog_panic.policy.lifecycle import baseline_of, open_rows, summary_of
from omprog_panic.policy.state.cause import Closing
from omprog_panic.policy.state.lifecycle import lifecycle_key

if TYPE_CHECKING:
    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.event import CauseCommand
    from omprog_panic.policy.state.cause import CauseState
    from omprog_panic.policy.state.lifecycle import LifecycleState


def apply_command(evaluation: Evaluation, command: CauseCommand) -> None:
    """Do what somebody asked for; messages about it follow."""
    memory = evaluation.memory
    monitor = memory.current_monitor
    monitor.command_revision = max(monitor.command_revision, command.revision)
    memory.save_monitor()
    cause = memory.causes.get(command.cause)
    if cause is None:
        reason = f"{command.action.value} by {command.author}: it is not open"
        _decide(evaluation, command.cause, reason)
        return
    match command.action:
        case CauseAction.ACKNOWLEDGE:
            holder = Holder(command.author, command.at, command.until, command.comment)
            _acknowledge(evaluation, cause, holder)
        case CauseAction.UNACKNOWLEDGE:
            if cause.holder is not None:
                _release(evaluation, cause, command.author)
        case CauseAction.RESOLVE:
            cause.closing = Closing(command.author, command.comment)
    memory.causes.put(cause.cause, cause)


def _acknowledge(evaluation: Evaluation, cause: CauseState, holder: Holder) -> None:
    cause.holder, cause.released_by, cause.was_held = holder, "", True
    for row in open_rows(evaluation.memory, cause):
        row.baseline, row.worse = baseline_of(row), ()
        evaluation.memory.lifecycles.put(lifecycle_key(row.cause, row.service), row)


def _release(evaluation: Evaluation, cause: CauseState, author: str) -> None:
    """Nobody has it from now on; escalation begins again."""
    cause.holder, cause.released_by = None, author
    for row in open_rows(evaluation.memory, cause):
        row.baseline, row.worse = None, ()
        evaluation.memory.lifecycles.put(lifecycle_key(row.cause, row.service), row)
    for step in cause.steps:
        if step.since_t is not None:
            step.since_t, step.sent = evaluation.now.t, {}


def expire_acknowledgements(evaluation: Evaluation) -> None:
    """End the acknowledgements whose time is over."""
    if not evaluation.trusts_wall:
        return
    causes, wall = evaluation.memory.causes, evaluation.now.wall
    over = [
        (key, cause, cause.holder.author)
        for key, cause in causes.rows.items()
        if cause.holder is not None and (cause.holder.until or wall + 1) <= wall
    ]
    for key, cause, author in sorted(over, key=lambda item: item[0]):
        _release(evaluation, cause, "")
        causes.put(key, cause)
        _decide(evaluation, key, f"the time of {author} is over")


def report_holders(evaluation: Evaluation) -> None:
    """Send each service that knows of a cause who has it now, if that has changed."""
    rows_of = evaluation.memory.causes.rows
    held = [(key, cause) for key, cause in rows_of.items() if cause.was_held]
    for _, cause in sorted(held, key=lambda item: item[0]):
        rows = open_rows(evaluation.memory, cause)
        for row in rows:
            if row.fired and row.told != cause.holder:
                _report(evaluation, cause, row)
        own = {row.service for row in rows if row.fired}
        for service, told in cause.targets.items():
            if rows and service not in own and told != cause.holder:
                _report_target(evaluation, cause, rows[0], service, told)


def _report(evaluation: Evaluation, cause: CauseState, row: LifecycleState) -> None:
    draft = _draft(cause, row, row.told)
    if evaluation.has_room(row.service, draft):
        evaluation.notify(draft, {row.service: row.template})
        row.told = cause.holder
        evaluation.memory.lifecycles.put(lifecycle_key(row.cause, row.service), row)


def _report_target(
    evaluation: Evaluation,
    cause: CauseState,
    row: LifecycleState,
    service: str,
    told: Holder | None,
) -> None:
    draft = _draft(cause, row, told)
    if evaluation.has_room(service, draft):
        evaluation.notify(draft, {service: None})
        cause.targets[service] = cause.holder
        evaluation.memory.causes.put(cause.cause, cause)


def _draft(cause: CauseState, row: LifecycleState, told: Holder | None) -> Draft:
    holder = cause.holder
    summary, labels = summary_of(row), row.start.labels
    draft = Draft(
        facts=Unacknowledged(summary, told or NOBODY, cause.released_by),
        decision=Decision.NOTIFY_UNACKNOWLEDGED,
        reason=f"{told.author if told else 'somebody'} is no longer working on it",
        subject=f"cause:{row.cause}",
        labels=labels,
        incident_id=row.start.episode,
        order_key=labels.address,
        cause=row.cause,
        episode=row.start.episode,
    )
    if holder is None:
        return draft
    return dataclasses.replace(
        draft,
        facts=Acknowledged(summary, holder),
        decision=Decision.NOTIFY_ACKNOWLEDGED,
        reason=f"acknowledged by {holder.author}",
    )


def _decide(evaluation: Evaluation, cause: str, reason: str) -> None:
    subject = f"cause:{cause}"
    record = DecisionRecord(Decision.STORE_EXPECTED, subject, reason, (), cause)
    evaluation.decide(record)

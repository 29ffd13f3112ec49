"""Silences: what they cover, and what is said when they are over. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.notification import Labels
from omprog_panic.notification.silence_ended import NamedIncident, SilenceEnded
from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.draft import Draft
from omprog_panic.policy.match import all_match
from omprog_panic.policy.state.silence import SilenceState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.event import Crash, SilenceChanged
    from omprog_panic.policy.state.memory import Memory

MAX_NAMED_INCIDENTS = 50


def apply_silence(evaluation: Evaluation, event: SilenceChanged) -> None:
    """Add a silence, or change when it ends."""
    memory = evaluation.memory
    row = memory.silences.get(event.id)
    if row is None:
        row = SilenceState(
            id=event.id,
            match=event.match,
            author=event.author,
            comment=event.comment,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
        )
    row.ends_at = event.ends_at
    memory.silences.put(event.id, row)
    monitor = memory.current_monitor
    monitor.silence_revision = max(monitor.silence_revision, event.revision)
    memory.save_monitor()


def find_silence(evaluation: Evaluation, labels: Labels) -> SilenceState | None:
    """Find a silence that covers a message now; of several the first by its id."""
    return active_silence(evaluation.memory, labels, evaluation.now.wall)


def active_silence(memory: Memory, labels: Labels, wall: float) -> SilenceState | None:
    """Find a silence that covers a message at this wall time."""
    for _, row in sorted(memory.silences.rows.items()):
        if row.starts_at <= wall < row.ends_at and all_match(row.match, labels):
            return row
    return None


def silence_crash(
    evaluation: Evaluation,
    row: SilenceState,
    crash: Crash,
    labels: Labels,
    services: Iterable[str],
) -> None:
    """Store a crash under a silence; ``services`` would have been notified."""
    row.crashes += 1
    entry = NamedIncident(crash.id, crash.title, labels.host)
    row.incidents = (*row.incidents, entry)[-MAX_NAMED_INCIDENTS:]
    row.services = tuple(sorted({*row.services, *services}))
    evaluation.memory.silences.put(row.id, row)
    evaluation.memory.current_digest.silenced += 1
    evaluation.memory.save_digest()
    _decide_silenced(evaluation, row, f"incident:{crash.id}")


def silence_host_state(evaluation: Evaluation, row: SilenceState, subject: str) -> None:
    """Count a message about a host's state under a silence."""
    row.signs += 1
    evaluation.memory.silences.put(row.id, row)
    _decide_silenced(evaluation, row, subject)


def _decide_silenced(evaluation: Evaluation, row: SilenceState, subject: str) -> None:
    reason = f"silence {row.id} by {row.author}: {row.comment}"
    evaluation.decide(DecisionRecord(Decision.STORE_SILENCED, subject, reason))


def end_silences(evaluation: Evaluation) -> None:
    """Report what happened under silences that are over, and forget them."""
    silences = evaluation.memory.silences
    for key, row in sorted(silences.rows.items()):
        if row.ends_at > evaluation.now.wall:
            continue
        silences.drop(key)
        if row.crashes or row.signs:
            _notify_ended(evaluation, row)
        else:
            reason = f"silence {row.id} has ended; it covered nothing"
            subject = f"silence:{row.id}"
            evaluation.decide(DecisionRecord(Decision.STORE_EXPECTED, subject, reason))


def _notify_ended(evaluation: Evaluation, row: SilenceState) -> None:
    facts = SilenceEnded(
        id=row.id,
        author=row.author,
        comment=row.comment,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        match=tuple(map(str, row.match)),
        crashes=row.crashes,
        signs=row.signs,
        incidents=row.incidents,
    )
    labels = Labels(Kind.SILENCE_ENDED.value)
    draft = Draft(
        facts=facts,
        decision=Decision.NOTIFY_SILENCE_ENDED,
        reason=f"silence {row.id} has ended; it covered {row.crashes} incidents",
        subject=f"silence:{row.id}",
        labels=labels,
    )
    settings = evaluation.settings
    keys = {receiver.key for receiver in settings.receivers}
    # Those who would have been notified then; where it was no crash, as routed now.
    services = [s for s in row.services if s in keys] or list(settings.route(labels))
    evaluation.notify(draft, dict.fromkeys(services))

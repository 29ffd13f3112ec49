"""Silences: what they cover, and what is said when they are over. Pure.

A maintenance window, or a silence that comes again, never hides what began outside it:
a crash is judged by the time at which it happened, a host's state by the time from
which it was to be seen, and a cause that was open before goes on as usual. What began
inside is named in one message at the end, also what is still down then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.notification import Labels
from omprog_panic.notification.silence_ended import (
    NamedIncident,
    SilencedEvent,
    SilenceEnded,
)
from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.draft import Draft
from omprog_panic.policy.lifecycle import open_rows
from omprog_panic.policy.match import all_match
from omprog_panic.policy.state.silence import FOREVER, WINDOW, SilenceState
from omprog_panic.policy.timestamps import wall_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.config.time_span import Occurrence
    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.event import Crash, SilenceChanged
    from omprog_panic.policy.state.memory import Memory

MAX_NAMED_INCIDENTS = 50
MAX_HOSTS = 200  # that a message can name as down


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
            every=event.every,
        )
    row.ends_at = event.ends_at
    memory.silences.put(event.id, row)
    monitor = memory.current_monitor
    monitor.silence_revision = max(monitor.silence_revision, event.revision)
    memory.save_monitor()


def configure_windows(evaluation: Evaluation) -> None:
    """Apply the maintenance windows of a new configuration."""
    silences, found = evaluation.memory.silences, set()
    for window in evaluation.settings.config.maintenance:
        id_ = f"{WINDOW}{window.name}"
        found.add(id_)
        row = silences.get(id_) or SilenceState(
            id_, window.match, "config.yaml", "", 0.0, FOREVER
        )
        row.match, row.comment = window.match, window.comment
        row.every = tuple(span for times in window.every for span in times.spans)
        silences.put(id_, row)
    for key, row in sorted(silences.rows.items()):
        if row.is_window and key not in found:
            row.ends_at = min(row.ends_at, evaluation.now.wall)
            silences.put(key, row)


def find_silence(
    evaluation: Evaluation, labels: Labels, began_at: float | None = None
) -> SilenceState | None:
    """Find a silence that covers a message now; of several the first by its id.

    ``began_at``: since when there was something to be seen, in wall time. One that
    comes again covers only what began in the same occurrence.
    """
    return active_silence(evaluation.memory, labels, evaluation.now.wall, began_at)


def active_silence(
    memory: Memory, labels: Labels, wall: float, began_at: float | None = None
) -> SilenceState | None:
    """Find a silence that covers a message at this wall time."""
    for _, row in sorted(memory.silences.rows.items()):
        occurrence = row.covering(wall)
        if occurrence is None or not all_match(row.match, labels):
            continue
        began_before = began_at is not None and began_at < occurrence.starts_at
        if not (row.every and began_before):
            return row
    return None


def find_crash_silence(
    evaluation: Evaluation, labels: Labels, crash: Crash, causes: Iterable[str]
) -> SilenceState | None:
    """Find a silence that covered a crash when it happened.

    ``causes``: those that the crash may be counted for.
    """
    memory, now = evaluation.memory, evaluation.now
    began_at = wall_of(crash.at)
    at = now.wall if began_at is None else min(began_at, now.wall)
    open_since: float | None = None
    for _, row in sorted(memory.silences.rows.items()):
        occurrence = row.covering(at)
        if occurrence is None or not all_match(row.match, labels):
            continue
        if row.every:
            open_since = _open_since(memory, causes)
            if open_since is not None and open_since < occurrence.starts_at:
                continue
        return row
    return None


def _open_since(memory: Memory, causes: Iterable[str]) -> float | None:
    """Return since when one of these causes is open, as people know."""
    found = [memory.causes.get(cause) for cause in causes]
    rows = [row for cause in found if cause for row in open_rows(memory, cause)]
    return min((row.start.at for row in rows if row.fired), default=None)


def silence_crash(
    evaluation: Evaluation,
    row: SilenceState,
    crash: Crash,
    labels: Labels,
    services: Iterable[str],
) -> None:
    """Store a crash under a silence; ``services`` would have been notified."""
    began_at = wall_of(crash.at)
    now = evaluation.now.wall
    _enter(row, row.covering(now if began_at is None else min(began_at, now)))
    row.crashes += 1
    entry = NamedIncident(crash.id, crash.title, labels.host)
    row.incidents = (*row.incidents, entry)[-MAX_NAMED_INCIDENTS:]
    row.services = tuple(sorted({*row.services, *services}))
    _add_host(row, crash.source)
    evaluation.memory.silences.put(row.id, row)
    evaluation.memory.current_digest.silenced += 1
    evaluation.memory.save_digest()
    _decide_silenced(evaluation, row, f"incident:{crash.id}")


def silence_host_state(
    evaluation: Evaluation, row: SilenceState, kind: Kind, labels: Labels
) -> None:
    """Count a message about a host's state under a silence."""
    _enter(row, row.covering(evaluation.now.wall))
    row.signs += 1
    entry = SilencedEvent(kind.value, labels.host or labels.address)
    row.events = (*row.events, entry)[-MAX_NAMED_INCIDENTS:]
    _add_host(row, labels.address)
    evaluation.memory.silences.put(row.id, row)
    _decide_silenced(evaluation, row, f"sender:{labels.address}", f"{kind.value}: ")


def _enter(row: SilenceState, occurrence: Occurrence | None) -> None:
    """Count for this occurrence from now on."""
    if row.every and occurrence is not None and row.occurrence is None:
        row.occurrence = occurrence


def _add_host(row: SilenceState, address: str) -> None:
    if address not in row.hosts and len(row.hosts) < MAX_HOSTS:
        row.hosts = (*row.hosts, address)


def describe_silence(row: SilenceState, match: str = "") -> str:
    """Return a silence in words, for reasons; ``match``: what it covers."""
    notes = [*map(str, row.every), *([match] if match else [])]
    every = f" ({', '.join(notes)})" if notes else ""
    if row.is_window:
        name = row.id.removeprefix(WINDOW)
        return f"maintenance window {name}{every}: {row.comment}"
    return f"silence {row.id} by {row.author}{every}: {row.comment}"


def _decide_silenced(
    evaluation: Evaluation, row: SilenceState, subject: str, what: str = ""
) -> None:
    reason = f"{what}{describe_silence(row)}"
    evaluation.decide(DecisionRecord(Decision.STORE_SILENCED, subject, reason))


def end_silences(evaluation: Evaluation) -> None:
    """Report what happened under silences that are over, and forget them.

    At the rate limit of a service that waits until there is room: a window must not
    hide anything because many messages were sent. So it does if the clock was just set.
    """
    if not evaluation.trusts_wall:
        return
    silences, wall = evaluation.memory.silences, evaluation.now.wall
    for key, row in sorted(silences.rows.items()):
        is_over = row.ends_at <= wall
        occurrence = row.occurrence
        if not is_over and (occurrence is None or occurrence.ends_at > wall):
            continue
        if not _report_end(evaluation, row):
            continue
        if is_over:
            silences.drop(key)
        else:
            row.crashes = row.signs = 0
            row.incidents, row.events, row.hosts, row.services = (), (), (), ()
            row.occurrence = None
            silences.put(key, row)


def _report_end(evaluation: Evaluation, row: SilenceState) -> bool:
    """Report what was under a silence; return whether there was room for it."""
    if row.crashes or row.signs:
        return _notify_ended(evaluation, row)
    if not row.every:
        reason = f"silence {row.id} has ended; it covered nothing"
        subject = f"silence:{row.id}"
        evaluation.decide(DecisionRecord(Decision.STORE_EXPECTED, subject, reason))
    return True


def _notify_ended(evaluation: Evaluation, row: SilenceState) -> bool:
    starts_at, ends_at = row.occurrence or (row.starts_at, row.ends_at)
    facts = SilenceEnded(
        id=row.id.removeprefix(WINDOW),
        author=row.author,
        comment=row.comment,
        starts_at=starts_at,
        ends_at=ends_at,
        match=tuple(map(str, row.match)),
        crashes=row.crashes,
        signs=row.signs,
        incidents=row.incidents,
        every=tuple(map(str, row.every)),
        events=row.events,
        down=_down(evaluation, row),
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
    services = [s for s in row.services if s in keys]
    services = services or list(settings.route(labels, evaluation.now.wall))
    if not all(evaluation.has_room(service, draft) for service in services):
        return False
    evaluation.notify(draft, dict.fromkeys(services))
    return True


def _down(evaluation: Evaluation, row: SilenceState) -> tuple[str, ...]:
    """Return the names of hosts that have not come back, or are silent."""
    senders = evaluation.memory.senders
    found = [senders.get(address) for address in row.hosts]
    down = [s for s in found if s is not None and (s.crash is not None or s.silent)]
    directory = evaluation.settings.directory
    return tuple(sorted(directory.name_of(s.source, s.host) for s in down))

"""Crashes of one cause: told at once, then together, then at growing intervals. Pure.

A cause is a fingerprint, or a host that crashes in ever new ways; it is kept for each
service by itself, so that a service which is told of some hosts only is never told
"41 more hosts" of a crash that it has not heard of.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.policy.decision import Decision, DecisionRecord
from omprog_panic.policy.evaluation import (
    HOUR_S,
    MAX_BUNDLED,
    MAX_REMEMBERED,
    THE_ONE,
    Turn,
    silence_words,
)
from omprog_panic.policy.familiarity import familiarity
from omprog_panic.policy.route import find_routes
from omprog_panic.policy.settings import ALERT, DIGEST
from omprog_panic.policy.state import Group, Sender
from omprog_panic.policy.suppress import DRILL, LOOP, group_key, hold, hold_told

if TYPE_CHECKING:
    from omprog_panic.policy.event import Crash
    from omprog_panic.policy.match import Labels
    from omprog_panic.policy.route import Fired

DRILL_WITHIN_S = 600.0  # between the announcement and the planned crash
MAX_HOSTS = 4096  # that a group knows apart; crashes of others are counted
MAX_SPREAD = 50  # kernel releases and machines that a message tells apart
MAX_TITLES = 20


def take_crash(turn: Turn, crash: Crash, t: float) -> None:
    """Decide about one incident."""
    sender = turn.state.senders.get(crash.source) or Sender(crash.source)
    drill = sender.drill_t is not None and 0 <= t - sender.drill_t <= DRILL_WITHIN_S
    level, because = turn.settings.level(crash.severity, crash.kind)
    if drill:
        level, because = ALERT, "a drill was announced"
    told, repeat = False, False
    if level != ALERT:
        _store(turn, crash, level, because)
    else:
        told, repeat = _tell(turn, crash, t, drill=drill)
    if not crash.before_listening and (told or crash.panicked):
        _note_crash(turn, crash, t, alerted=told, repeat=repeat)


def _tell(turn: Turn, crash: Crash, t: float, *, drill: bool) -> tuple[bool, bool]:
    """Put a crash into its groups; say whether it is told, and was before."""
    subject = f"incident:{crash.id}"
    labels = labels_of(turn, crash, "drill" if drill else crash.severity)
    silence = turn.silence(labels)
    told = turn.settings.route(labels)
    if silence is not None:
        silence.crashes += 1
        entry = {"id": crash.id, "title": crash.title, "host": labels.host}
        silence.incidents = [*silence.incidents, entry][-MAX_REMEMBERED:]
        silence.services = sorted({*silence.services, *told})
        turn.state.silences.put(silence.id, silence)
        turn.digest.silenced += 1
        turn.state.digest.put(THE_ONE, turn.digest)
        reason = silence_words(silence)
        turn.decide(DecisionRecord(Decision.STORE_SILENCED, subject, reason))
        return False, False
    if not told:
        turn.decide(
            DecisionRecord(Decision.STORE_NO_RECEIVER, subject, _nobody(turn, labels))
        )
        return False, False
    cause = (DRILL if drill else "") + crash.fingerprint
    groups = [_join(turn, crash, t, cause, told_by) for told_by in told.items()]
    return True, all(group.counts.get(crash.source, 0) > 1 for group in groups)


def labels_of(turn: Turn, crash: Crash, severity: str) -> Labels:
    """Return what routes and silences see of a crash."""
    where = turn.labels(severity, crash.source, crash.host)
    return where._replace(
        kind=crash.kind,
        title=crash.title,
        function=crash.function or "",
        kernel=crash.kernel or "",
    )


def _note_crash(
    turn: Turn, crash: Crash, t: float, *, alerted: bool, repeat: bool
) -> None:
    """Remember the last crash of a host: a boot that follows is explained by it."""
    sender = turn.state.senders.get(crash.source) or Sender(crash.source)
    if sender.crash is None or sender.crash["t"] <= t:
        sender.crash = {
            "id": crash.id,
            "t": t,
            "ended_t": max(t, turn.moment.t_of(crash.ended_at)),
            "boot": crash.boot,
            "panicked": crash.panicked,
            "alerted": alerted,
            "repeat": repeat,
            "title": crash.title,
            "kernel": crash.kernel,
        }
    turn.state.senders.put(crash.source, sender)


def _nobody(turn: Turn, labels: Labels) -> str:
    names = [fired.name for fired in find_routes(turn.settings.root, labels)]
    return f"{', '.join(names)} names no service"


def _store(turn: Turn, crash: Crash, level: str, because: str) -> None:
    decision, reason = Decision.STORE_ONLY, because
    if level == DIGEST:
        decision = Decision.STORE_DIGEST
        if turn.settings.digest_at is None:
            decision, reason = Decision.STORE_ONLY, f"{because}, and none is configured"
        else:
            _into_digest(turn, crash)
    turn.decide(DecisionRecord(decision, f"incident:{crash.id}", reason))


def _into_digest(turn: Turn, crash: Crash) -> None:
    digest = turn.digest
    row = digest.causes.get(crash.fingerprint)
    name = turn.settings.name_of(crash.source, crash.host)
    if row is None:
        if len(digest.causes) >= MAX_BUNDLED:
            digest.more_causes += 1
            turn.state.digest.put(THE_ONE, digest)
            return
        row = {
            "title": crash.title,
            "kind": crash.kind,
            "severity": crash.severity,
            "id": crash.id,
            "crashes": 0,
            "hosts": [],
            "known": dataclasses.asdict(
                familiarity(crash.history, crash.kernel, turn.moment.wall)
            ),
        }
        digest.causes[crash.fingerprint] = row
    row["crashes"] += 1
    if name not in row["hosts"] and len(row["hosts"]) < MAX_SPREAD:
        row["hosts"].append(name)
    turn.state.digest.put(THE_ONE, digest)


def _join(
    turn: Turn, crash: Crash, t: float, cause: str, told: tuple[str, Fired]
) -> Group:
    """Put a crash into its group at one service; a new group is told at once."""
    service, fired = told
    group = _open_group(turn, cause, service, t)
    if group is None:
        cause = _cause_of_host(turn, crash, cause, t)
        group = _open_group(turn, cause, service, t)
    if group is None:
        group = Group(
            cause=cause,
            service=service,
            opened_t=turn.moment.t,
            last_t=t,
            opened_at=turn.moment.wall,
            lead={},
            route=fired.name,
            template=fired.template,
        )
    _count(turn, group, crash, t)
    turn.state.groups.put(group_key(cause, service), group)
    if group.told_t is not None:
        hold_told(turn, crash, group)
    elif turn.settings.grouping.group_wait_s and not cause.startswith(LOOP):
        wait_s = turn.settings.grouping.group_wait_s
        reason = f"{fired.name}: waits {wait_s:g} s for others of its cause"
        hold(turn, Decision.SUPPRESS_GROUP_WAIT, crash, group, reason)
    else:  # flush_groups tells it at the end of this turn, or another one before it
        turn.joined.setdefault(group_key(cause, service), []).append(crash)
    return group


def _open_group(turn: Turn, cause: str, service: str, t: float) -> Group | None:
    group = turn.state.groups.get(group_key(cause, service))
    if group is None:
        return None
    rested = t - group.last_t > turn.settings.grouping.forget_after_s
    # What was held must be told: a new group in its place would lose it.
    return None if rested and not group.untold else group


def _cause_of_host(turn: Turn, crash: Crash, cause: str, t: float) -> str:
    """Return the cause that a new group is opened for: a host in a loop has its own."""
    if cause.startswith(DRILL):
        return cause
    sender = turn.state.senders.get(crash.source) or Sender(crash.source)
    sender.causes = {c: at for c, at in sender.causes.items() if t - at < HOUR_S}
    limit = turn.settings.grouping.host_causes_per_hour
    if cause not in sender.causes and len(sender.causes) >= limit:
        return f"{LOOP}{crash.source}"
    sender.causes[cause] = t
    turn.state.senders.put(crash.source, sender)
    return cause


def _count(turn: Turn, group: Group, crash: Crash, t: float) -> None:
    source = crash.source
    known = source in group.counts
    lead = (t, crash.id)
    if not group.lead or (group.told_t is None and lead < tuple(group.lead["order"])):
        group.lead = _lead(turn, crash, t)
    group.crashes += 1
    group.untold += 1
    group.last_t = max(group.last_t, t)
    if crash.title not in group.titles and len(group.titles) < MAX_TITLES:
        group.titles.append(crash.title)
    if not known and len(group.counts) >= MAX_HOSTS:
        group.unnamed += 1
        return
    group.counts[source] = group.counts.get(source, 0) + 1
    group.names[source] = turn.settings.name_of(source, crash.host)
    if not known or source in group.fresh:
        group.fresh[source] = group.fresh.get(source, 0) + 1
    else:
        group.again[source] = group.again.get(source, 0) + 1
    if not known:
        _spread(group.kernels, crash.kernel)
        _spread(group.hardware, crash.hardware)


def _spread(counts: dict[str, int], value: str | None) -> None:
    word = value or "?"
    if word not in counts and len(counts) >= MAX_SPREAD:
        word = "..."
    counts[word] = counts.get(word, 0) + 1


def _lead(turn: Turn, crash: Crash, t: float) -> dict[str, Any]:
    known = familiarity(crash.history, crash.kernel, turn.moment.wall)
    return {
        "order": [t, crash.id],
        "id": crash.id,
        "source": crash.source,
        "host": turn.settings.name_of(crash.source, crash.host),
        "severity": crash.severity,
        "title": crash.title,
        "known": dataclasses.asdict(known),
    }

"""Crashes of one cause: told at once, then together, then at growing intervals. Pure.

A cause is a fingerprint, or a host that crashes in ever new ways; it is kept for each
service by itself, so that a service which is told of some hosts only is never told
"41 more hosts" of a crash that it has not heard of.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.policy.decision import Decided, Decision
from omprog_panic.policy.known import familiarity
from omprog_panic.policy.route import find_routes
from omprog_panic.policy.settings import ALERT, DIGEST
from omprog_panic.policy.state import Group, Sender
from omprog_panic.policy.turn import (
    HOUR_S,
    MAX_BUNDLED,
    MAX_REMEMBERED,
    THE_ONE,
    Draft,
    Turn,
    silence_words,
)

if TYPE_CHECKING:
    from omprog_panic.policy.event import Crash
    from omprog_panic.policy.match import Labels
    from omprog_panic.policy.route import Fired

DRILL_WITHIN_S = 600.0  # between the announcement and the planned crash
MAX_HOSTS = 4096  # that a group knows apart; crashes of others are counted
MAX_SPREAD = 50  # kernel releases and machines that a message tells apart
MAX_TITLES = 20
MAX_GROUPS = (
    20_000  # beyond: those that have nothing to tell are forgotten, oldest first
)
DRILL = "drill:"
LOOP = "host:"


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
        turn.decide(Decided(Decision.STORE_SILENCED, subject, reason))
        return False, False
    if not told:
        turn.decide(Decided(Decision.STORE_NOBODY, subject, _nobody(turn, labels)))
        return False, False
    cause = (DRILL if drill else "") + crash.fingerprint
    groups = [_join(turn, crash, t, cause, told_by) for told_by in told.items()]
    return True, all(group.counts.get(crash.source, 0) > 1 for group in groups)


def labels_of(turn: Turn, crash: Crash, severity: str) -> Labels:
    """Give what routes and silences see of a crash."""
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
    decision, reason = Decision.STORE_MILD, because
    if level == DIGEST:
        decision = Decision.STORE_DIGEST
        if turn.settings.digest_at is None:
            decision, reason = Decision.STORE_MILD, f"{because}, and none is configured"
        else:
            _into_digest(turn, crash)
    turn.decide(Decided(decision, f"incident:{crash.id}", reason))


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
    turn.state.groups.put(_key(cause, service), group)
    if group.told_t is not None:
        _hold_told(turn, crash, group)
    elif turn.settings.grouping.group_wait_s and not cause.startswith(LOOP):
        wait_s = turn.settings.grouping.group_wait_s
        reason = f"{fired.name}: waits {wait_s:g} s for others of its cause"
        _hold(turn, Decision.HOLD_WAIT, crash, group, reason)
    else:  # flush_groups tells it at the end of this turn, or another one before it
        turn.joined.setdefault(_key(cause, service), []).append(crash)
    return group


def _hold_told(turn: Turn, crash: Crash, group: Group) -> None:
    """Say when a crash is told whose cause has been told before."""
    told_t = group.told_t or 0.0
    if crash.source in group.fresh:
        due_t = told_t + turn.settings.grouping.group_interval_s
        reason = f"{group.route}: the same cause was told {_ago(turn, group)}"
        decision = Decision.HOLD_GROUP
    else:
        due_t = told_t + _interval(turn, group)
        reason = f"{group.route}: the same cause of this host was told before"
        decision = Decision.HOLD_REPEAT
    wait_s = max(0.0, due_t - turn.moment.t)
    _hold(turn, decision, crash, group, f"{reason}, more within {wait_s:.0f} s")


def _hold(
    turn: Turn, decision: Decision, crash: Crash, group: Group, reason: str
) -> None:
    turn.decide(
        Decided(decision, f"incident:{crash.id}", reason, (group.service,), group.cause)
    )


def _ago(turn: Turn, group: Group) -> str:
    return f"{turn.moment.t - (group.told_t or 0.0):.0f} s ago"


def _key(cause: str, service: str) -> str:
    return f"{cause}|{service}"


def _open_group(turn: Turn, cause: str, service: str, t: float) -> Group | None:
    group = turn.state.groups.get(_key(cause, service))
    if group is None:
        return None
    rested = t - group.last_t > turn.settings.grouping.forget_after_s
    # What was held must be told: a new group in its place would lose it.
    return None if rested and not group.untold else group


def _cause_of_host(turn: Turn, crash: Crash, cause: str, t: float) -> str:
    """Give the cause that a new group is opened for: a host in a loop has its own."""
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


def flush_groups(turn: Turn) -> None:
    """Tell the groups that are due; forget those that have come to rest."""
    grouping, now = turn.settings.grouping, turn.moment.t
    receivers = {receiver.key for receiver in turn.settings.receivers}
    for key, group in sorted(turn.state.groups.rows.items()):
        if group.service not in receivers:
            turn.state.groups.drop(key)  # its alerts are readdressed by the outbox
        elif group.told_t is None:
            _tell_first(turn, key, group)
        elif group.fresh and now - group.told_t >= grouping.group_interval_s:
            _tell_more(turn, key, group)
        elif group.untold and now - group.told_t >= _interval(turn, group):
            _tell_again(turn, key, group)
        elif not group.untold and now - group.last_t > grouping.forget_after_s:
            turn.state.groups.drop(key)
    _forget_groups(turn)


def _forget_groups(turn: Turn) -> None:
    rows = turn.state.groups.rows
    if len(rows) <= MAX_GROUPS:
        return
    idle = sorted((row.last_t, key) for key, row in rows.items() if not row.untold)
    for _, key in idle[: len(rows) - MAX_GROUPS]:
        turn.state.groups.drop(key)


def _interval(turn: Turn, group: Group) -> float:
    steps = turn.settings.grouping.repeat_s
    return steps[min(group.step, len(steps) - 1)]


def _tell_first(turn: Turn, key: str, group: Group) -> None:
    if group.cause.startswith(LOOP):
        _tell_again(turn, key, group)
        return
    if turn.moment.t - group.opened_t < turn.settings.grouping.group_wait_s:
        return
    lead = group.lead
    source = lead["source"]
    fresh = {s: n for s, n in group.fresh.items() if s != source}
    repeats = group.fresh.get(source, 1) - 1
    draft = Draft(
        kind="incident",
        decision=Decision.NOTIFY_FIRST,
        reason=f"{group.route}: the first crash of its cause",
        subject=f"incident:{lead['id']}",
        details={
            "drill": group.cause.startswith(DRILL),
            "known": lead["known"],
        },
        incident_id=lead["id"],
        order_key=source,
        cause=group.cause,
    )
    group.told_t, group.fresh = turn.moment.t, fresh
    group.again = {source: repeats} if repeats else {}
    group.untold = group.crashes - 1
    turn.state.groups.put(key, group)
    turn.send(draft, {group.service: group.template})
    for crash in turn.joined.pop(key, []):
        if crash.id != lead["id"]:
            _hold_told(turn, crash, group)


def _tell_more(turn: Turn, key: str, group: Group) -> None:
    count = len(group.fresh)
    noun = "host" if count == 1 else "hosts"
    reason = (
        f"{group.route}: the same crash on {count} more {noun} since it was told "
        f"{_ago(turn, group)}"
    )
    draft = Draft(
        kind="follow-up",
        decision=Decision.NOTIFY_MORE,
        reason=reason,
        subject=f"cause:{group.cause}",
        details={**_told_of(group, group.fresh), "again": _hosts(group, group.again)},
        incident_id=group.lead["id"],
        cause=group.cause,
    )
    _settle(turn, key, group)
    turn.send(draft, {group.service: group.template})


def _tell_again(turn: Turn, key: str, group: Group) -> None:
    hosts = {**group.fresh, **group.again}
    first = group.told_t is None
    since = "a host with ever new crashes" if first else f"told {_ago(turn, group)}"
    reason = f"{group.route}: {group.untold} crashes of known hosts, {since}"
    if not first:
        group.step += 1
    for crash in turn.joined.pop(key, []):
        words = f"{group.route}: a host that crashes in ever new ways"
        _hold(turn, Decision.HOLD_REPEAT, crash, group, words)
    next_s = _interval(turn, group)
    draft = Draft(
        kind="panic-loop",
        decision=Decision.NOTIFY_AGAIN,
        reason=reason,
        subject=f"cause:{group.cause}",
        details={**_told_of(group, hosts), "next_s": next_s},
        incident_id=group.lead["id"],
        order_key=next(iter(hosts)) if len(hosts) == 1 else None,
        cause=group.cause,
    )
    _settle(turn, key, group)
    turn.send(draft, {group.service: group.template})


def _settle(turn: Turn, key: str, group: Group) -> None:
    group.told_t, group.untold = turn.moment.t, 0
    group.fresh, group.again = {}, {}
    turn.state.groups.put(key, group)


def _told_of(group: Group, hosts: dict[str, int]) -> dict[str, Any]:
    lead = group.lead
    return {
        "cause": group.cause,
        "title": lead["title"],
        "titles": list(group.titles),
        "severity": "drill" if group.cause.startswith(DRILL) else lead["severity"],
        "first_host": lead["host"],
        "since": group.opened_at,
        "hosts": _hosts(group, hosts),
        "count": len(hosts),
        "crashes": group.untold,
        "all_hosts": len(group.counts),
        "all_crashes": group.crashes,
        "kernels": _falling(group.kernels),
        "hardware": _falling(group.hardware),
    }


def _hosts(group: Group, hosts: dict[str, int]) -> list[dict[str, Any]]:
    listed = [
        {"name": group.names[source], "address": source, "crashes": count}
        for source, count in hosts.items()
    ]
    return sorted(listed, key=lambda h: (str(h["name"]), str(h["address"])))[
        :MAX_BUNDLED
    ]


def _falling(counts: dict[str, int]) -> list[list[Any]]:
    return [[w, n] for w, n in sorted(counts.items(), key=lambda i: (-i[1], i[0]))]

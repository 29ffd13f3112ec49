"""What is told of groups of crashes: the first, more hosts, and again. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omprog_panic.policy.decision import Decision
from omprog_panic.policy.evaluation import MAX_BUNDLED, Draft
from omprog_panic.policy.suppress import (
    DRILL,
    LOOP,
    hold,
    hold_told,
    repeat_after_s,
    told_ago,
)

if TYPE_CHECKING:
    from omprog_panic.policy.evaluation import Turn
    from omprog_panic.policy.state import Group

# Beyond: those that have nothing to tell are forgotten, oldest first.
MAX_GROUPS = 20_000


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
        elif group.untold and now - group.told_t >= repeat_after_s(turn, group):
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
            hold_told(turn, crash, group)


def _tell_more(turn: Turn, key: str, group: Group) -> None:
    count = len(group.fresh)
    noun = "host" if count == 1 else "hosts"
    reason = (
        f"{group.route}: the same crash on {count} more {noun} since it was told "
        f"{told_ago(turn, group)}"
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
    since = "a host with ever new crashes" if first else f"told {told_ago(turn, group)}"
    reason = f"{group.route}: {group.untold} crashes of known hosts, {since}"
    if not first:
        group.step += 1
    for crash in turn.joined.pop(key, []):
        words = f"{group.route}: a host that crashes in ever new ways"
        hold(turn, Decision.SUPPRESS_REPEAT, crash, group, words)
    next_s = repeat_after_s(turn, group)
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

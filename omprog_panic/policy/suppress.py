"""Crashes that are kept back: their cause was told, and its time is not come. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.policy.decision import Decision, DecisionRecord

if TYPE_CHECKING:
    from omprog_panic.policy.evaluation import Turn
    from omprog_panic.policy.event import Crash
    from omprog_panic.policy.state import Group

# What the names of causes begin with that are no fingerprint.
DRILL = "drill:"
LOOP = "host:"


def hold_told(turn: Turn, crash: Crash, group: Group) -> None:
    """Say when a crash is told whose cause has been told before."""
    told_t = group.told_t or 0.0
    if crash.source in group.fresh:
        due_t = told_t + turn.settings.grouping.group_interval_s
        reason = f"{group.route}: the same cause was told {told_ago(turn, group)}"
        decision = Decision.SUPPRESS_GROUP
    else:
        due_t = told_t + repeat_after_s(turn, group)
        reason = f"{group.route}: the same cause of this host was told before"
        decision = Decision.SUPPRESS_REPEAT
    wait_s = max(0.0, due_t - turn.moment.t)
    hold(turn, decision, crash, group, f"{reason}, more within {wait_s:.0f} s")


def hold(
    turn: Turn, decision: Decision, crash: Crash, group: Group, reason: str
) -> None:
    """Note why a crash is not told now."""
    turn.decide(
        DecisionRecord(
            decision, f"incident:{crash.id}", reason, (group.service,), group.cause
        )
    )


def told_ago(turn: Turn, group: Group) -> str:
    """Say how long ago the cause was told."""
    return f"{turn.moment.t - (group.told_t or 0.0):.0f} s ago"


def group_key(cause: str, service: str) -> str:
    """Name a cause at one service, as the state keeps it."""
    return f"{cause}|{service}"


def repeat_after_s(turn: Turn, group: Group) -> float:
    """Return the seconds until known hosts are told again; they grow."""
    steps = turn.settings.grouping.repeat_s
    return steps[min(group.step, len(steps) - 1)]

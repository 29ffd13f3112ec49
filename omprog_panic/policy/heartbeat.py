"""Signs of life, and senders that are silent or were never heard. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.senders import SilentHost
from omprog_panic.policy.boot import CRASH_EXPLAINS_S, compare_boot_ids
from omprog_panic.policy.bundle import report_host_state
from omprog_panic.policy.lifecycle import note_running
from omprog_panic.policy.sender import (
    MISSED_HEARTBEATS,
    merge_addresses,
    missed_at,
    name_of,
    note_heard,
)
from omprog_panic.policy.state.memory import NextLook
from omprog_panic.policy.state.sender import UnheardState

if TYPE_CHECKING:
    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.event import SignOfLife
    from omprog_panic.policy.state.sender import SenderState

# After its farewell a kernel prints a few more lines.
FAREWELL_ENDS_S = 120.0
MAX_SENDERS = 16384  # in the memory; of unlisted ones the longest silent are forgotten


def handle_sign_of_life(evaluation: Evaluation, sign: SignOfLife, t: float) -> None:
    """Note what a sender says of itself."""
    sender = note_heard(evaluation, sign, t)
    if sign.says == "alive":
        sender.heartbeat = True
        sender.next_s = sign.next_s
        compare_boot_ids(evaluation, sender, sign, t)
    elif sign.says == "farewell":
        sender.says_farewell = True
        sender.farewell_t = t
    elif sign.says == "drill":
        sender.drill_t, sender.drill_host = t, sign.host
    if sign.says in {"alive", "heard"}:
        _note_running(sender, t)
        note_running(evaluation, sender, t)
    evaluation.memory.senders.put(sign.source, sender)


def _note_running(sender: SenderState, t: float) -> None:
    """Forget a shutdown that did not happen, and a crash that was survived."""
    farewell_t, crash = sender.farewell_t, sender.crash
    if farewell_t is not None and t - farewell_t > FAREWELL_ENDS_S:
        sender.farewell_t = None
    if crash is not None and t - crash.ended_t > CRASH_EXPLAINS_S:
        sender.crash = None  # or it came back, and nobody saw its boot


def silence_limit_s(evaluation: Evaluation, sender: SenderState) -> float | None:
    """Return after how much silence a sender is reported; None: never."""
    settings = evaluation.settings
    listed = settings.directory.entry_for(sender.source)
    if listed is None:
        return None
    if listed.silent_after_s is not None:
        limit = listed.silent_after_s
    elif sender.heartbeat:
        limit = settings.config.life_signs.silent_after_s
    else:
        return None  # a quiet machine without heartbeats sends nothing for weeks
    if not limit:
        return None
    return max(limit, MISSED_HEARTBEATS * (sender.next_s or 0.0))


def report_silent(evaluation: Evaluation) -> None:
    """Report the senders that have become silent, and those that were never heard."""
    check = evaluation.memory.current_self_check
    if check.deaf or check.misses:
        return  # nobody is silent while it may be the monitor that does not hear
    look, listened = evaluation.memory.next_look, evaluation.now.listened
    if listened >= look.at_senders:
        look.at_senders = _report_silent_senders(evaluation)
    if listened >= look.at_unheard:
        look.at_unheard = _report_never_heard(evaluation)
    _forget_unlisted(evaluation)


def _report_silent_senders(evaluation: Evaluation) -> float:
    """Report the senders that are silent; return when the next one may be."""
    listened = evaluation.now.listened
    shortest_s = evaluation.settings.shortest_silence_s
    if not shortest_s:
        return math.inf
    next_at = listened + shortest_s  # for those that are heard from now on
    for _, sender in sorted(evaluation.memory.senders.rows.items()):
        # After a crash or a farewell, silence is to be expected.
        if sender.silent or sender.crash is not None or sender.farewell_t is not None:
            continue
        limit_s = silence_limit_s(evaluation, sender)
        if limit_s is None:
            continue
        silent_s = listened - sender.heard.listened
        if silent_s > limit_s:
            _report_silent(evaluation, sender, silent_s, limit_s)
        else:
            next_at = min(next_at, sender.heard.listened + limit_s)
    return next_at


def _report_silent(
    evaluation: Evaluation, sender: SenderState, silent_s: float, limit_s: float
) -> None:
    sender.silent = True
    evaluation.memory.senders.put(sender.source, sender)
    host = SilentHost(
        name=name_of(evaluation, sender),
        address=sender.source,
        at=evaluation.now.wall,
        last_heard_at=sender.heard.wall,
        silent_s=silent_s,
        limit_s=limit_s,
        kernel=sender.kernel,
    )
    kind = Kind.SENDER_SILENT
    labels = evaluation.labels(kind.value, sender.source, sender.host)
    began_at = missed_at(sender, sender.heard.wall)
    report_host_state(evaluation, kind, labels, host, began_at)


def _report_never_heard(evaluation: Evaluation) -> float:
    """Report machines that were never heard; return when the next one may be due."""
    settings, now = evaluation.settings, evaluation.now
    limit_s = settings.config.life_signs.never_seen_after_s
    if not limit_s:
        return math.inf
    next_at, unheard = math.inf, evaluation.memory.unheard
    for address, row in sorted(unheard.rows.items()):
        if row.notified:
            continue
        if now.listened - row.since_listened <= limit_s:
            next_at = min(next_at, row.since_listened + limit_s)
            continue
        row.notified = True
        unheard.put(address, row)
        host = SilentHost(
            name=settings.directory.name_of(address, None),
            address=address,
            at=now.wall,
            limit_s=limit_s,
        )
        labels = evaluation.labels(Kind.NEVER_HEARD.value, address, None)
        report_host_state(evaluation, Kind.NEVER_HEARD, labels, host)
    return next_at


def _forget_unlisted(evaluation: Evaluation) -> None:
    senders = evaluation.memory.senders
    excess = len(senders.rows) - MAX_SENDERS
    if excess <= 0:
        return
    directory = evaluation.settings.directory
    unlisted = sorted(
        (row.heard.t, key)
        for key, row in senders.rows.items()
        if directory.entry_for(key) is None
    )
    for _, key in unlisted[:excess]:
        senders.drop(key)


def configure_senders(evaluation: Evaluation) -> None:
    """Apply a new configuration: listed machines are expected from now on.

    A sender that may be silent now no longer counts as silent: nobody would be
    notified when it is heard again.
    """
    memory = evaluation.memory
    memory.next_look = NextLook()
    merge_addresses(evaluation)
    for source, sender in memory.senders.rows.items():
        if sender.silent and silence_limit_s(evaluation, sender) is None:
            sender.silent = False
            memory.senders.put(source, sender)
    listed = evaluation.settings.config.senders
    addresses = {entry.single for entry in listed if entry.single is not None}
    for address in sorted(addresses):
        if memory.senders.get(address) is None and not memory.unheard.get(address):
            memory.unheard.put(address, UnheardState(evaluation.now.listened))
    for address in sorted(set(memory.unheard.rows) - addresses):
        memory.unheard.drop(address)

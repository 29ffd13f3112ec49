"""What every event of a sender says of it: that it was heard. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.senders import SilentHost
from omprog_panic.policy.bundle import report_host_state
from omprog_panic.policy.state.sender import LastHeard, SenderState
from omprog_panic.policy.timestamps import wall_of

if TYPE_CHECKING:
    from omprog_panic.policy.evaluation import Evaluation
    from omprog_panic.policy.event import Boot, Crash, SignOfLife

MISSED_HEARTBEATS = 2.5  # that are waited for, whatever the limit
DRILL_WITHIN_S = 600.0  # between the announcement and the planned crash


def note_heard(
    evaluation: Evaluation, event: SignOfLife | Crash | Boot, t: float
) -> SenderState:
    """Note that a sender was heard; report it if that ends a silence of it."""
    memory, now, source = evaluation.memory, evaluation.now, event.source
    sender = memory.senders.get(source) or SenderState(source)
    before = sender.heard
    if not before.t or t >= before.t:
        wall = wall_of(event.at) or now.wall
        sender.heard = LastHeard(t, wall, now.listened)
        sender.host = event.host or sender.host
        sender.kernel = event.kernel or sender.kernel
    else:
        sender.heard = LastHeard(before.t, before.wall, now.listened)
    unheard = memory.unheard.get(source)
    if sender.silent or (unheard is not None and unheard.notified):
        sender.silent = False
        _report_speaks(evaluation, sender, before)
    memory.unheard.drop(source)
    memory.senders.put(source, sender)
    return sender


def _report_speaks(
    evaluation: Evaluation, sender: SenderState, before: LastHeard
) -> None:
    kind = Kind.SENDER_SPEAKS
    host = SilentHost(
        name=name_of(evaluation, sender),
        address=sender.source,
        at=sender.heard.wall,
        last_heard_at=before.wall or None,
        silent_s=evaluation.now.t - before.t if before.wall else None,
        kernel=sender.kernel,
    )
    labels = evaluation.labels(kind.value, sender.source, sender.host)
    began_at = missed_at(sender, before.wall or None)
    report_host_state(evaluation, kind, labels, host, min(began_at, host.at or 0.0))


def missed_at(sender: SenderState, heard_at: float | None) -> float:
    """Return from which wall time on it was to be seen that a sender was silent.

    Infinity: never, because it announces no heartbeats.
    """
    if heard_at is None or not sender.heartbeat or sender.next_s is None:
        return math.inf
    return heard_at + MISSED_HEARTBEATS * sender.next_s


def merge_addresses(evaluation: Evaluation) -> None:
    """Make one sender of the addresses that are listed as one machine from now on."""
    senders, directory = evaluation.memory.senders, evaluation.settings.directory
    for address, sender in sorted(senders.rows.items()):
        machine = directory.machine_of(address)
        if machine == address:
            continue
        senders.drop(address)
        other = senders.get(machine) or sender
        latest = max(other, sender, key=lambda row: row.heard.t)
        latest.source = machine
        latest.heartbeat = other.heartbeat or sender.heartbeat
        latest.says_farewell = other.says_farewell or sender.says_farewell
        latest.open_in = tuple(dict.fromkeys((*other.open_in, *sender.open_in)))
        senders.put(machine, latest)


def name_of(evaluation: Evaluation, sender: SenderState) -> str:
    """Return the name that people know a sender by."""
    return evaluation.settings.directory.name_of(sender.source, sender.host)


def is_drill(sender: SenderState, t: float, host: str | None = None) -> bool:
    """Return whether a drill was announced shortly before, by this host.

    Two hosts may share an address: where both gave their names, these are compared.
    """
    drill_t, announcer = sender.drill_t, sender.drill_host
    if announcer and host and announcer.casefold() != host.casefold():
        return False
    return drill_t is not None and 0 <= t - drill_t <= DRILL_WITHIN_S

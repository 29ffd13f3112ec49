"""Acknowledging causes, giving them back, resolving them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.admin.causes import causes_of, open_causes
from omprog_panic.admin.incident_ids import resolve_id
from omprog_panic.admin.wake import wake_alerter
from omprog_panic.alerter.policy_memory import open_memory
from omprog_panic.clock import SystemClock
from omprog_panic.errors import OmprogPanicError
from omprog_panic.policy.event import CauseAction
from omprog_panic.store import cause_commands, incidents
from omprog_panic.store.connect import existing_database
from omprog_panic.store.decisions import decisions_on

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.admin.causes import OpenCause
    from omprog_panic.config.model import Paths
    from omprog_panic.policy.state.memory import Memory
    from omprog_panic.store.cause_commands import StoredCommand
    from omprog_panic.store.connect import Transaction


@dataclasses.dataclass(frozen=True, slots=True)
class CauseOrder:
    """What somebody wants done; ``seconds`` None: until it is resolved."""

    action: CauseAction
    author: str
    comment: str = ""
    seconds: float | None = None


def order(paths: Paths, target: str, wanted: CauseOrder) -> OpenCause:
    """Acknowledge, give back or resolve a cause; return it as it was.

    ``target`` is the cause, or an incident, by its first digits. The alerter does it
    within seconds, or when it runs again.

    Raises:
        OmprogPanicError: no such cause or incident, it is not open, or nobody has it.
        StoreError: the database cannot be written.

    """
    now = SystemClock().wall()
    until = None if wanted.seconds is None else now + wanted.seconds
    with existing_database(paths.database) as database, database.write() as connection:
        memory = open_memory(connection)
        found = _find(connection, memory, target)
        waiting = cause_commands.commands_after(
            connection, memory.current_monitor.command_revision
        )
        if wanted.action is CauseAction.UNACKNOWLEDGE and not _is_held(found, waiting):
            raise OmprogPanicError(f"{found.cause}: nobody has acknowledged it")
        cause_commands.add_command(
            connection,
            cause_commands.StoredCommand(
                cause=found.cause,
                action=wanted.action.value,
                author=wanted.author,
                comment=wanted.comment,
                at=now,
                until=until,
            ),
        )
    wake_alerter(paths)
    return found


def _is_held(found: OpenCause, waiting: Iterable[StoredCommand]) -> bool:
    """Return whether somebody has it, or will have when the alerter has run."""
    asked = [command for command in waiting if command.cause == found.cause]
    if asked:
        return asked[-1].action == CauseAction.ACKNOWLEDGE.value
    return found.holder is not None


def _find(connection: Transaction, memory: Memory, target: str) -> OpenCause:
    known = {cause.cause: cause for cause in open_causes(memory)}
    if target in known:
        return known[target]
    begun = [key for key in known if target and key.startswith(target)]
    if len(begun) > 1:
        raise OmprogPanicError(
            f"several causes begin with {target!r}: {', '.join(sorted(begun))}"
        )
    if begun:
        return known[begun[0]]
    found = _cause_of_incident(connection, target)
    open_ones = [known[key] for key in found if key in known]
    if not open_ones:
        raise OmprogPanicError(
            f"the cause of {target} is not open: nobody was notified of it, or it is "
            "resolved. omprog-panic status lists the open ones"
        )
    return open_ones[0]


def _cause_of_incident(connection: Transaction, prefix: str) -> tuple[str, ...]:
    """Return the causes that an incident was counted for, the surest first."""
    incident_id = resolve_id(connection, prefix)
    decided = decisions_on(connection, incident_id)
    noted = [row.cause for row in decided if row.cause is not None]
    incident = incidents.load_incident(connection, incident_id)
    assert incident is not None
    guessed = causes_of(incident.report.fingerprint, incident.record.source)
    return tuple(dict.fromkeys((*noted, *guessed)))

"""What people do with causes: commands that the alerter reads."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.store.schema import CAUSE_COMMANDS

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

KEPT_S = 90 * 86400.0  # for so long a command is kept; decisions say what came of it


@dataclasses.dataclass(frozen=True, slots=True)
class StoredCommand:
    """One command; times are wall times. ``action`` as in policy's CauseAction."""

    cause: str
    action: str
    author: str
    comment: str
    at: float
    until: float | None = None
    revision: int = 0  # grows with each command


def add_command(connection: Connection, command: StoredCommand) -> None:
    """Store a command."""
    connection.execute(
        sa.insert(CAUSE_COMMANDS).values(
            cause=command.cause,
            action=command.action,
            author=command.author,
            comment=command.comment,
            at=command.at,
            until=command.until,
            revision=_next_revision(connection),
        )
    )


def prune_commands(connection: Connection, now: float) -> None:
    """Delete old commands, but the newest: the numbers go on."""
    newest = sa.select(sa.func.max(CAUSE_COMMANDS.c.revision)).scalar_subquery()
    old = sa.and_(
        CAUSE_COMMANDS.c.at < now - KEPT_S, CAUSE_COMMANDS.c.revision != newest
    )
    connection.execute(sa.delete(CAUSE_COMMANDS).where(old))


def _next_revision(connection: Connection) -> int:
    newest = sa.select(sa.func.max(CAUSE_COMMANDS.c.revision))
    return int(connection.execute(newest).scalar() or 0) + 1


def commands_after(connection: Connection, revision: int) -> list[StoredCommand]:
    """Return the commands after this revision, in their order."""
    query = sa.select(CAUSE_COMMANDS).where(CAUSE_COMMANDS.c.revision > revision)
    rows = connection.execute(query.order_by(CAUSE_COMMANDS.c.revision))
    return [
        StoredCommand(
            cause=row.cause,
            action=row.action,
            author=row.author,
            comment=row.comment,
            at=row.at,
            until=row.until,
            revision=row.revision,
        )
        for row in rows
    ]

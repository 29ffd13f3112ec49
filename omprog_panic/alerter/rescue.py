"""Takes alerts that are not delivered yet out of a damaged database.

They go back into the spool as their records, and from there into the new database, as
if they had just arrived: to every service of their route, also to one that had them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from omprog_panic.errors import SpoolError, StoreError
from omprog_panic.spool.writer import SpoolWriter
from omprog_panic.store.incidents import load_spool_file
from omprog_panic.store.outbox import pending_incidents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from omprog_panic.store.connect import Database

log = logging.getLogger(__name__)

MAX_RESCUED = 1000


def rescue_pending(database: Database, spool: Path) -> int:
    """Publish what can still be read of pending incidents; return how many.

    An incident that is in the spool or in the database again is not doubled.
    """
    writer, count = SpoolWriter(spool), 0
    for id_, content in _readable(database):
        try:
            writer.publish(f"{id_}.json", content)
        except SpoolError as error:
            log.error("pending alert not rescued", extra={"reason": str(error)})  # noqa: TRY400
            break
        count += 1
    return count


def _readable(database: Database) -> Iterator[tuple[str, bytes]]:
    try:
        with database.read() as connection:
            ids = pending_incidents(connection, MAX_RESCUED)
    except StoreError:
        return
    for id_ in ids:
        try:
            with database.read() as connection:
                yield id_, load_spool_file(connection, id_)
        except StoreError as error:
            extra = {"id": id_, "reason": str(error)}
            log.error("pending alert cannot be read", extra=extra)  # noqa: TRY400

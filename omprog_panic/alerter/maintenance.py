"""What has to be done now and then."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from omprog_panic.store import outbox

if TYPE_CHECKING:
    from omprog_panic.store.connect import Database

log = logging.getLogger(__name__)

EVERY_S = 600.0


def maintain(database: Database, retry_for_s: float, now: float) -> None:
    """Give up what waits too long for services that nobody works for.

    Raises:
        StoreError: the data base cannot be used now.

    """
    with database.write() as connection:
        expired = outbox.expire(connection, now - 2 * retry_for_s, now)
    if expired:
        log.error("alerts given up: their services are gone", extra={"count": expired})

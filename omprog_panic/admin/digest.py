"""The next daily digest, as it stands now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.alerter.policy_memory import open_memory
from omprog_panic.clock import SystemClock
from omprog_panic.policy.digest import digest_facts
from omprog_panic.store.connect import existing_database

if TYPE_CHECKING:
    from omprog_panic.notification.digest import DailyDigest
    from omprog_panic.store.connect import Location


def next_digest(location: Location) -> DailyDigest | None:
    """Return what the digest would contain now; None: nothing, or none is configured.

    Raises:
        StoreError: the database cannot be read.

    """
    with existing_database(location) as database, database.read() as connection:
        memory = open_memory(connection)
    return digest_facts(memory, SystemClock().wall())

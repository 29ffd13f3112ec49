"""How many incidents there were: for each week, host, kernel, cause and so on."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from omprog_panic.admin.search import NOBODY, search
from omprog_panic.render.context import ID_DIGITS
from omprog_panic.store.connect import existing_database

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omprog_panic.admin.search import IncidentQuery, ListedIncident
    from omprog_panic.config.senders import SenderDirectory
    from omprog_panic.store.connect import Location


@dataclasses.dataclass(slots=True)
class IncidentCount:
    """How many incidents have one value of what is counted by."""

    key: str
    incidents: int = 0
    panicked: int = 0
    hosts: set[str] = dataclasses.field(default_factory=set)
    title: str = ""  # of the newest

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "key": self.key,
            "incidents": self.incidents,
            "panicked": self.panicked,
            "hosts": len(self.hosts),
            "title": self.title,
        }


def count_incidents(
    location: Location,
    query: IncidentQuery,
    by: str,
    directory: SenderDirectory = NOBODY,
) -> list[IncidentCount]:
    """Count the incidents that match, by a key of ``COUNT_BY``.

    Days, weeks and months are those of UTC, in order, those without an incident left
    out. Of everything else the most frequent comes first.

    Raises:
        OmprogPanicError: the query has no regular expression where one belongs.
        StoreError: the database cannot be read.

    """
    counts: dict[str, IncidentCount] = {}
    key_of = COUNT_BY[by]
    with existing_database(location) as database, database.read() as connection:
        for found in search(connection, query, directory):
            key = key_of(found)
            count = counts.setdefault(key, IncidentCount(key, title=_title(found)))
            count.incidents += 1
            count.panicked += found.summary.panicked
            count.hosts.add(found.host or found.summary.source)
    if by in _PERIODS:
        return sorted(counts.values(), key=lambda count: count.key)
    return sorted(counts.values(), key=lambda count: (-count.incidents, count.key))


def _title(found: ListedIncident) -> str:
    return found.summary.title


def _day(found: ListedIncident) -> str:
    return found.summary.onset_at[:10]


def _week(found: ListedIncident) -> str:
    """Return the ISO week, as ``date +%G-W%V`` prints it."""
    try:
        year, week, _ = dt.date.fromisoformat(_day(found)).isocalendar()
    except ValueError:
        return "-"
    return f"{year}-W{week:02}"


def _month(found: ListedIncident) -> str:
    return found.summary.onset_at[:7]


COUNT_BY: Mapping[str, Callable[[ListedIncident], str]] = {
    "day": _day,
    "week": _week,
    "month": _month,
    "host": lambda found: found.host or found.summary.source,
    "kernel": lambda found: found.summary.kernel or "-",
    "severity": lambda found: found.summary.severity,
    "kind": lambda found: found.summary.kind,
    "cause": lambda found: found.summary.fingerprint[:ID_DIGITS],
}
_PERIODS = frozenset({"day", "week", "month"})

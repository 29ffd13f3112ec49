"""Searching the archive: which incidents a person asks for."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from omprog_panic.admin.causes import cause_of, state_of
from omprog_panic.alerter.policy_memory import open_memory
from omprog_panic.clock import rfc3339
from omprog_panic.config.routing import Matcher
from omprog_panic.config.senders import SenderDirectory
from omprog_panic.errors import OmprogPanicError
from omprog_panic.notification.notification import Labels
from omprog_panic.policy.match import matches
from omprog_panic.render.context import utc
from omprog_panic.spool.codec import decode
from omprog_panic.spool.record import IncidentRecord
from omprog_panic.store import incidents
from omprog_panic.store.connect import existing_database
from omprog_panic.store.incidents import IncidentFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.policy.state.memory import Memory
    from omprog_panic.store.connect import Location, Transaction
    from omprog_panic.store.incidents import IncidentSummary

NOBODY = SenderDirectory(())
# Text that means itself, as a regular expression and in JSON.
_LITERAL = re.compile(r"[A-Za-z0-9_ :-]+")


@dataclasses.dataclass(frozen=True, slots=True)
class IncidentQuery:
    """What to search for; what is empty or None does not restrict the search.

    ``hosts`` and ``kernels`` are patterns as in silences. ``since`` and ``until`` are
    wall times of the crash, ``cause`` the first digits of a fingerprint, ``text`` a
    regular expression that the title, the function or a line of the trace contains,
    in upper or lower case.
    """

    hosts: tuple[str, ...] = ()
    since: float | None = None
    until: float | None = None
    kernels: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    cause: str = ""
    text: str = ""
    limit: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ListedIncident:
    """An incident in a list; ``host`` is the name from config.yaml if there is one."""

    summary: IncidentSummary
    host: str | None
    state: str | None = None  # firing, acknowledged or resolved; None: nobody notified

    @property
    def time(self) -> str:
        """When the crash began, in UTC."""
        return utc(self.summary.onset_at)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            **summary_to_json(self.summary),
            "host": self.host,
            "time": self.time,
            "state": self.state,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class FoundIncidents:
    """The newest incidents that a query found; ``more``: its limit left some out."""

    rows: tuple[ListedIncident, ...]
    more: bool


def list_incidents(
    location: Location, query: IncidentQuery, directory: SenderDirectory = NOBODY
) -> FoundIncidents:
    """Return the newest incidents that match; ``directory`` names their hosts.

    Raises:
        OmprogPanicError: ``text`` is no regular expression.
        StoreError: the database cannot be read.

    """
    rows: list[ListedIncident] = []
    with existing_database(location) as database, database.read() as connection:
        memory = open_memory(connection)
        for found in search(connection, query, directory):
            if len(rows) == query.limit:
                return FoundIncidents(tuple(rows), more=True)
            state = _state(memory, found.summary)
            rows.append(dataclasses.replace(found, state=state))
    return FoundIncidents(tuple(rows), more=False)


def _state(memory: Memory, summary: IncidentSummary) -> str | None:
    cause = cause_of(memory, summary.fingerprint, summary.source, summary.received_at)
    return state_of(cause, summary.decision)


def search(
    connection: Transaction, query: IncidentQuery, directory: SenderDirectory = NOBODY
) -> Iterator[ListedIncident]:
    """Yield the incidents that match, the newest first; the limit does not count.

    Raises:
        OmprogPanicError: ``text`` is no regular expression.

    """
    pattern = _compiled(query.text)
    wanted = IncidentFilter(
        since="" if query.since is None else rfc3339(query.since),
        until="" if query.until is None else rfc3339(query.until),
        severities=query.severities,
        fingerprint=query.cause.lower(),
    )
    for summary in incidents.list_incidents(connection, wanted):
        host = directory.name_of(summary.source, summary.host)
        found = ListedIncident(summary, host)
        if not host_matches(query.hosts, host, summary.source, directory):
            continue
        if not kernel_matches(query.kernels, summary.kernel or ""):
            continue
        if pattern is None or _contains(connection, summary, pattern):
            yield found


def host_matches(
    patterns: tuple[str, ...], host: str, address: str, directory: SenderDirectory
) -> bool:
    """Return whether patterns, as in silences, match a host."""
    if not patterns:
        return True
    group, addresses = directory.group_of(address), directory.addresses_of(address)
    labels = Labels("", host=host, address=address, group=group, addresses=addresses)
    return matches(Matcher("host", patterns), labels)


def kernel_matches(patterns: tuple[str, ...], kernel: str) -> bool:
    """Return whether patterns, as in silences, match a kernel release."""
    matcher = Matcher("kernel", patterns)
    return not patterns or matches(matcher, Labels("", kernel=kernel))


def summary_to_json(summary: IncidentSummary) -> dict[str, Any]:
    """Return an incident without its trace as a JSON object."""
    return {
        "id": summary.id,
        "source": summary.source,
        "host": summary.host,
        "boot": summary.boot,
        "kernel": summary.kernel,
        "kind": summary.kind,
        "severity": summary.severity,
        "title": summary.title,
        "function": summary.function,
        "subsystem": summary.subsystem,
        "fingerprint": summary.fingerprint,
        "analysis_version": summary.analysis_version,
        "panicked": summary.panicked,
        "ended_by": summary.ended_by,
        "onset_at": summary.onset_at,
        "received_at": summary.received_at,
        "decision": summary.decision,
    }


def _compiled(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text, re.IGNORECASE) if text else None
    except re.error as error:
        raise OmprogPanicError(
            f"{text!r} is not a regular expression: {error}"
        ) from error


def _contains(
    connection: Transaction, summary: IncidentSummary, pattern: re.Pattern[str]
) -> bool:
    if pattern.search(summary.title) or pattern.search(summary.function or ""):
        return True
    content = incidents.load_spool_file(connection, summary.id)
    word = pattern.pattern
    # Spool files are ASCII: a word that is not in the bytes is in no line.
    if _LITERAL.fullmatch(word) and word.lower().encode() not in content.lower():
        return False
    record = decode(content)
    assert isinstance(record, IncidentRecord)
    return any(pattern.search(item.text) for item in record.records)

"""What happens to the policy; each is written to its log, and read back. Pure."""

from __future__ import annotations

import dataclasses
from typing import Any

from omprog_panic.policy.familiarity import NO_HISTORY, History


@dataclasses.dataclass(frozen=True, slots=True)
class ConfigChanged:
    """The configuration is this from now on."""

    data: dict[str, Any]  # the sections that policy/settings.py reads
    receivers: list[list[Any]]  # key, label, tags


@dataclasses.dataclass(frozen=True, slots=True)
class SilenceChanged:
    """A silence is as this from now on; ``ends_at`` in the past: it is over."""

    id: str
    match: dict[str, list[str]]
    author: str
    comment: str
    starts_at: float
    ends_at: float
    revision: int = 0  # of the stored silence


@dataclasses.dataclass(frozen=True, slots=True)
class SignOfLife:
    """A sender spoke; ``says`` as in an alive record of the spool."""

    id: str
    at: str
    source: str
    says: str
    host: str | None = None
    kernel: str | None = None
    boot: str | None = None
    next_s: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Crash:
    """An incident, judged."""

    id: str
    at: str  # of its first line
    source: str
    host: str | None
    fingerprint: str
    severity: str
    kind: str
    title: str
    function: str | None
    kernel: str | None
    hardware: str | None
    panicked: bool
    boot: str
    ended_at: str  # of its last line
    before_listening: bool = False
    history: History = NO_HISTORY


@dataclasses.dataclass(frozen=True, slots=True)
class Boot:
    """A host booted."""

    id: str
    at: str
    source: str
    host: str | None
    boot: str
    announced: bool
    last_heard_at: str | None
    last_text: str | None
    kernel: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ProbeSent:
    """Our own datagram went out, or could not (``error``)."""

    token: str
    error: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ProbeReturned:
    """It came out of the chain."""

    token: str


Event = (
    ConfigChanged
    | SilenceChanged
    | SignOfLife
    | Crash
    | Boot
    | ProbeSent
    | ProbeReturned
)

# Of one moment these are taken in this order: what explains comes before what is to be
# explained, whatever order they arrived in.
ORDER = (
    ConfigChanged,
    SilenceChanged,
    ProbeSent,
    ProbeReturned,
    SignOfLife,
    Crash,
    Boot,
)
_RANK = {cls: rank for rank, cls in enumerate(ORDER)}
_FIELDS = {cls: tuple(f.name for f in dataclasses.fields(cls)) for cls in ORDER}
_BY_NAME = {cls.__name__: cls for cls in ORDER}


def rank(event: Event) -> int:
    """Return the place of its kind in ORDER."""
    return _RANK[type(event)]


def event_to_json(event: Event) -> dict[str, Any]:
    """Write an event for the log."""
    # dataclasses.asdict copies deeply: in a storm that is a tenth of what intake costs.
    fields = {name: getattr(event, name) for name in _FIELDS[type(event)]}
    if isinstance(event, Crash):
        fields["history"] = dataclasses.asdict(event.history)
    return {"event": type(event).__name__, **fields}


def event_from_json(data: dict[str, Any]) -> Event:
    """Read what ``event_to_json`` wrote."""
    fields = dict(data)
    cls: type[Any] = _BY_NAME[fields.pop("event")]
    if cls is Crash:
        history = dict(fields.pop("history"))
        kernels = tuple(history.pop("kernels"))
        fields["history"] = History(**history, kernels=kernels)
    event: Event = cls(**fields)
    return event

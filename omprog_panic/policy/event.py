"""What the policy is given to evaluate. Pure."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

from omprog_panic.policy.familiarity import NO_HISTORY, History

if TYPE_CHECKING:
    from omprog_panic.config.policy import PolicyConfig
    from omprog_panic.config.routing import Matcher
    from omprog_panic.config.time_span import TimeSpan
    from omprog_panic.policy.receiver import Receiver


@dataclasses.dataclass(frozen=True, slots=True)
class ConfigChanged:
    """This configuration is in use from now on."""

    config: PolicyConfig
    receivers: tuple[Receiver, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class SilenceChanged:
    """A silence was added or changed; with ``ends_at`` in the past it is over.

    ``every``: when it comes again, between ``starts_at`` and ``ends_at``.
    """

    id: str
    match: tuple[Matcher, ...]
    author: str
    comment: str
    starts_at: float  # wall, as is ``ends_at``
    ends_at: float
    revision: int = 0  # of the stored silence
    every: tuple[TimeSpan, ...] = ()


class CauseAction(enum.Enum):
    """What somebody does with a cause; the values are stored."""

    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    RESOLVE = "resolve"


@dataclasses.dataclass(frozen=True, slots=True)
class CauseCommand:
    """Somebody acknowledges a cause, gives it back, or resolves it."""

    id: str
    cause: str
    action: CauseAction
    author: str
    comment: str
    at: float  # wall
    until: float | None = None  # wall; None: until it is resolved
    revision: int = 0  # of the stored command


@dataclasses.dataclass(frozen=True, slots=True)
class SignOfLife:
    """A sender was heard; ``says`` as in an alive record of the spool."""

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
    """An analysed incident: what routes, groups and messages need, in one value."""

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
    subsystem: str | None = None


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
    """A probe datagram was sent, or could not be (``error``)."""

    token: str
    error: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ProbeReturned:
    """A probe datagram has arrived in the spool."""

    token: str


Event = (
    ConfigChanged
    | SilenceChanged
    | CauseCommand
    | SignOfLife
    | Crash
    | Boot
    | ProbeSent
    | ProbeReturned
)

# Events of one time are evaluated in this order, whatever order they arrived in: what
# explains something comes before what it explains.
ORDER = (
    ConfigChanged,
    SilenceChanged,
    CauseCommand,
    ProbeSent,
    ProbeReturned,
    SignOfLife,
    Crash,
    Boot,
)
_RANK = {cls: rank for rank, cls in enumerate(ORDER)}


def rank(event: Event) -> int:
    """Return the place of an event's class in ORDER."""
    return _RANK[type(event)]


def is_setting(event: Event) -> bool:
    """Whether it applies to all events that came with it, whatever their times."""
    return isinstance(event, ConfigChanged | SilenceChanged | CauseCommand)

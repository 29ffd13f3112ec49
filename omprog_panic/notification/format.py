"""How the facts of one kind of message are stored. Pure.

``encode`` writes a JSON object with the field names that are written out in it. They
are also the names of the template variables (docs/templates.md), so they stay: fields
may be added, none may go. ``decode`` is tolerant, see ``fields.Fields``.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.notification.fields import Fields

_F = TypeVar("_F", bound="MessageFacts")

JsonObject: TypeAlias = dict[str, object]


class MessageFacts:
    """What one kind of message says, as typed values; each kind has a subclass."""

    __slots__ = ()


class Lifecycle(enum.Enum):
    """Where a message stands in the life of its cause; the values are stored."""

    FIRING = "firing"  # the first message of its cause, or nobody has it (any more)
    UPDATED = "updated"  # more of the same: more hosts, more crashes
    ACKNOWLEDGED = "acknowledged"  # somebody has it
    RESOLVED = "resolved"  # its cause is over
    NOTICE = "notice"  # stands alone: nothing to update or resolve


@dataclasses.dataclass(frozen=True)
class Format(Generic[_F]):
    """How one kind is stored; a row of ``kinds.Kind``."""

    facts: type[_F]
    encode: Callable[[_F], JsonObject]
    decode: Callable[[Fields], _F]
    sample: _F  # made up, with everything known: to try templates and sinks with
    lifecycle: Lifecycle = Lifecycle.NOTICE
    has_trace: bool = False  # shows the trace of the notification's incident
    about_crash: bool = False  # routed by the severity of a crash, not by its kind

"""What a datagram, or the passing of time, brought about at one source. Pure.

Every part of the collector returns these to its caller; nobody keeps them to be
fetched later.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omprog_panic.collector.client_message import ClientMessage
    from omprog_panic.collector.open_trace import ClosedTrace


@dataclasses.dataclass(frozen=True, slots=True)
class TraceClosed:
    """A trace ended; with what is known of the boot in which it happened."""

    trace: ClosedTrace
    boot: str
    form: str
    kernel: str | None
    host: str | None
    before_listening: bool
    replayed: int = 0  # records that a replay within the panic repeated
    known: bool = False  # it was published before, as far as it was received then
    announced: str | None = None  # the boot id that the host's client gave
    again: bool = False  # an equal crash of this boot may have been published before


@dataclasses.dataclass(frozen=True, slots=True)
class HostBooted:
    """A host booted; ``last_at`` is when it was heard before, None: never."""

    boot: str
    announced: bool
    last_at: str | None
    last_text: str | None
    kernel: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class MessageReceived:
    """The client of a host, or our own probe, sent a message."""

    message: ClientMessage
    at: str


@dataclasses.dataclass(frozen=True, slots=True)
class Dropped:
    """So many records or datagrams were dropped; ``counter`` names the reason."""

    counter: str
    count: int = 1


Event = TraceClosed | HostBooted | MessageReceived | Dropped

"""What comes of a sender's datagrams, before it is a spool record. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from omprog_panic.collector.open_trace import ClosedTrace
    from omprog_panic.collector.statement import Statement


class Closed(NamedTuple):
    """A trace that ended, with what is known of its host's boot."""

    trace: ClosedTrace
    boot: str
    form: str
    kernel: str | None
    host: str | None
    before_listening: bool
    replayed: int = 0
    known: bool = False  # it was published before, as far as it was heard then


class Booted(NamedTuple):
    """The host booted; ``last_at`` is when it was heard before, if ever."""

    boot: str
    announced: bool
    last_at: str | None
    last_text: str | None
    kernel: str | None


class Said(NamedTuple):
    """The sender said something of itself."""

    statement: Statement
    at: str


Event = Closed | Booted | Said

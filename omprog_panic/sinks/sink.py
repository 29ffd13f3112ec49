"""The contract of a sink: what it is given, and what it answers. Pure.

A sink is one configured service. It gets the typed notification, with its labels, its
cause and its life cycle, and a renderer. A text channel sends what the renderer writes
(``text.TextSink``); an incident API may send the facts instead.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omprog_panic.notification.notification import Notification
    from omprog_panic.render.fitting import Attachment, Excess
    from omprog_panic.render.templates import Rendered


@dataclasses.dataclass(frozen=True, slots=True)
class ThreadMemory:
    """What a sink must remember under a key, besides that it was used.

    ``content`` is JSON with a version, of the sink's own codec.
    """

    key: str
    is_open: bool
    content: str


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """The truth about one attempt; ``reason`` contains no secret.

    ``permanent``: trying again soon is useless, because only an administrator can
    correct it (a refused token, a wrong channel), or nobody (a text that the service
    refuses). ``retry_after_s``: the service asked for this delay. ``in_doubt``: no
    success was reported, but the service may have the message, so that another attempt
    may be a second copy. ``memories``: what the sink must know when the next message of
    a key comes, if this one was delivered.
    """

    delivered: bool
    reason: str = ""
    permanent: bool = False
    retry_after_s: float | None = None
    in_doubt: bool = False
    memories: tuple[ThreadMemory, ...] = ()


class Renderer(Protocol):
    """Writes one notification as text; the same text each time."""

    def text(self, excess: Excess | None = None) -> Rendered:
        """Return subject and body, with the trace shortened until they fit.

        ``excess`` returns by how much a subject and body are too large.
        """
        ...

    def attachment(self) -> Attachment | None:
        """Return the whole message as a file; None where it has no trace."""
        ...

    def html(self) -> str | None:
        """Return the message as an HTML document; None if there is only text."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Alert:
    """One notification on its way to one service.

    ``notification`` carries the facts, ``labels``, ``cause`` (the same for all
    notifications of one cause) and ``lifecycle``. ``alert_id`` is in every message, so
    that people recognise a second copy. Text in facts and labels is as it came from the
    wire; only the text of the renderer is safe to show as it is. ``threads`` is what
    the sink remembered of the keys of the message.
    """

    notification: Notification
    alert_id: str
    renderer: Renderer
    threads: Mapping[str, str] = dataclasses.field(default_factory=dict)
    closed_since: bool = False  # a later message of its key has closed it there


class Sink(Protocol):
    """One service. Used by one thread at a time."""

    def warm_up(self) -> None:
        """Do what would delay the first delivery; send nothing."""
        ...

    def deliver(self, alert: Alert) -> Outcome:
        """Deliver an alert; never raises for what the service or network does.

        May be called again with the same alert, when the outcome of an earlier call is
        unknown or was a failure.
        """
        ...

    def complete(self, alert: Alert) -> Outcome | None:
        """Send what may be lost, such as a file, after the delivery was recorded.

        Called at most once. None: there is nothing to send.
        """
        ...

    def preview(self, alert: Alert) -> Rendered:
        """Return the text that people see at the service."""
        ...


@runtime_checkable
class KeepAliveSink(Protocol):
    """A sink whose service takes for over what is not repeated."""

    keep_alive_every_s: float

    def keep_alive(self, contents: Sequence[str]) -> Outcome:
        """Repeat what is open: the ``content`` of what ``deliver`` remembered."""
        ...

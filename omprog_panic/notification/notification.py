"""One message to be sent, before it is text. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.notification.kinds import FORMATS, Kind, kind_of

if TYPE_CHECKING:
    from omprog_panic.notification.format import Lifecycle, MessageFacts


class Labels(NamedTuple):
    """What a message is about; empty where it is not known or does not apply.

    Routes and silences match on these, and sinks may pass them on.

    ``severity`` is that of the crash, or the kind of a message that is about no crash.
    ``group`` is the name of the listed sender that the address belongs to, which for
    a network is not the name of the host. ``addresses``: all of a machine that is
    listed with several, for matching only; they are not stored.
    """

    severity: str
    kind: str = ""
    host: str = ""
    address: str = ""
    group: str = ""
    title: str = ""
    function: str = ""
    kernel: str = ""
    subsystem: str = ""
    addresses: tuple[str, ...] = ()


class Recipient(NamedTuple):
    """A service (its key), and the templates that the route to it names."""

    service: str
    template: str | None = None


NO_LABELS = Labels("")


@dataclasses.dataclass(frozen=True, slots=True)
class Notification:
    """What to say, to whom, and why.

    ``cause`` joins the messages of one cause, ``episode`` those of one life of it: from
    firing until it is resolved. Messages of one ``order_key`` go out in their order.
    ``decision`` is the name under which the policy stores its decision.
    """

    id: str
    facts: MessageFacts
    recipients: tuple[Recipient, ...] = ()
    decision: str = ""
    reason: str = ""
    incident_id: str | None = None
    cause: str | None = None
    order_key: str | None = None
    labels: Labels = NO_LABELS
    episode: str | None = None  # the id of the incident that it began with

    @property
    def dedup_key(self) -> str | None:
        """The key by which a service joins messages; None: this one stands alone.

        It is the same from firing to resolved. A crash after that has another one, so
        that its messages do not go into the old thread.
        """
        if self.cause is None or self.episode is None:
            return None
        return f"omprog-panic:{self.cause}:{self.episode}"

    @property
    def kind(self) -> Kind:
        return kind_of(self.facts)

    @property
    def lifecycle(self) -> Lifecycle:
        return FORMATS[self.kind].lifecycle

    def template_for(self, service: str) -> str | None:
        """Return the name of the templates that the route to a service names."""
        return next((r.template for r in self.recipients if r.service == service), None)

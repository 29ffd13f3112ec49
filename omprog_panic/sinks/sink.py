"""What delivery needs of a service, and what a service answers. Pure."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from omprog_panic.render.fitting import Attachment

# The whole body of an alert whose own text a service did not take.
REFUSED = "The service refused the text of this alert: see it on the monitor."


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """The truth about one attempt; ``reason`` holds no secret.

    ``permanent``: only an administrator can mend it (a refused token, a wrong
    channel), or nobody (a text that the service refuses), so trying again soon is
    vain. ``retry_after_s``: the service asked for this much patience.
    """

    delivered: bool
    reason: str = ""
    permanent: bool = False
    retry_after_s: float | None = None


class Files(enum.Enum):
    """What a service does with a file."""

    NONE = "not taken"
    ALONG = "in the same message"
    AFTER = "in a message of its own, so that a refused file costs nothing"


class Notifier(Protocol):
    """One service. Used by one thread at a time."""

    @property
    def text_limit(self) -> int | None:
        """Most characters of subject and body together; None: no limit of note."""
        ...

    @property
    def files(self) -> Files:
        """Say whether and when the service takes a file."""
        ...

    def excess(self, subject: str, body: str) -> int:
        """Return by how many characters a message is too large, mark-up counted."""
        ...

    def warm_up(self) -> None:
        """Pay now what the first message would else pay; sends nothing."""
        ...

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        """Send plain text. Never raises for what the service or network does.

        A file is given only where ``files`` is ``ALONG``.
        """
        ...

    def send_file(self, subject: str, file: Attachment) -> Outcome:
        """Send a file after its message, where ``files`` is ``AFTER``."""
        ...

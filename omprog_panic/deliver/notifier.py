"""What delivery needs of a service, and what a service answers. Pure."""

from __future__ import annotations

import dataclasses
from typing import Protocol


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """The truth about one attempt; ``reason`` holds no secret.

    ``permanent``: only an administrator can mend it (a refused token, a wrong
    channel), so trying again soon is vain.
    """

    delivered: bool
    reason: str = ""
    permanent: bool = False


class Notifier(Protocol):
    """One service. Used by one thread at a time."""

    @property
    def text_limit(self) -> int | None:
        """Most characters of subject and body together; None: no limit of note."""
        ...

    def warm_up(self) -> None:
        """Pay now what the first message would else pay; sends nothing."""
        ...

    def send(self, subject: str, body: str) -> Outcome:
        """Send plain text. Never raises for what the service or network does."""
        ...

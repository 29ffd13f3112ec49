"""The services that we promise, each with its look-alike."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import Protocol

import apprise

from omprog_panic.config.model import Service
from omprog_panic.secret import Secret
from tests.builders import make_service
from tests.lookalikes import discord, ntfy, slack, teams, telegram
from tests.lookalikes.internet import Answer, Internet
from tests.lookalikes.mail import Mail
from tests.lookalikes.reading import Seen


class Lookalike(Protocol):
    messages: list[Seen]
    next: list[Answer]
    refuse_files: bool


Version = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Case:
    """One service and what it does with a long trace."""

    name: str
    scheme: str
    url: str
    make: Callable[[Internet], Lookalike]
    since: Version = (1, 2, 0)
    file_since: Version | None = None  # the whole trace as a file
    whole: bool = False  # ... or in the text

    @property
    def there(self) -> bool:
        return self.since <= VERSION

    @property
    def takes_files(self) -> bool:
        return self.file_since is not None and self.file_since <= VERSION

    def service(self) -> Service:
        # A test machine may be slow; apprise's own patience is 4 s.
        joint = "&" if "?" in self.url else "?"
        document = Secret(f"ops={self.url}{joint}cto=60&rto=60")
        return make_service(scheme=self.scheme, document=document)


def _version(text: str) -> Version:
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", text)
    assert found
    return tuple(int(number) for number in found.groups())


VERSION = _version(apprise.__version__)
SLACK_HOOK = Case(
    "Slack, webhook", "slack", f"slack://{slack.HOOK}", slack.Slack, whole=True
)
SLACK_BOT = Case(
    "Slack, bot",
    "slack",
    f"slack://{slack.TOKEN}/#kernels",
    slack.Slack,
    file_since=(1, 2, 0),
)
TELEGRAM = Case(
    "Telegram",
    "tgram",
    f"tgram://{telegram.TOKEN}/42",
    telegram.Telegram,
    file_since=(1, 2, 0),
)
DISCORD = Case(
    "Discord",
    "discord",
    f"discord://{discord.HOOK}",
    discord.Discord,
    file_since=(1, 2, 0),
)
TEAMS = Case(
    "Teams, workflow",
    "workflows",
    f"workflows://{teams.HOST}/{teams.WORKFLOW}/{teams.SIGNATURE}",
    teams.Teams,
    since=(1, 8, 1),
)
NTFY = Case("ntfy", "ntfy", "ntfys://kernels", ntfy.Ntfy)
OVER_HTTP: Sequence[Case] = (SLACK_HOOK, SLACK_BOT, TELEGRAM, DISCORD, TEAMS, NTFY)


def mail_service(mailbox: Mail, query: str = "") -> Service:
    document = Secret(f"ops={mailbox.url(query)}")
    return make_service(scheme="mailtos", document=document)

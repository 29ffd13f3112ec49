"""How each service wants its text, and how much of it. Pure.

Limits are the service's own and counted as the service counts; docs/services.md shows
this table to administrators. apprise's figures differ: some are nominal, some count
what the service does not.
"""

from __future__ import annotations

import dataclasses
import enum
import json
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.sinks import neutral
from omprog_panic.sinks.sink import Files

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TITLE_ONLY = 320  # a service that takes no more gets the title alone


class Form(enum.Enum):
    """What the plug-in is to take its text for."""

    TEXT = "text"
    HTML = "html"


class Words(NamedTuple):
    """Title and body as a service gets them."""

    title: str
    body: str


@dataclasses.dataclass(frozen=True, slots=True)
class Dialect:
    """One service's way with text.

    ``exact``: the words are the plug-in's to send as they stand; otherwise apprise may
    first convert them from plain text to what the service wants.
    """

    write: Callable[[str, str], Words]
    limit: int | None = None
    size: Callable[[str], int] = len
    form: Form = Form.TEXT
    exact: bool = False
    files: Files = Files.NONE

    def excess(self, subject: str, body: str) -> int:
        """Return by how much a message is too large; 0 when it fits."""
        if self.limit is None:
            return 0
        words = self.write(subject, body)
        # So apprise joins them for a service that has no titles.
        whole = f"{words.title}\r\n{words.body}" if words.title else words.body
        return max(0, self.size(whole) - self.limit)


def utf16(text: str) -> int:
    """Count as Telegram and Discord do: characters beyond U+FFFF are two.

    >>> utf16("a"), utf16("\U0001f4a5")
    (1, 2)
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8(text: str) -> int:
    """Count bytes, as ntfy does."""
    return len(text.encode("utf-8", "surrogatepass"))


def in_json(text: str) -> int:
    """Count as a service does that limits the whole request."""
    return len(json.dumps(text))


def _unlinked(subject: str, body: str) -> Words:
    return Words(neutral.no_links(subject), neutral.no_links(body))


def _inactive(subject: str, body: str) -> Words:
    return Words(neutral.no_actions(subject), neutral.no_actions(body))


def _telegram(subject: str, body: str) -> Words:
    # In code and pre Telegram looks for no names, links, tags or commands.
    subject, body = neutral.entities(subject), neutral.entities(body)
    return Words("", f"<code>{subject}</code>\n<pre>{body}</pre>")


def _telegram_size(text: str) -> int:
    """Count what is left when the mark-up is read, as Telegram's limit does."""
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return utf16(plain) - len("<code></code><pre></pre>")


def _discord(subject: str, body: str) -> Words:
    # Code keeps mentions from being shown; whether it keeps them from calling is
    # Discord's secret.
    subject, body = neutral.no_mentions(subject), neutral.no_mentions(body)
    return Words("", f"`{neutral.one_row(subject)}`\n{_block(body)}")


def slack_text(text: str) -> str:
    """Write text so that Slack shows it as it is, in a code block or not."""
    return neutral.entities(neutral.no_fences(neutral.no_links(text)))


def slack_block(body: str) -> str:
    """Return a code block of Slack's."""
    return f"```\n{slack_text(body)}\n```"


def _slack_bot(subject: str, body: str) -> Words:
    # apprise escapes the title itself, in all versions.
    return Words(neutral.no_links(neutral.one_row(subject)), slack_block(body))


def _teams(subject: str, body: str) -> Words:
    return Words(_teams_text(subject), _teams_text(body))


def _teams_text(text: str) -> str:
    return neutral.literal_markdown(neutral.no_actions(text))


def _block(body: str) -> str:
    return f"```\n{neutral.no_fences(body)}\n```"


# Programs of the administrator's own: they get the text as it is.
_PROGRAMS = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
MAIL = Dialect(_unlinked, files=Files.ALONG)
SLACK_BOT = Dialect(_slack_bot, 7500, exact=True, files=Files.AFTER)
SLACK_BOT_WITHOUT_FILES = dataclasses.replace(SLACK_BOT, files=Files.NONE)
TELEGRAM = Dialect(
    _telegram, 4096, _telegram_size, Form.HTML, exact=True, files=Files.AFTER
)
DISCORD = Dialect(_discord, 2000, utf16, exact=True, files=Files.AFTER)
TEAMS = Dialect(_teams, 20_000, in_json, exact=True)
NTFY = Dialect(_unlinked, 4096, utf8, exact=True)

_BY_SCHEME = {
    "mailto": MAIL,
    "mailtos": MAIL,
    "slack": SLACK_BOT,
    "tgram": TELEGRAM,
    "discord": DISCORD,
    "workflow": TEAMS,
    "workflows": TEAMS,
    "ntfy": NTFY,
    "ntfys": NTFY,
}


def dialect_of(scheme: str, nominal_limit: int) -> Dialect:
    """Find the way of a service; ``nominal_limit`` is what apprise says of it."""
    if known := _BY_SCHEME.get(scheme):
        return known
    if scheme in _PROGRAMS:
        return Dialect(Words, nominal_limit)
    if nominal_limit <= MAX_TITLE_ONLY:
        return Dialect(_title_only(nominal_limit), nominal_limit)
    return Dialect(_inactive, nominal_limit)


def _title_only(limit: int) -> Callable[[str, str], Words]:
    def write(subject: str, _body: str) -> Words:
        title = neutral.no_actions(subject)
        return Words("", title if len(title) <= limit else f"{title[: limit - 3]}...")

    return write

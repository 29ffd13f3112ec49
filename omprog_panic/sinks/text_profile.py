"""How each service expects text, and how much of it. Pure.

Limits are the service's own and counted as the service counts; docs/services.md shows
this table to administrators. apprise's figures differ: some are nominal, some count
what the service does not.
"""

from __future__ import annotations

import dataclasses
import enum
import json
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.sinks import escaping
from omprog_panic.sinks.text import Attachments

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TITLE_ONLY = 320  # a service that takes no more gets the title alone


class TextForm(enum.Enum):
    """The format that the plug-in is told its text has."""

    TEXT = "text"
    HTML = "html"


class ServiceText(NamedTuple):
    """Title and body as a service is sent them."""

    title: str
    body: str


@dataclasses.dataclass(frozen=True, slots=True)
class TextProfile:
    """What one service does with text.

    ``exact``: the plug-in sends the text unchanged; otherwise apprise may first convert
    it from plain text to the format of the service.
    """

    write: Callable[[str, str], ServiceText]
    limit: int | None = None
    size: Callable[[str], int] = len
    form: TextForm = TextForm.TEXT
    exact: bool = False
    attachments: Attachments = Attachments.NONE

    def excess(self, subject: str, body: str) -> int:
        """Return by how much a message is too large; 0 when it fits."""
        if self.limit is None:
            return 0
        text = self.write(subject, body)
        # apprise joins them like this for a service that has no titles.
        whole = f"{text.title}\r\n{text.body}" if text.title else text.body
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
    """Count as a service that limits the whole request."""
    return len(json.dumps(text))


def _unlinked(subject: str, body: str) -> ServiceText:
    return ServiceText(escaping.no_links(subject), escaping.no_links(body))


def _inactive(subject: str, body: str) -> ServiceText:
    return ServiceText(escaping.no_actions(subject), escaping.no_actions(body))


def _telegram(subject: str, body: str) -> ServiceText:
    # In code and pre Telegram looks for no names, links, tags or commands.
    subject, body = escaping.entities(subject), escaping.entities(body)
    return ServiceText("", f"<code>{subject}</code>\n<pre>{body}</pre>")


def _telegram_size(text: str) -> int:
    """Count what is left after the mark-up is parsed, as Telegram's limit does."""
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return utf16(plain) - len("<code></code><pre></pre>")


def _discord(subject: str, body: str) -> ServiceText:
    # Code keeps mentions from being shown; whether it also keeps them from notifying
    # people is not documented.
    subject, body = escaping.no_mentions(subject), escaping.no_mentions(body)
    return ServiceText("", f"`{escaping.one_row(subject)}`\n{_block(body)}")


def slack_text(text: str) -> str:
    """Escape text so that Slack shows it as it is, in a code block or not."""
    return escaping.entities(escaping.no_fences(escaping.no_links(text)))


def slack_block(body: str) -> str:
    """Return a code block for Slack."""
    return f"```\n{slack_text(body)}\n```"


def _slack_bot(subject: str, body: str) -> ServiceText:
    # apprise escapes the title itself, in all versions.
    return ServiceText(escaping.no_links(escaping.one_row(subject)), slack_block(body))


def _teams(subject: str, body: str) -> ServiceText:
    return ServiceText(_teams_text(subject), _teams_text(body))


def _teams_text(text: str) -> str:
    return escaping.literal_markdown(escaping.no_actions(text))


def _block(body: str) -> str:
    return f"```\n{escaping.no_fences(body)}\n```"


# Programs of the administrator's own: they are sent the text as it is.
_PROGRAMS = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
MAIL = TextProfile(_unlinked, attachments=Attachments.ALONG)
SLACK_BOT = TextProfile(_slack_bot, 7500, exact=True, attachments=Attachments.AFTER)
SLACK_BOT_WITHOUT_FILES = dataclasses.replace(SLACK_BOT, attachments=Attachments.NONE)
TELEGRAM = TextProfile(
    _telegram,
    4096,
    _telegram_size,
    TextForm.HTML,
    exact=True,
    attachments=Attachments.AFTER,
)
DISCORD = TextProfile(_discord, 2000, utf16, exact=True, attachments=Attachments.AFTER)
TEAMS = TextProfile(_teams, 20_000, in_json, exact=True)
NTFY = TextProfile(_unlinked, 4096, utf8, exact=True)

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


def profile_of(scheme: str, nominal_limit: int) -> TextProfile:
    """Return the profile of a service; ``nominal_limit`` is the limit apprise names."""
    if known := _BY_SCHEME.get(scheme):
        return known
    if scheme in _PROGRAMS:
        return TextProfile(ServiceText, nominal_limit)
    if nominal_limit <= MAX_TITLE_ONLY:
        return TextProfile(_title_only(nominal_limit), nominal_limit)
    return TextProfile(_inactive, nominal_limit)


def _title_only(limit: int) -> Callable[[str, str], ServiceText]:
    def write(subject: str, _body: str) -> ServiceText:
        title = escaping.no_actions(subject)
        return ServiceText(
            "", title if len(title) <= limit else f"{title[: limit - 3]}..."
        )

    return write

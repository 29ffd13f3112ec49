"""Mattermost with a bot token: API v4, posts in threads.

https://developers.mattermost.com/api-documentation/: a post with ``root_id`` is a
reply; 201 is the documented success. apprise posts to incoming web hooks
(``mmost://``), which have no threads, so this is a scheme of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from omprog_panic.config.service_url import masked, parse_service_url
from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks import escaping
from omprog_panic.sinks.first_message import FirstMessage
from omprog_panic.sinks.http_api import DELIVERED, HttpApi
from omprog_panic.sinks.sink_type import own_url
from omprog_panic.sinks.text import Attachments
from omprog_panic.sinks.threaded import Posted, ThreadedSink
from omprog_panic.sinks.url_options import flag, options_of

if TYPE_CHECKING:
    from omprog_panic.render.fitting import Attachment
    from omprog_panic.sinks.http_api import HttpAnswer
    from omprog_panic.sinks.sink import Outcome
    from omprog_panic.sinks.threaded import Post

MAX_TEXT = 16_000  # Mattermost takes 16,383 characters
_GONE = "root_id"  # in the error of a post whose first message was deleted


class MattermostChannel:
    """One channel of a bot."""

    attachments = Attachments.NONE

    def __init__(self, url: Secret) -> None:
        parts = parse_service_url(url)
        options = options_of(parts, ("verify",))
        if not parts.host or not parts.user or len(parts.path) != 1:
            reason = (
                f"not understood: write {parts.scheme}://BOT-TOKEN@HOST/CHANNEL-ID, "
                "the id is in the channel's View Info"
            )
            raise DeliveryError(reason, permanent=True)
        scheme = "https" if parts.scheme.endswith("s") else "http"
        port = f":{parts.port}" if parts.port else ""
        self._base = f"{scheme}://{parts.host}{port}/api/v4/posts"
        self.address = parts.host, int(parts.port or (443 if scheme == "https" else 80))
        self._token = Secret(unquote(parts.user))
        self._channel = unquote(parts.path[0])
        verify = flag(options, "verify", default=True)
        self._api = HttpApi("Mattermost", url, verify=verify)

    def excess(self, subject: str, body: str) -> int:
        return max(0, len(_text(subject, body)) - MAX_TEXT)

    def warm_up(self) -> None:
        """Do nothing: there is nothing besides the import of requests."""

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        raise NotImplementedError(f"{subject}, {len(body)}, {file}: see post")

    def send_file(self, subject: str, file: Attachment) -> Outcome:
        raise NotImplementedError(f"{subject}, {file.name}: files are not sent")

    def reply_file(
        self, subject: str, file: Attachment, first: FirstMessage
    ) -> Outcome:
        raise NotImplementedError(f"{subject}, {file.name}, {first.id}: see send_file")

    def post(self, post: Post) -> Posted:
        content: dict[str, object] = {
            "channel_id": self._channel,
            "message": _text(post.subject, post.body),
            "props": _props(post.alert_id, post.colour),
        }
        if post.first is not None:
            content["root_id"] = post.first.id
        answer = self._call("POST", self._base, content)
        if answer.status == 201 and answer.field("id"):
            return Posted(DELIVERED, FirstMessage(self._channel, answer.field("id")))
        is_gone = answer.refused_content and _GONE in answer.field("id")
        return Posted(
            self._api.refused(answer, answer.field("message")),
            refused_content=answer.refused_content,
            first_is_gone=post.first is not None and is_gone,
        )

    def recolour(self, first: FirstMessage, alert_id: str, colour: str) -> None:
        url = f"{self._base}/{quote(first.id, safe='')}/patch"
        self._call("PUT", url, {"props": _props(alert_id, colour)})

    def _call(self, method: str, url: str, content: dict[str, object]) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {self._token.reveal()}"}
        return self._api.post(url, content, headers, method=method)


def _text(subject: str, body: str) -> str:
    title, text = escaping.one_row(subject), escaping.no_fences(body)
    return f"`{title}`\n```\n{text}\n```"


def _props(alert_id: str, colour: str) -> dict[str, object]:
    words = f"omprog-panic {alert_id}"
    return {"attachments": [{"color": colour, "text": words, "fallback": words}]}


def open_url(url: Secret) -> ThreadedSink:
    """Return the sink of a ``mattermost://`` or ``mattermosts://`` URL."""
    return ThreadedSink(MattermostChannel(url))


def read_url(url: Secret) -> str:
    """Check a URL and return it masked."""
    channel = MattermostChannel(url)
    return masked(parse_service_url(url), {channel.address[0]})


def address_of(url: Secret) -> tuple[str, int]:
    """Return where its posts go."""
    return MattermostChannel(url).address


MATTERMOST = own_url(open_url, read_url, address_of)

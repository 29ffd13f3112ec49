"""Slack with a bot token: ``chat.postMessage`` and ``chat.update``.

https://api.slack.com/methods/chat.postMessage: ``thread_ts`` makes a message a reply,
``reply_broadcast`` shows it in the channel, too. A success has ``"ok": true``; errors
come with 200 and a word, 429 with ``Retry-After``. A file goes in three requests
(files.getUploadURLExternal, the upload, files.completeUploadExternal). apprise knows no
threads, and no such files before 1.8.1; its URLs are understood as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from omprog_panic.sinks import apprise_chats, escaping
from omprog_panic.sinks.apprise_log import PERMANENT_WORDS
from omprog_panic.sinks.first_message import FirstMessage
from omprog_panic.sinks.http_api import DELIVERED, HttpApi
from omprog_panic.sinks.sink import Outcome
from omprog_panic.sinks.text import Attachments
from omprog_panic.sinks.text_profile import SLACK_BOT, slack_block, slack_text
from omprog_panic.sinks.threaded import Posted

if TYPE_CHECKING:
    from omprog_panic.config.model import Service
    from omprog_panic.render.fitting import Attachment
    from omprog_panic.secret import Secret
    from omprog_panic.sinks.apprise import AppriseChannel
    from omprog_panic.sinks.http_api import HttpAnswer
    from omprog_panic.sinks.threaded import Post

BASE = "https://slack.com/api"
# Of a first message that was deleted, or is in another channel.
_GONE = frozenset({"thread_not_found", "message_not_found"})
_REFUSED_CONTENT = frozenset({"msg_too_long", "invalid_arguments", "no_text"})


class SlackBotChannel:
    """One channel of a bot; ``files`` sends the files."""

    def __init__(self, service: Service, token: Secret, files: AppriseChannel) -> None:
        self._service = service
        self._token = token
        self._files = files
        self._api = HttpApi("Slack", service.document)

    attachments = Attachments.AFTER

    def excess(self, subject: str, body: str) -> int:
        assert SLACK_BOT.limit is not None
        return max(0, len(_text(subject, body)) - SLACK_BOT.limit)

    def warm_up(self) -> None:
        self._files.warm_up()

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        raise NotImplementedError(f"{subject}, {len(body)}, {file}: see post")

    def send_file(self, subject: str, file: Attachment) -> Outcome:
        return self._files.send_file(subject, file)

    def reply_file(
        self, subject: str, file: Attachment, first: FirstMessage
    ) -> Outcome:
        content = file.text.encode("utf-8", "backslashreplace")
        wanted = {"filename": file.name, "length": str(len(content))}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        place = self._call(
            "files.getUploadURLExternal", urlencode(wanted).encode(), form
        )
        url = place.field("upload_url")
        if place.field("ok") != "true" or not url.startswith("https://"):
            return self._refused(place, place.field("error"))
        plain = {"Content-Type": "text/plain; charset=utf-8"}
        sent = self._api.post(url, content, plain)
        if sent.status != 200:
            return self._api.refused(sent)
        done: dict[str, object] = {
            "files": [{"id": place.field("file_id"), "title": file.name}],
            "channel_id": first.channel,
            "thread_ts": first.id,
            "initial_comment": slack_text(file.caption or subject),
        }
        answer = self._call("files.completeUploadExternal", done)
        if answer.field("ok") == "true":
            return DELIVERED
        return self._refused(answer, answer.field("error"))

    def post(self, post: Post) -> Posted:
        text = _text(post.subject, post.body)
        content: dict[str, object] = {
            "channel": apprise_chats.slack_channel(self._service),
            "text": text,
            "mrkdwn": True,
            "link_names": False,  # "@channel" stays a word
            "parse": "none",
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if post.first is None:
            content["attachments"] = _colours(post.alert_id, post.colour)
        else:
            content |= {"channel": post.first.channel, "thread_ts": post.first.id}
            content["reply_broadcast"] = post.is_loud
        answer = self._call("chat.postMessage", content)
        if answer.field("ok") == "true":
            channel, ts = answer.field("channel"), answer.field("ts")
            return Posted(DELIVERED, FirstMessage(channel, ts, text))
        word = answer.field("error")
        return Posted(
            self._refused(answer, word),
            refused_content=answer.refused_content or word in _REFUSED_CONTENT,
            first_is_gone=post.first is not None and word in _GONE,
        )

    def recolour(self, first: FirstMessage, alert_id: str, colour: str) -> None:
        content: dict[str, object] = {
            "channel": first.channel,
            "ts": first.id,
            "text": first.text,
            "link_names": False,
            "parse": "none",
            "attachments": _colours(alert_id, colour),
        }
        self._call("chat.update", content)

    def _call(
        self,
        method: str,
        content: dict[str, object] | bytes,
        headers: dict[str, str] | None = None,
    ) -> HttpAnswer:
        token = {"Authorization": f"Bearer {self._token.reveal()}"}
        return self._api.post(f"{BASE}/{method}", content, {**token, **(headers or {})})

    def _refused(self, answer: HttpAnswer, word: str) -> Outcome:
        outcome = self._api.refused(answer)
        if not word:
            return outcome
        return Outcome(
            delivered=False,
            reason=f"{word}: {outcome.reason}",
            permanent=outcome.permanent or word in PERMANENT_WORDS,
            retry_after_s=outcome.retry_after_s,
        )


def _text(subject: str, body: str) -> str:
    return f"`{slack_text(escaping.one_row(subject))}`\n{slack_block(body)}"


def _colours(alert_id: str, colour: str) -> list[dict[str, str]]:
    words = f"omprog-panic {alert_id}"
    return [{"color": colour, "text": words, "fallback": words}]

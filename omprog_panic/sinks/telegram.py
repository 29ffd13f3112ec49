"""Telegram's bot API: later messages of a cause reply to the first one.

https://core.telegram.org/bots/api#sendmessage. apprise knows no replies; its URLs are
understood as they are.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from omprog_panic.sinks import apprise, apprise_chats
from omprog_panic.sinks.apprise_log import retry_after
from omprog_panic.sinks.first_message import FirstMessage
from omprog_panic.sinks.http_api import DELIVERED, HttpApi, form_with_file
from omprog_panic.sinks.sink_type import SinkType
from omprog_panic.sinks.text_profile import TELEGRAM as PROFILE
from omprog_panic.sinks.threaded import Posted, ThreadedSink

if TYPE_CHECKING:
    from omprog_panic.config.model import Service
    from omprog_panic.render.fitting import Attachment
    from omprog_panic.sinks.apprise import AppriseChannel
    from omprog_panic.sinks.apprise_chats import TelegramChat
    from omprog_panic.sinks.sink import Outcome
    from omprog_panic.sinks.text import Attachments, TextSink
    from omprog_panic.sinks.threaded import Post

BASE = "https://api.telegram.org"


class TelegramChannel:
    """One chat; ``files`` sends the files."""

    def __init__(
        self,
        service: Service,
        chat: TelegramChat,
        files: AppriseChannel,
        base: str = BASE,
    ) -> None:
        self._chat = chat
        self._base = base
        self._files = files
        self._api = HttpApi("Telegram", service.document)

    @property
    def attachments(self) -> Attachments:
        return PROFILE.attachments

    def excess(self, subject: str, body: str) -> int:
        return PROFILE.excess(subject, body)

    def warm_up(self) -> None:
        self._files.warm_up()

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        raise NotImplementedError(f"{subject}, {len(body)}, {file}: see post")

    def send_file(self, subject: str, file: Attachment) -> Outcome:
        return self._files.send_file(subject, file)

    def reply_file(
        self, subject: str, file: Attachment, first: FirstMessage
    ) -> Outcome:
        chat = self._chat
        caption = PROFILE.write(subject, file.caption or file.name).body
        fields = {
            "chat_id": str(chat.id),
            "caption": caption,
            "parse_mode": "HTML",
            "disable_notification": "true",  # the message has woken already
            "reply_parameters": json.dumps(_reply_to(first)),
        }
        if chat.topic is not None:
            fields["message_thread_id"] = str(chat.topic)
        body, kind = form_with_file(fields, "document", file.name, file.text)
        url = f"{self._base}/bot{chat.token.reveal()}/sendDocument"
        answer = self._api.post(url, body, kind)
        if answer.status == 200 and answer.field("ok") == "true":
            return DELIVERED
        return self._api.refused(answer, answer.field("description"))

    def post(self, post: Post) -> Posted:
        chat = self._chat
        content: dict[str, object] = {
            "chat_id": chat.id,
            "text": PROFILE.write(post.subject, post.body).body,
            "parse_mode": "HTML",
            "disable_notification": chat.is_silent,
            "link_preview_options": {"is_disabled": True},
        }
        if chat.topic is not None:
            content["message_thread_id"] = chat.topic
        if post.first is not None and post.first.id.isdecimal():
            content["reply_parameters"] = _reply_to(post.first)
        url = f"{self._base}/bot{chat.token.reveal()}/sendMessage"
        answer = self._api.post(url, content)
        if answer.status == 200 and answer.field("ok") == "true":
            return Posted(DELIVERED, _message(chat.id, answer.inner("result")))
        outcome = self._api.refused(answer, answer.field("description"))
        return Posted(
            _patient(outcome, answer.field("parameters")),
            refused_content=answer.refused_content,
        )

    def recolour(self, first: FirstMessage, alert_id: str, colour: str) -> None:
        """Do nothing: a message of Telegram has no colour."""


def _reply_to(first: FirstMessage) -> dict[str, object]:
    number = int(first.id) if first.id.isdecimal() else 0
    return {"message_id": number, "allow_sending_without_reply": True}


def _message(chat: int | str, result: dict[str, object]) -> FirstMessage:
    return FirstMessage(str(chat), str(result.get("message_id", "")))


def _patient(outcome: Outcome, parameters: str) -> Outcome:
    """Wait as long as the answer asks, which has no header for it."""
    wait_s = retry_after([parameters])
    return (
        outcome
        if wait_s is None
        else dataclasses.replace(outcome, retry_after_s=wait_s)
    )


def open_sink(service: Service) -> TextSink:
    """Return the sink of a ``tgram://`` URL.

    Without a chat, apprise asks Telegram who has written to the bot.
    """
    chat = apprise_chats.telegram_chat(service)
    if chat is None:
        return apprise.open_sink(service)
    files = apprise.AppriseChannel(service)
    return ThreadedSink(TelegramChannel(service, chat, files))


TELEGRAM = SinkType(open_sink, apprise.service_address)

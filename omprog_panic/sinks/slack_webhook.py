"""Slack's incoming webhook, posted directly.

apprise puts the text into an attachment, which Slack cuts at some 8,000 characters, and
a webhook accepts no file that could carry the rest. The text of a message itself may
have 40,000 characters and a code block. And apprise before 1.2.1 reports every success
as a failure (it compares bytes with text): the alert would be sent again for a day.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import requests

from omprog_panic.sinks import apprise, apprise_chats, escaping
from omprog_panic.sinks.apprise_log import PERMANENT
from omprog_panic.sinks.http_api import retry_after, why
from omprog_panic.sinks.http_guard import guarded
from omprog_panic.sinks.sink import Outcome
from omprog_panic.sinks.sink_type import SinkType
from omprog_panic.sinks.slack_bot import SlackBotChannel
from omprog_panic.sinks.text import REFUSED, Attachments, TextSink
from omprog_panic.sinks.text_profile import slack_block, slack_text
from omprog_panic.sinks.threaded import ThreadedSink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.config.model import Service
    from omprog_panic.render.fitting import Attachment
    from omprog_panic.secret import Secret

TIMEOUT_S = (4.0, 20.0)  # connect, read
TEXT_LIMIT = 35_000  # Slack cuts a text at 40,000 characters
MAX_ANSWER = 60  # characters of an error code ("invalid_payload", "no_service")


class SlackWebhookChannel:
    """One webhook; ``channels`` only where the administrator named some."""

    attachments = Attachments.NONE

    def __init__(self, url: Secret, channels: Sequence[str] = ()) -> None:
        self._url = url
        self._channels = channels

    def excess(self, subject: str, body: str) -> int:
        return max(0, len(_text(subject, body)) - TEXT_LIMIT)

    def warm_up(self) -> None:
        """Do nothing: there is nothing besides the import of requests."""

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        assert file is None
        outcome = Outcome(delivered=True)
        for channel in self._channels or (None,):
            answer = post(self._url, subject, body, channel)
            if answer.reason.startswith("Slack answered 400"):
                bare = post(self._url, subject, REFUSED, channel)
                if bare.delivered:
                    answer = dataclasses.replace(
                        bare, reason=f"title only: {answer.reason}"
                    )
            outcome = answer if answer.reason else outcome
        return outcome

    def send_file(self, subject: str, file: Attachment) -> Outcome:
        raise NotImplementedError(
            f"{subject}, {file.name}: a webhook does not accept files"
        )


def open_sink(service: Service) -> TextSink:
    """Return the sink of a ``slack://`` URL; only workflows are apprise's."""
    webhook = apprise_chats.slack_webhook(service)
    if webhook is not None:
        return TextSink(SlackWebhookChannel(*webhook))
    token = apprise_chats.slack_bot_token(service)
    if token is None:
        return apprise.open_sink(service)
    files = apprise.AppriseChannel(service)
    return ThreadedSink(SlackBotChannel(service, token, files))


def _text(subject: str, body: str) -> str:
    return f"`{slack_text(escaping.one_row(subject))}`\n{slack_block(body)}"


def post(url: Secret, subject: str, body: str, channel: str | None = None) -> Outcome:
    """Post one message and return what Slack answered."""
    message: dict[str, object] = {
        "text": _text(subject, body),
        "mrkdwn": True,
        "link_names": False,  # "@channel" stays a word
        "parse": "none",
        "unfurl_links": False,
        "unfurl_media": False,
    }
    if channel:
        message["channel"] = channel if channel[0] in "#@+" else f"#{channel}"
    with guarded() as exchange:
        try:
            answer = requests.post(url.reveal(), json=message, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            return Outcome(
                delivered=False,
                reason=url.redact(exchange.failure) or why(error, "Slack"),
                permanent=exchange.redirect_refused,
                in_doubt=exchange.may_have_arrived,
            )
    if answer.status_code == 200 and answer.text == "ok":
        return Outcome(delivered=True)
    code = error_code(answer.text)
    return Outcome(
        delivered=False,
        reason=f"Slack answered {answer.status_code} {code}".rstrip(),
        permanent=answer.status_code in PERMANENT,
        retry_after_s=retry_after(answer.headers.get("Retry-After")),
        in_doubt=exchange.may_have_arrived,
    )


def error_code(text: str) -> str:
    """Return the error code in an answer of Slack; empty when it is none.

    >>> error_code("invalid_payload"), error_code("<html>")
    ('invalid_payload', '')
    """
    return text if text.isidentifier() and len(text) <= MAX_ANSWER else ""


SLACK = SinkType(open_sink, apprise.service_address)

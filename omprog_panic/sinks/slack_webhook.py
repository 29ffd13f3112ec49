"""Slack's incoming webhook, posted directly.

apprise puts the text into an attachment: Slack cuts that at some 8,000 characters,
and a webhook takes no file that could carry the rest. The text of a message itself
may have 40,000 and a code block. And apprise before 1.2.1 calls every success a
failure (it compares bytes with text): the alert would be sent again for a day.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

import requests

from omprog_panic.sinks import neutral
from omprog_panic.sinks.complaint import MAX_PATIENCE_S, PERMANENT
from omprog_panic.sinks.dialect import slack_block, slack_text
from omprog_panic.sinks.sink import REFUSED, Files, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.render.fitting import Attachment
    from omprog_panic.secret import Secret

TIMEOUT_S = (4.0, 20.0)  # connect, read
TEXT_LIMIT = 35_000  # Slack cuts a text at 40,000 characters
MAX_ANSWER = 60  # of Slack's own words ("invalid_payload", "no_service")


class SlackWebhookNotifier:
    """One webhook; ``channels`` only where the administrator named some."""

    text_limit = TEXT_LIMIT
    files = Files.NONE

    def __init__(self, url: Secret, channels: Sequence[str] = ()) -> None:
        self._url = url
        self._channels = channels

    def excess(self, subject: str, body: str) -> int:
        return max(0, len(_text(subject, body)) - TEXT_LIMIT)

    def warm_up(self) -> None:
        """Do nothing: importing requests was all there is."""

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
        raise NotImplementedError(f"{subject}, {file.name}: a webhook takes no files")


def _text(subject: str, body: str) -> str:
    return f"`{slack_text(neutral.one_row(subject))}`\n{slack_block(body)}"


def post(url: Secret, subject: str, body: str, channel: str | None = None) -> Outcome:
    """Post one message and say what Slack answered."""
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
    try:
        answer = requests.post(url.reveal(), json=message, timeout=TIMEOUT_S)
    except requests.RequestException as error:
        return Outcome(delivered=False, reason=_why(error))
    if answer.status_code == 200 and answer.text == "ok":
        return Outcome(delivered=True)
    said = neutral_answer(answer.text)
    return Outcome(
        delivered=False,
        reason=f"Slack answered {answer.status_code} {said}".rstrip(),
        permanent=answer.status_code in PERMANENT,
        retry_after_s=_patience(answer.headers.get("Retry-After")),
    )


def _why(error: requests.RequestException) -> str:
    """Say what went wrong in the system's words: those of requests hold the URL."""
    cause: BaseException | None = error
    words = type(error).__name__
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            words = f"no connection to Slack: {cause.strerror}"
        cause = cause.__cause__ or cause.__context__
    return "no answer from Slack in time" if words == "ReadTimeout" else words


def neutral_answer(text: str) -> str:
    """Give Slack's word for what went wrong; nothing when it is no word.

    >>> neutral_answer("invalid_payload"), neutral_answer("<html>")
    ('invalid_payload', '')
    """
    return text if text.isidentifier() and len(text) <= MAX_ANSWER else ""


def _patience(header: str | None) -> float | None:
    with contextlib.suppress(ValueError):
        return min(max(float(header or ""), 0.0), MAX_PATIENCE_S)
    return None

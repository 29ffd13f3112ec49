"""The look-alikes see what acts, and refuse what the services refuse."""

from __future__ import annotations

import apprise
import pytest
import requests

from tests.lookalikes import slack, telegram
from tests.lookalikes.cases import DISCORD, NTFY, SLACK_HOOK, TEAMS, TELEGRAM, Case
from tests.lookalikes.internet import Internet


def tell(case: Case, body: str, *, html: bool = False) -> bool:
    """Send a text as any other program would: apprise alone, nothing made harmless."""
    sender = apprise.Apprise()
    assert sender.add(case.url)
    form = apprise.NotifyFormat.HTML if html else apprise.NotifyFormat.MARKDOWN
    return bool(sender.notify(body=body, body_format=form))


@pytest.mark.parametrize(
    ("case", "text", "act"),
    [
        (TELEGRAM, "call @somebody", "@somebody"),
        (TELEGRAM, "<b>bold</b>", "<b>"),
        (TELEGRAM, "see http://evil.example/", "http://evil.example/"),
        (DISCORD, "hello @everyone", "@everyone"),
        (DISCORD, "```\nx\n```\n@here", "@here"),
        (DISCORD, "\x1b[31m", "\x1b"),
        (NTFY, "see http://evil.example/", "http://evil.example/"),
    ],
    ids=lambda value: value.name if isinstance(value, Case) else None,
)
def test_what_acts_is_seen(case: Case, text: str, act: str, internet: Internet) -> None:
    lookalike = case.make(internet)
    assert tell(case, text, html=case is TELEGRAM)

    [seen] = lookalike.messages
    assert act in seen.acting


if TEAMS.there:  # apprise 1.8.1 and later

    @pytest.mark.parametrize(
        "text", ["[a](http://evil.example/)", "*b*", "{{DATE(x)}}"]
    )
    def test_what_acts_in_a_card_is_seen(text: str, internet: Internet) -> None:
        lookalike = TEAMS.make(internet)
        assert tell(TEAMS, text)

        [seen] = lookalike.messages
        assert seen.acting


@pytest.mark.parametrize("field", ["text", "attachments"])
@pytest.mark.parametrize(
    "text", ["<!here>", "see <http://evil.example/|this>", "http://evil.example/"]
)
def test_what_acts_in_slack_is_seen(field: str, text: str, internet: Internet) -> None:
    lookalike = SLACK_HOOK.make(internet)
    content = text if field == "text" else [{"title": "t", "text": text}]
    url = f"https://hooks.slack.com/services/{slack.HOOK}"
    assert requests.post(url, json={field: content}, timeout=60).text == "ok"

    [seen] = lookalike.messages
    assert seen.acting


@pytest.mark.parametrize(
    ("case", "size"),
    [(TELEGRAM, 4097), (DISCORD, 2001), (NTFY, 4097)],
    ids=lambda value: value.name if isinstance(value, Case) else None,
)
def test_what_is_too_long_is_refused(case: Case, size: int, internet: Internet) -> None:
    lookalike = case.make(internet)

    assert not tell(case, "x" * size, html=case is TELEGRAM)
    assert tell(case, "x" * (size - 1), html=case is TELEGRAM)
    assert len(lookalike.messages) == 1


@pytest.mark.parametrize("text", ["Call Trace: <TASK>", "<b>open", "a</b>"])
def test_mark_up_that_telegram_does_not_know_is_refused(
    text: str, internet: Internet
) -> None:
    lookalike = TELEGRAM.make(internet)
    url = f"https://api.telegram.org/bot{telegram.TOKEN}/sendMessage"
    message = {"chat_id": 42, "text": text, "parse_mode": "HTML"}

    answer = requests.post(url, json=message, timeout=60)
    assert answer.status_code == 400
    assert "can't parse entities" in answer.json()["description"]
    assert lookalike.messages == []

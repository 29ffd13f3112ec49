from __future__ import annotations

import pytest

from omprog_panic.secret import Secret
from omprog_panic.sinks.apprise_chats import telegram_chat
from omprog_panic.sinks.telegram import TELEGRAM
from omprog_panic.sinks.text import TextSink
from omprog_panic.sinks.threaded import ThreadedSink
from tests.builders import make_service

TOKEN = f"123456789:{'A' * 35}"


@pytest.mark.parametrize(
    ("query", "chat"), [("/42", 42), ("/-100123456789", -100123456789)]
)
def test_its_chat_is_that_of_the_url(query: str, chat: int) -> None:
    url = Secret(f"tgram://{TOKEN}{query}?silent=yes")
    found = telegram_chat(make_service(scheme="tgram", document=url))

    assert found is not None
    assert (found.id, found.topic, found.is_silent) == (chat, None, True)
    assert found.token.reveal() == TOKEN


def test_without_a_chat_apprise_finds_one() -> None:
    alone = make_service(scheme="tgram", document=Secret(f"tgram://{TOKEN}"))
    named = make_service(scheme="tgram", document=Secret(f"tgram://{TOKEN}/42"))

    assert type(TELEGRAM.open(alone)) is TextSink
    assert type(TELEGRAM.open(named)) is ThreadedSink

from __future__ import annotations

import pytest

from omprog_panic.secret import Secret
from omprog_panic.sinks.apprise_chats import slack_bot_token, slack_channel
from omprog_panic.sinks.slack_webhook import SLACK
from omprog_panic.sinks.threaded import ThreadedSink
from tests.builders import make_service

TOKEN = "xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d"


@pytest.mark.parametrize(
    ("target", "channel"),
    [
        ("/%23kernels", "#kernels"),
        ("/kernels", "#kernels"),
        ("/@ada", "@ada"),
        ("/+C0123456789", "C0123456789"),
        ("", "#general"),
    ],
)
def test_its_channel_is_that_of_the_url(target: str, channel: str) -> None:
    document = Secret(f"slack://{TOKEN}{target}")
    service = make_service(scheme="slack", document=document)

    assert slack_channel(service) == channel
    token = slack_bot_token(service)
    assert token is not None
    assert token.reveal() == TOKEN
    assert isinstance(SLACK.open(service), ThreadedSink)

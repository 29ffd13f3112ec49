from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.secret import Secret
from omprog_panic.sinks.apprise_chats import slack_webhook
from tests.builders import make_service

if TYPE_CHECKING:
    from omprog_panic.config.model import Service


def slack(url: str) -> Service:
    return make_service(scheme="slack", document=Secret(url))


def test_a_slack_webhook_is_told_from_a_bot() -> None:
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    webhook = slack_webhook(slack(url))
    bot = "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#c"

    assert webhook is not None
    assert webhook[0].reveal().endswith(url.removeprefix("slack:/"))
    assert slack_webhook(slack(bot)) is None

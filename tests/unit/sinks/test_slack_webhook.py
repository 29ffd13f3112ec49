from __future__ import annotations

import pytest

from omprog_panic.secret import Secret
from omprog_panic.sinks import slack_webhook
from tests.fakes import Receiver


def url(receiver: Receiver) -> Secret:
    return Secret(f"http://127.0.0.1:{receiver.port}/services/T/A/TOKEN")


def test_the_text_arrives_and_cannot_act() -> None:
    with Receiver() as receiver:
        outcome = slack_webhook.post(url(receiver), "PANIC <a>", "<!here> </TASK> &")
        [got] = receiver.received

    assert outcome.delivered
    text = "`PANIC &lt;a&gt;`\n```\n&lt;!here&gt; &lt;/TASK&gt; &amp;\n```"
    assert got.alert["text"] == text
    assert got.alert["link_names"] is False


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(500, False), (429, False), (403, True), (404, True), (410, True)],
)
def test_a_refusal_is_one(status: int, permanent: bool) -> None:
    with Receiver() as receiver:
        receiver.answer = lambda _: status
        outcome = slack_webhook.post(url(receiver), "s", "b")

    assert not outcome.delivered
    assert outcome.permanent is permanent
    assert str(status) in outcome.reason


def test_an_answer_that_is_not_slacks_is_no_success() -> None:
    with Receiver() as receiver:
        receiver.text = b"<html>captive portal</html>"
        assert not slack_webhook.post(url(receiver), "s", "b").delivered


def test_a_dead_address_is_said_without_the_token() -> None:
    outcome = slack_webhook.post(Secret("http://127.0.0.1:1/TOKEN"), "s", "b")

    assert outcome.reason == "no connection to Slack: Connection refused"

"""The fake and the real thing behave alike: apprise to a real server on loopback."""

from __future__ import annotations

import dataclasses
import io
import logging
import socket
from collections.abc import Callable, Iterator

import pytest

from omprog_panic.config.model import Service
from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks import slack_webhook
from omprog_panic.sinks.apprise_sink import (
    READ_TIMEOUT_S,
    AppriseNotifier,
    build_notifier,
    read_services,
)
from omprog_panic.sinks.sink import Notifier, Outcome
from omprog_panic.sinks.slack_webhook import SlackWebhookNotifier
from tests.builders import make_service
from tests.fakes import Received, Receiver, RecordingNotifier


@dataclasses.dataclass
class Case:
    """A notifier, what arrived, and how to make it fail."""

    notifier: Notifier
    arrived: Callable[[], list[tuple[str, str]]]


def service(url: str, scheme: str = "json") -> Service:
    return make_service(scheme=scheme, document=Secret(f"ops={url}"))


@pytest.fixture(params=["apprise", "fake"])
def make_case(request: pytest.FixtureRequest) -> Iterator[Callable[..., Case]]:
    with Receiver() as receiver:

        def make(*statuses: int) -> Case:
            answers = iter(statuses)
            if request.param == "fake":
                outcomes = [_outcome(status) for status in statuses]
                fake = RecordingNotifier(*outcomes)
                return Case(fake, lambda: fake.sent)
            receiver.answer = lambda _: next(answers, 200)
            notifier = AppriseNotifier(service(receiver.url()))
            return Case(notifier, lambda: [_pair(got) for got in receiver.received])

        yield make


def _pair(got: Received) -> tuple[str, str]:
    return got.alert["title"], got.alert["message"]


def _outcome(status: int) -> Outcome:
    if status == 200:
        return Outcome(delivered=True)
    permanent = status in {400, 401, 403, 404, 410}
    return Outcome(delivered=False, reason=f"error={status}.", permanent=permanent)


def test_text_arrives_as_it_is(make_case: Callable[..., Case]) -> None:
    case = make_case()
    body = "Call Trace:\n <TASK>\n  dump_stack+0x44   &amp; `x` *y*\n </TASK>\n@channel"

    assert case.notifier.send("PANIC <db>", body).delivered
    assert case.arrived() == [("PANIC <db>", body)]


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(429, False), (500, False), (503, False), (401, True), (403, True), (404, True)],
)
def test_a_refusal_says_its_class_and_the_next_try_is_free(
    make_case: Callable[..., Case], status: int, permanent: bool
) -> None:
    case = make_case(status, 200)

    refused = case.notifier.send("s", "b")
    assert not refused.delivered
    assert refused.permanent is permanent
    assert f"error={status}" in refused.reason
    assert case.notifier.send("s", "b").delivered


def test_warming_up_sends_nothing(make_case: Callable[..., Case]) -> None:
    case = make_case()
    case.notifier.warm_up()

    assert case.arrived() == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What our own log would show at its most talkative."""
    root, stream = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


def test_a_dead_receiver_is_transient_and_named_without_secrets(
    logged: io.StringIO,
) -> None:
    url = f"json://user:PASSWORDSECRET@127.0.0.1:{free_port()}/PATHSECRET"
    outcome = build_notifier(service(url)).send("s", "b")

    assert not outcome.delivered
    assert not outcome.permanent
    assert "127.0.0.1" in outcome.reason
    assert "SECRET" not in outcome.reason + logged.getvalue()


def test_a_delivery_leaves_no_secret_in_the_log(logged: io.StringIO) -> None:
    with Receiver() as receiver:
        notifier = build_notifier(service(receiver.url("PATHSECRET")))
        assert notifier.send("s", "b").delivered

    assert "SECRET" not in logged.getvalue()


def test_a_plugin_that_raises_is_a_failed_delivery() -> None:
    broken = AppriseNotifier(make_service(position=5, document=Secret("json://h")))

    outcome = broken.send("s", "b")
    assert not outcome.delivered
    assert outcome.reason.startswith("IndexError")


@pytest.mark.parametrize(("query", "seconds"), [("", READ_TIMEOUT_S), ("?rto=3", 3.0)])
def test_a_slow_service_has_time_to_answer(query: str, seconds: float) -> None:
    notifier = AppriseNotifier(service(f"json://127.0.0.1:9/x{query}"))

    assert notifier._instance().socket_read_timeout == seconds


def test_mail_has_no_limit_and_others_their_own() -> None:
    mail = "mailto://user:pass@example.org"
    telegram = "tgram://123456789:AAFxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/1"

    assert AppriseNotifier(service(mail, "mailto")).text_limit is None
    assert AppriseNotifier(service(telegram, "tgram")).text_limit == 4096


SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def test_slack_webhooks_bypass_apprise() -> None:
    bypass = build_notifier(service(SLACK, "slack"))
    assert isinstance(bypass, SlackWebhookNotifier)
    assert bypass._url.reveal().endswith(
        "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    )
    assert bypass.text_limit == slack_webhook.TEXT_LIMIT
    bot = build_notifier(
        service("slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#c", "slack")
    )
    assert isinstance(bot, AppriseNotifier)


def test_the_bypass_posts_to_slack() -> None:
    with Receiver() as receiver:
        url = Secret(f"http://127.0.0.1:{receiver.port}/services/x")
        notifier = SlackWebhookNotifier(url)
        notifier.warm_up()
        assert notifier.send("s", "b").delivered


def test_what_apprise_does_not_know_is_refused_without_its_url() -> None:
    with pytest.raises(DeliveryError) as caught:
        read_services("text", Secret("slak://SECRET"))

    assert "did you mean slack://?" in caught.value.reason
    assert "SECRET" not in caught.value.reason

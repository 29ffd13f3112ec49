"""What delivery relies on, held against every sink and the one that tests use."""

from __future__ import annotations

import dataclasses
import email
import email.message
import email.policy
import io
import logging
import socket
from collections.abc import Callable, Iterator

import pytest

from omprog_panic.config.model import Service
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.render.fitting import Attachment
from omprog_panic.secret import Secret
from omprog_panic.sinks.alertmanager import AlertmanagerSink
from omprog_panic.sinks.apprise import AppriseChannel
from omprog_panic.sinks.apprise_chats import telegram_chat
from omprog_panic.sinks.grafana_oncall import GrafanaOnCall
from omprog_panic.sinks.incident_sink import IncidentSink, IncidentTool
from omprog_panic.sinks.mail import Mail, MailChannel, write_mail
from omprog_panic.sinks.mattermost import MattermostChannel
from omprog_panic.sinks.memory import MemorySink
from omprog_panic.sinks.opsgenie import Opsgenie
from omprog_panic.sinks.pagerduty import PagerDuty
from omprog_panic.sinks.registry import SINKS, open_sink
from omprog_panic.sinks.sink import Outcome, Sink
from omprog_panic.sinks.slack_webhook import SlackWebhookChannel
from omprog_panic.sinks.splunk_oncall import SplunkOnCall
from omprog_panic.sinks.telegram import TelegramChannel
from omprog_panic.sinks.text import TextSink
from omprog_panic.sinks.threaded import ThreadedSink
from omprog_panic.sinks.webhook import WebhookSink
from tests.alerts import make_alert
from tests.builders import make_service
from tests.fakes import Received, Receiver


@dataclasses.dataclass
class Case:
    """A sink, and what arrived at its service, as text."""

    sink: Sink
    arrived: Callable[[], list[str]]


@dataclasses.dataclass(frozen=True)
class Made:
    """How a case is made: for a receiver that answers with these HTTP statuses.

    ``is_text``: people read the rendered message there. ``speaks_http``: the receiver's
    status decides the outcome.
    """

    make: Callable[[Receiver, list[int]], Case]
    is_text: bool = True
    speaks_http: bool = True


def service(url: str, scheme: str = "json") -> Service:
    return make_service(scheme=scheme, document=Secret(f"ops={url}"))


def apprise_case(receiver: Receiver, _statuses: list[int]) -> Case:
    sink = open_sink(service(receiver.url()))
    return Case(sink, lambda: [_text(got) for got in receiver.received])


def slack_case(receiver: Receiver, _statuses: list[int]) -> Case:
    url = Secret(f"http://127.0.0.1:{receiver.port}/services/x")
    sink = TextSink(SlackWebhookChannel(url))
    return Case(sink, lambda: [_text(got) for got in receiver.received])


def memory_case(_receiver: Receiver, statuses: list[int]) -> Case:
    sink = MemorySink(*map(_outcome, statuses))
    return Case(sink, lambda: ["\n".join(text) for text in sink.sent])


class FakeMail(MailChannel):
    """Keeps what would be handed to the server."""

    def __init__(self, statuses: list[int]) -> None:
        super().__init__(service("mailto://user:pw@example.org", "mailto"))
        self.sent: list[str] = []
        self._outcomes = iter(map(_outcome, statuses))

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        message = email.message_from_bytes(
            write_mail(self._settings(), Mail(subject, body, file)),
            policy=email.policy.default,
        )
        assert isinstance(message, email.message.EmailMessage)
        text = message.get_content().replace("\r\n", "\n")
        self.sent.append(f"{message['Subject']}\n{text}")
        return next(self._outcomes, Outcome(delivered=True))


def mail_case(_receiver: Receiver, statuses: list[int]) -> Case:
    channel = FakeMail(statuses)
    return Case(TextSink(channel), lambda: channel.sent)


def tool_case(
    make: Callable[[str], IncidentTool], success: int, answer: bytes = b"ok"
) -> Callable[[Receiver, list[int]], Case]:
    """Return how an incident tool is made; it answers ``success`` instead of 200."""

    def case(receiver: Receiver, _statuses: list[int]) -> Case:
        given = receiver.answer
        receiver.text = answer

        def answer_status(got: Received) -> int:
            status = given(got)
            return success if status == 200 else status

        receiver.answer = answer_status
        sink = IncidentSink(make(f"http://127.0.0.1:{receiver.port}"))
        return Case(sink, lambda: [_text(got) for got in receiver.received])

    return case


def pagerduty(base: str) -> IncidentTool:
    return PagerDuty(Secret(f"pagerduty://{'0123456789abcdef' * 2}"), base)


def opsgenie(base: str) -> IncidentTool:
    return Opsgenie(Secret("opsgenie://eb243592-faa2"), f"{base}/v2/alerts")


def splunk(base: str) -> IncidentTool:
    return SplunkOnCall(Secret("splunk://kernels@6a2e4ef5-3c0b-4b66-9c4e"), base)


def grafana(base: str) -> IncidentTool:
    return GrafanaOnCall(Secret("oncalls://h/formatted_webhook/x"), base)


def webhook_case(receiver: Receiver, _statuses: list[int]) -> Case:
    sink = WebhookSink(Secret(f"webhook://127.0.0.1:{receiver.port}/hook"))

    def arrived() -> list[str]:
        texts = [got.alert["text"] for got in receiver.received]
        return [f"{text['subject']}\n{text['body']}" for text in texts]

    return Case(sink, arrived)


def alertmanager_case(receiver: Receiver, _statuses: list[int]) -> Case:
    sink = AlertmanagerSink(Secret(f"alertmanager://127.0.0.1:{receiver.port}"))
    return Case(sink, lambda: [str(got.alert) for got in receiver.received])


def mattermost_case(receiver: Receiver, _statuses: list[int]) -> Case:
    given = receiver.answer

    def answer(got: Received) -> int:
        status = given(got)
        return 201 if status == 200 else status

    receiver.answer, receiver.text = answer, b'{"id": "p1"}'
    url = Secret(f"mattermost://TOKEN@127.0.0.1:{receiver.port}/channel")
    sink = ThreadedSink(MattermostChannel(url))
    return Case(sink, lambda: [got.body for got in receiver.received])


def telegram_case(receiver: Receiver, _statuses: list[int]) -> Case:
    receiver.text = b'{"ok": true, "result": {"message_id": 1}}'
    made = service(f"tgram://123456789:{'A' * 35}/42", "tgram")
    chat = telegram_chat(made)
    assert chat is not None
    base = f"http://127.0.0.1:{receiver.port}"
    channel = TelegramChannel(made, chat, AppriseChannel(made), base)
    return Case(ThreadedSink(channel), lambda: [got.body for got in receiver.received])


PAGERDUTY = Made(tool_case(pagerduty, 202), is_text=False)
OPSGENIE = Made(tool_case(opsgenie, 202), is_text=False)
SPLUNK = Made(tool_case(splunk, 200, b'{"result": "success"}'), is_text=False)
GRAFANA = Made(tool_case(grafana, 200), is_text=False)
WEBHOOK = Made(webhook_case)
ALERTMANAGER = Made(alertmanager_case, is_text=False)


# One of each scheme of the registry; a new sink is added here.
CASES: dict[str, Made] = {
    "apprise": Made(apprise_case),
    "mailto": Made(mail_case),
    "mailtos": Made(mail_case),
    "mattermost": Made(mattermost_case),
    "mattermosts": Made(mattermost_case),
    "memory": Made(memory_case),
    "tgram": Made(telegram_case),
    "alertmanager": ALERTMANAGER,
    "alertmanagers": ALERTMANAGER,
    "jsm": OPSGENIE,
    "oncall": GRAFANA,
    "oncalls": GRAFANA,
    "opsgenie": OPSGENIE,
    "pagerduty": PAGERDUTY,
    "slack": Made(slack_case),
    "splunk": SPLUNK,
    "victorops": SPLUNK,
    "webhook": WEBHOOK,
    "webhooks": WEBHOOK,
}
TEXT = [name for name, made in CASES.items() if made.is_text]
HTTP = [name for name, made in CASES.items() if made.speaks_http]


def _text(got: Received) -> str:
    title = got.alert.get("title", "")
    return f"{title}\n{got.body}"


def _outcome(status: int) -> Outcome:
    if status == 200:
        return Outcome(delivered=True)
    permanent = status in {400, 401, 403, 404, 410}
    return Outcome(delivered=False, reason=f"error={status}.", permanent=permanent)


@pytest.fixture(params=CASES)
def make_case(request: pytest.FixtureRequest) -> Iterator[Callable[..., Case]]:
    with Receiver() as receiver:

        def make(*statuses: int) -> Case:
            answers = iter(statuses)
            receiver.answer = lambda _: next(answers, 200)
            return CASES[request.param].make(receiver, list(statuses))

        yield make


def test_every_sink_is_tested() -> None:
    assert set(CASES) == {"apprise", "memory", *SINKS}


def test_an_alert_arrives(make_case: Callable[..., Case]) -> None:
    case = make_case()

    outcome = case.sink.deliver(make_alert())
    assert (outcome.delivered, outcome.reason) == (True, "")
    assert len(case.arrived()) == 1


@pytest.mark.parametrize("make_case", TEXT, indirect=True)
def test_a_text_arrives_with_its_lines(make_case: Callable[..., Case]) -> None:
    case = make_case()
    case.sink.deliver(make_alert("PANIC db-07", "Call Trace:\n  dump_stack+0x44\n  x"))

    [arrived] = case.arrived()
    assert "PANIC db-07" in arrived
    assert "Call Trace:\n  dump_stack+0x44\n  x" in arrived


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_can_be_delivered(
    make_case: Callable[..., Case], kind: Kind
) -> None:
    case = make_case()

    assert case.sink.deliver(make_alert(facts=FORMATS[kind].sample)).delivered


@pytest.mark.parametrize("make_case", HTTP, indirect=True)
@pytest.mark.parametrize(
    ("status", "permanent"),
    [(429, False), (500, False), (503, False), (401, True), (403, True), (404, True)],
)
def test_a_refusal_says_its_class_and_the_next_try_is_free(
    make_case: Callable[..., Case], status: int, permanent: bool
) -> None:
    case = make_case(status, 200)
    alert = make_alert()

    refused = case.sink.deliver(alert)
    assert not refused.delivered
    assert refused.permanent is permanent
    assert str(status) in refused.reason
    assert case.sink.deliver(alert).delivered


def test_warming_up_and_previewing_send_nothing(make_case: Callable[..., Case]) -> None:
    case = make_case()
    case.sink.warm_up()

    assert "PANIC" in case.sink.preview(make_alert("PANIC", "body")).subject
    assert case.arrived() == []


def test_without_a_file_there_is_nothing_to_complete(
    make_case: Callable[..., Case],
) -> None:
    case = make_case()
    alert = make_alert()
    case.sink.deliver(alert)

    assert case.sink.complete(alert) is None
    assert len(case.arrived()) == 1


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
    outcome = open_sink(service(url)).deliver(make_alert())

    assert not outcome.delivered
    assert not outcome.permanent
    assert "127.0.0.1" in outcome.reason
    assert "SECRET" not in outcome.reason + logged.getvalue()


def test_a_delivery_leaves_no_secret_in_the_log(logged: io.StringIO) -> None:
    with Receiver() as receiver:
        sink = open_sink(service(receiver.url("PATHSECRET")))
        assert sink.deliver(make_alert()).delivered

    assert "SECRET" not in logged.getvalue()

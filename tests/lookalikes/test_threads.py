"""Later messages of a cause go into the thread of its first one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Protocol

import pytest

from omprog_panic.config.model import Service
from omprog_panic.notification.acknowledged import Acknowledged
from omprog_panic.notification.boots import Back
from omprog_panic.notification.cause import FollowUp
from omprog_panic.notification.escalated import Escalated
from omprog_panic.notification.format import MessageFacts
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.resolved import Resolved
from omprog_panic.render.fitting import Attachment
from omprog_panic.secret import Secret
from omprog_panic.sinks.registry import open_sink
from omprog_panic.sinks.sink import Alert, Outcome
from omprog_panic.sinks.threaded import BLUE, GREEN, RED
from tests.alerts import FixedRenderer, make_alert
from tests.builders import make_service
from tests.lookalikes import mattermost, slack, telegram
from tests.lookalikes.internet import Answer, Internet, Request, answer_json


class Chat(Protocol):
    next: list[Answer]


@dataclasses.dataclass(frozen=True)
class Case:
    """A service with threads; ``seen`` returns the replies of each first message."""

    name: str
    url: str
    make: Callable[[Internet], Chat]
    seen: Callable[[Chat], list[list[str]]]
    colours: Callable[[Chat], list[str]] | None = None

    def service(self) -> Service:
        scheme = self.url.partition("://")[0]
        return make_service(scheme=scheme, document=Secret(f"ops={self.url}"))


def slack_threads(chat: Chat) -> list[list[str]]:
    assert isinstance(chat, slack.Slack)
    return list(chat.threads.values())


def slack_colours(chat: Chat) -> list[str]:
    assert isinstance(chat, slack.Slack)
    return list(chat.colours.values())


def mattermost_threads(chat: Chat) -> list[list[str]]:
    assert isinstance(chat, mattermost.Mattermost)
    return list(chat.threads.values())


def mattermost_colours(chat: Chat) -> list[str]:
    assert isinstance(chat, mattermost.Mattermost)
    return list(chat.colours.values())


def telegram_threads(chat: Chat) -> list[list[str]]:
    assert isinstance(chat, telegram.Telegram)
    replies = {text for texts in chat.replies.values() for text in texts}
    firsts = [n for n, m in enumerate(chat.messages, 1) if m.text not in replies]
    return [chat.replies.get(number, []) for number in firsts]


CASES = [
    Case(
        "Slack, bot",
        f"slack://{slack.TOKEN}/#kernels",
        slack.Slack,
        slack_threads,
        slack_colours,
    ),
    Case(
        "Mattermost, bot",
        f"mattermosts://{mattermost.TOKEN}@{mattermost.HOST}/{mattermost.CHANNEL}",
        mattermost.Mattermost,
        mattermost_threads,
        mattermost_colours,
    ),
    Case(
        "Telegram",
        f"tgram://{telegram.TOKEN}/42",
        telegram.Telegram,
        telegram_threads,
    ),
]
ALL = [pytest.param(case, id=case.name) for case in CASES]
COLOURED = [pytest.param(case, id=case.name) for case in CASES if case.colours]


def alert(facts: MessageFacts, body: str, episode: str | None = "e1") -> Alert:
    made = make_alert("PANIC db-07", body, facts=facts)
    notification = dataclasses.replace(made.notification, episode=episode)
    return dataclasses.replace(made, notification=notification)


class Told:
    """A sink that is opened anew for each message, and what the store keeps for it."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.memory: dict[str, str] = {}

    def deliver(self, given: Alert) -> Outcome:
        sink = open_sink(self._service)
        outcome = sink.deliver(dataclasses.replace(given, threads=self.memory))
        if outcome.delivered:
            self.memory |= {one.key: one.content for one in outcome.memories}
        return outcome


@pytest.mark.parametrize("case", ALL)
def test_a_cause_is_one_thread(case: Case, internet: Internet) -> None:
    chat, told = case.make(internet), Told(case.service())
    for facts, body in (
        (IncidentNotes(), "first"),
        (FollowUp(), "more"),
        (Acknowledged(), "taken"),
        (Resolved(), "over"),
    ):
        outcome = told.deliver(alert(facts, body))
        assert (outcome.delivered, outcome.reason) == (True, "")

    [replies] = case.seen(chat)
    assert len(replies) == 3
    for word, reply in zip(("more", "taken", "over"), replies, strict=True):
        assert word in reply


@pytest.mark.parametrize("case", ALL)
def test_threads_never_cross(case: Case, internet: Internet) -> None:
    chat, told = case.make(internet), Told(case.service())
    told.deliver(alert(IncidentNotes(), "first of one", "e1"))
    told.deliver(alert(IncidentNotes(), "first of two", "e2"))
    told.deliver(alert(Resolved(), "over: one", "e1"))
    told.deliver(alert(Resolved(), "over: two", "e2"))

    one, two = case.seen(chat)
    assert len(one) == len(two) == 1
    assert "over: one" in one[0]
    assert "over: two" in two[0]


@pytest.mark.parametrize("case", ALL)
def test_what_stands_alone_is_no_reply(case: Case, internet: Internet) -> None:
    chat, told = case.make(internet), Told(case.service())
    told.deliver(alert(IncidentNotes(), "first"))
    told.deliver(alert(Back(), "back", None))

    assert case.seen(chat) == [[], []]


@pytest.mark.parametrize("case", COLOURED)
def test_the_colour_of_the_first_message_is_the_state(
    case: Case, internet: Internet
) -> None:
    chat, told = case.make(internet), Told(case.service())
    assert case.colours is not None
    seen = []
    for facts in (
        IncidentNotes(),
        FollowUp(),
        Acknowledged(),
        FollowUp(),
        Escalated(),
        Resolved(),
    ):
        told.deliver(alert(facts, type(facts).__name__))
        seen += case.colours(chat)

    assert seen == [RED, RED, BLUE, BLUE, RED, GREEN]


@pytest.mark.parametrize("case", ALL)
def test_a_first_message_that_was_deleted_is_replaced(
    case: Case, internet: Internet
) -> None:
    chat, told = case.make(internet), Told(case.service())
    told.deliver(alert(IncidentNotes(), "first"))
    for name in ("threads", "posts", "messages"):
        found = getattr(chat, name, None)
        if isinstance(found, (dict, list)):
            found.clear()
    assert told.deliver(alert(FollowUp(), "more")).delivered
    assert told.deliver(alert(Resolved(), "over")).delivered

    if case.name != "Telegram":  # it sends without the reply
        [replies] = case.seen(chat)
        assert "over" in replies[0]


@pytest.mark.parametrize("case", ALL)
def test_a_colour_that_cannot_be_changed_costs_nothing(
    case: Case, internet: Internet
) -> None:
    chat, told = case.make(internet), Told(case.service())
    told.deliver(alert(IncidentNotes(), "first"))
    real = dict(internet.services)

    def answer(request: Request) -> Answer:
        if request.target.endswith(("chat.update", "/patch")):
            return Answer(500)
        return real[request.host](request)

    internet.services.update(dict.fromkeys(real, answer))
    assert told.deliver(alert(Resolved(), "over")).delivered

    [replies] = case.seen(chat)
    assert len(replies) == 1


def test_in_slack_what_is_new_is_shown_to_all(internet: Internet) -> None:
    chat, told = slack.Slack(internet), Told(CASES[0].service())
    for facts in (IncidentNotes(), FollowUp(), Acknowledged(), Resolved()):
        told.deliver(alert(facts, type(facts).__name__))

    assert len(chat.broadcast) == 1
    assert "FollowUp" in chat.broadcast[0]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_a_refusal_of_mattermost_says_its_class(
    status: int, internet: Internet
) -> None:
    chat, told = mattermost.Mattermost(internet), Told(CASES[1].service())
    chat.next = [answer_json(status, id="x", message="no", status_code=status)]
    outcome = told.deliver(alert(IncidentNotes(), "first"))

    assert not outcome.delivered
    assert outcome.permanent is (status in {401, 403, 404})
    assert outcome.reason == f"Mattermost answered {status} no"
    assert chat.posts == {}


def test_a_text_that_mattermost_refuses_goes_out_as_its_title(
    internet: Internet,
) -> None:
    chat, told = mattermost.Mattermost(internet), Told(CASES[1].service())
    chat.next = [answer_json(400, id="odd", message="odd", status_code=400)]
    outcome = told.deliver(alert(IncidentNotes(), "first"))

    assert outcome.reason == "title only: Mattermost answered 400 odd"
    [post] = chat.posts.values()
    assert "refused the text" in post["message"]


@pytest.mark.parametrize("case", [ALL[0], ALL[2]])
def test_a_file_is_in_the_thread(case: Case, internet: Internet) -> None:
    chat, told = case.make(internet), Told(case.service())
    told.deliver(alert(IncidentNotes(), "first"))
    file = Attachment("trace.txt", "Call Trace:\n  x\udcff", "full trace")
    more = dataclasses.replace(
        alert(FollowUp(), "more"),
        threads=told.memory,
        renderer=FixedRenderer("s", "more", file),
    )
    sink = open_sink(case.service())
    assert sink.deliver(more).delivered
    outcome = sink.complete(more)

    assert outcome is not None
    assert outcome.delivered, outcome.reason
    assert isinstance(chat, slack.Slack | telegram.Telegram)
    assert list(chat.files.values()) == [["trace.txt"]]
    assert chat.messages[-1].files[0][1] == b"Call Trace:\n  x\\udcff"

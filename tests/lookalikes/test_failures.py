"""What a service refuses, and what becomes of the alert then."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from omprog_panic.config.model import Service
from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks.deadline import DeadlineSink
from omprog_panic.sinks.registry import open_sink, read_services
from tests.alerts import make_alert
from tests.builders import make_incident
from tests.lookalikes import twilio
from tests.lookalikes.cases import (
    DISCORD,
    OVER_HTTP,
    SLACK_BOT,
    SLACK_HOOK,
    TEAMS,
    TELEGRAM,
    Case,
    mail_service,
)
from tests.lookalikes.discord import Discord
from tests.lookalikes.hostile import LAST, hostile_incident
from tests.lookalikes.internet import Answer, Internet, Request, answer_json
from tests.lookalikes.mail import Mail
from tests.lookalikes.slack import Slack
from tests.lookalikes.telegram import Telegram
from tests.unit.alerter.worlds import World

THERE = [pytest.param(case, id=case.name) for case in OVER_HTTP if case.there]
WITH_FILES = [
    pytest.param(case, id=case.name)
    for case in (SLACK_BOT, TELEGRAM, DISCORD)
    if case.takes_files
]
MakeWorld = Callable[[Service], World]


@pytest.mark.parametrize("case", THERE)
@pytest.mark.parametrize("status", [500, 503, 429])
def test_trouble_passes_and_one_copy_arrives(
    case: Case, status: int, internet: Internet, make_world: MakeWorld
) -> None:
    lookalike = case.make(internet)
    lookalike.next = [Answer(status)] * 2  # apprise itself asks Discord twice
    world = make_world(case.service())
    world.receive(make_incident())
    agent = world.agent(case.service(), open_sink(case.service()))
    world.run(agent, 60)

    assert world.names()[1] == "deferred"
    assert "delivered" in world.names()
    assert str(status) in str(world.events[1].fields["reason"])
    whole = [seen for seen in lookalike.messages if "Host:" in seen.text]
    assert len(whole) == 1
    assert lookalike.next == []


@pytest.mark.parametrize(
    ("case", "answers"),
    [
        pytest.param(SLACK_HOOK, [Answer(429, b"", (("Retry-After", "35"),))]),
        pytest.param(TELEGRAM, [Telegram.flood(35)]),
        pytest.param(DISCORD, [Discord.limited(35.0)] * 2),
    ],
    ids=["Slack", "Telegram", "Discord"],
)
def test_a_service_gets_the_patience_that_it_asks_for(
    case: Case,
    answers: list[Answer],
    internet: Internet,
    make_world: MakeWorld,
) -> None:
    lookalike = case.make(internet)
    lookalike.next = list(answers)
    world = make_world(case.service())
    world.receive(make_incident(1), make_incident(2, source="10.0.0.3"))
    agent = world.agent(case.service(), open_sink(case.service()))
    world.run(agent, 30)

    asked = len(internet.requests)
    assert lookalike.messages == []
    assert asked <= len(answers)  # neither this alert nor any other
    world.run(agent, 60)
    assert world.names().count("delivered") == 2


@pytest.mark.parametrize("case", THERE)
def test_a_refused_text_goes_out_as_a_title_and_the_service_stays(
    case: Case, internet: Internet, make_world: MakeWorld
) -> None:
    lookalike = case.make(internet)
    lookalike.next = [answer_json(400, ok=False, description="Bad Request: odd text")]
    world = make_world(case.service())
    world.receive(make_incident(1), make_incident(2))
    agent = world.agent(case.service(), open_sink(case.service()))
    world.run(agent, 1)

    assert world.names().count("delivered") == 2
    [first, second] = [
        seen
        for seen in lookalike.messages
        if not seen.files and "full trace" not in seen.text
    ]
    assert "refused the text of this alert" in first.text
    assert "Host:" in second.text


@pytest.mark.parametrize("case", [*THERE])
def test_a_message_that_is_always_refused_blocks_no_other(
    case: Case, internet: Internet, make_world: MakeWorld
) -> None:
    lookalike = case.make(internet)
    lookalike.next = [answer_json(400, ok=False)] * 2
    world = make_world(case.service())
    world.receive(make_incident(1), make_incident(2))
    agent = world.agent(case.service(), open_sink(case.service()))
    world.run(agent, 5)

    # The first waits for its next turn; the second, of the same host, does not.
    assert world.names().count("deferred") == 1
    assert world.names().count("delivered") == 1


@pytest.mark.parametrize("case", WITH_FILES)
def test_a_refused_file_costs_nothing(
    case: Case, internet: Internet, make_world: MakeWorld
) -> None:
    lookalike = case.make(internet)
    lookalike.refuse_files = True
    world = make_world(case.service())
    world.receive(hostile_incident())
    agent = world.agent(case.service(), open_sink(case.service()))
    world.run(agent, 3600)

    assert world.names()[1:] == ["delivered", "file refused"]
    assert len([seen for seen in lookalike.messages if "Host:" in seen.text]) == 1


def test_mail_without_its_file_where_that_is_too_large(
    internet: Internet, make_world: MakeWorld
) -> None:
    with Mail(internet, size_limit=40_000) as mailbox:
        service = mail_service(mailbox)
        world = make_world(service)
        world.receive(hostile_incident())
        agent = world.agent(service, open_sink(service))
        world.run(agent, 3600)
        [seen] = mailbox.messages

    assert world.names()[1:] == ["delivered"]
    assert "552" in str(world.events[1].fields["reason"])
    assert seen.files == ()
    assert LAST in seen.text


def test_a_mail_server_that_is_busy_is_asked_again(
    mailbox: Mail, make_world: MakeWorld
) -> None:
    mailbox.refusals = ["451 4.7.1 Greylisted, try again later"]
    service = mail_service(mailbox)
    world = make_world(service)
    world.receive(make_incident())
    world.run(world.agent(service, open_sink(service)), 60)

    assert world.names()[1:] == ["deferred", "delivered"]
    assert len(mailbox.messages) == 1


def test_a_wrong_password_is_for_the_administrator(mailbox: Mail) -> None:
    url = mailbox.url().replace("MAILSECRET", "WRONGSECRET")
    service = mail_service(mailbox)
    wrong = Service(
        **{name: getattr(service, name) for name in ("key", "scheme", "tags", "shown")},
        form="text",
        document=Secret(f"ops={url}"),
    )
    outcome = open_sink(wrong).deliver(make_alert())

    assert not outcome.delivered
    assert outcome.permanent
    assert "SECRET" not in outcome.reason


def test_a_bot_without_rights_is_for_the_administrator(internet: Internet) -> None:
    lookalike = Slack(internet)
    lookalike.next = [answer_json(200, ok=False, error="not_in_channel")]
    outcome = open_sink(SLACK_BOT.service()).deliver(make_alert())

    assert not outcome.delivered
    assert outcome.permanent
    assert outcome.reason.startswith("not_in_channel")


@pytest.mark.parametrize("case", THERE)
def test_an_answer_after_the_timeout_gives_no_second_copy(
    case: Case, internet: Internet, make_world: MakeWorld
) -> None:
    lookalike = case.make(internet)
    go_on = threading.Event()
    quick = dict(internet.services)

    def slow(request: Request) -> Answer:
        answer = quick[request.host](request)
        assert go_on.wait(60)
        return answer

    internet.services.update(dict.fromkeys(quick, slow))
    world = make_world(case.service())
    world.receive(make_incident())
    sink = DeadlineSink(open_sink(case.service()), 0.5)
    agent = world.agent(case.service(), sink)
    agent.step()
    assert world.names()[-1] == "deferred"
    assert "no answer within 0.5 s" in str(world.events[-1].fields["reason"])
    go_on.set()
    for sending in list(sink._left_behind):
        sending.join(60)
    sink._timeout_s = 60.0
    world.clock.advance(60)
    agent.step()

    assert "delivered" in world.names()
    assert len([s for s in lookalike.messages if "Host:" in s.text]) == 1


def test_a_text_message_is_the_title(internet: Internet, make_world: MakeWorld) -> None:
    phone = twilio.Twilio(internet)
    case = Case("SMS", "twilio", twilio.URL, twilio.Twilio)
    world = make_world(case.service())
    world.receive(hostile_incident())
    world.run(world.agent(case.service(), open_sink(case.service())), 60)

    [seen] = phone.messages
    assert seen.text.startswith("PANIC db")
    assert "\n" not in seen.text
    assert len(seen.text) <= 160
    assert seen.acting == ()


if not TEAMS.there:  # an apprise before 1.8.1

    def test_what_is_missing_is_named_with_the_version_that_has_it() -> None:
        with pytest.raises(DeliveryError, match=r"needs apprise 1\.8\.1 or newer"):
            read_services("text", Secret(f"ops={TEAMS.url}"))

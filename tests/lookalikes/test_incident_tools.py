"""A cause's life at incident tools: it opens once, is taken, and is closed."""

from __future__ import annotations

import dataclasses

import pytest

from omprog_panic.errors import DeliveryError
from omprog_panic.notification.acknowledged import Acknowledged, Unacknowledged
from omprog_panic.notification.boots import Back
from omprog_panic.notification.cause import FollowUp
from omprog_panic.notification.effect import EFFECTS, Effect
from omprog_panic.notification.escalated import Escalated
from omprog_panic.notification.format import MessageFacts
from omprog_panic.notification.holder import Holder
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.notification.notification import Labels
from omprog_panic.notification.resolved import Resolved
from omprog_panic.notification.senders import SenderSilent, SenderSpeaks, SilentHost
from omprog_panic.secret import Secret
from omprog_panic.sinks.incident_event import events_of
from omprog_panic.sinks.registry import SINKS, open_sink, read_services, service_address
from omprog_panic.sinks.sink import Alert
from tests.alerts import LABELS, make_alert
from tests.lookalikes.hostile import shown_lines
from tests.lookalikes.incident_tools import TOOLS, ToolCase
from tests.lookalikes.internet import Answer, Internet, Request, answer_json
from tests.lookalikes.problems import ACKNOWLEDGED, CLOSED, OPEN

ALL = [pytest.param(case, id=case.name) for case in TOOLS]
KEY = "omprog-panic:cause-1:" + "a" * 32


def alert(
    facts: MessageFacts, *, labels: Labels = LABELS, key: bool = True, body: str = "b"
) -> Alert:
    made = make_alert("PANIC db-07 (10.0.0.2): crash", body, facts=facts)
    notification = dataclasses.replace(
        made.notification,
        episode="a" * 32 if key else None,
        incident_id="a" * 32 if key else None,
        cause="cause-1" if key else None,
        labels=labels,
    )
    return dataclasses.replace(made, notification=notification)


FIRST = alert(IncidentNotes())
MORE = alert(FollowUp(count=2))
LATE = alert(Escalated())
TAKEN = alert(Acknowledged(holder=Holder("ada", 1.0, None, "rolling back")))
RELEASED = alert(Unacknowledged(by="ada"))
OVER = alert(Resolved(by="grace", comment="firmware 2.1"))


@pytest.mark.parametrize("case", ALL)
def test_a_cause_opens_once_and_closes(case: ToolCase, internet: Internet) -> None:
    tool, sink = case.make(internet), open_sink(case.service())
    for one, state in ((FIRST, OPEN), (MORE, OPEN), (LATE, OPEN), (TAKEN, None)):
        outcome = sink.deliver(one)
        assert outcome.delivered, outcome.reason
        assert outcome.reason == ""
        expected = state or (ACKNOWLEDGED if case.acknowledges else OPEN)
        assert tool.problems.state(KEY) == expected
    assert sink.deliver(OVER).delivered

    [problem] = tool.problems.all
    assert problem.state == CLOSED
    assert "PANIC db-07" in problem.title
    assert tool.refused == []


@pytest.mark.parametrize("case", ALL)
def test_copies_change_nothing(case: ToolCase, internet: Internet) -> None:
    tool, sink = case.make(internet), open_sink(case.service())
    for one in (FIRST, FIRST, TAKEN, TAKEN, OVER, OVER):
        assert sink.deliver(one).delivered

    [problem] = tool.problems.all
    assert problem.state == CLOSED


@pytest.mark.parametrize("case", ALL)
def test_the_next_life_of_a_cause_is_another_problem(
    case: ToolCase, internet: Internet
) -> None:
    tool, sink = case.make(internet), open_sink(case.service())
    later = dataclasses.replace(
        FIRST, notification=dataclasses.replace(FIRST.notification, episode="b" * 32)
    )
    for one in (FIRST, OVER, later):
        assert sink.deliver(one).delivered

    assert [one.state for one in tool.problems.all] == [CLOSED, OPEN]


@pytest.mark.parametrize("case", ALL)
def test_who_gives_it_back(case: ToolCase, internet: Internet) -> None:
    tool, sink = case.make(internet), open_sink(case.service())
    for one in (FIRST, TAKEN, RELEASED):
        assert sink.deliver(one).delivered

    if case.acknowledges:  # else it was open all the time
        expected = OPEN if case.unacknowledges else ACKNOWLEDGED
        assert tool.problems.state(KEY) == expected
    assert len(tool.problems.all) == 1


@pytest.mark.parametrize("case", ALL)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_valid(case: ToolCase, kind: Kind, internet: Internet) -> None:
    tool, sink = case.make(internet), open_sink(case.service())
    outcome = sink.deliver(alert(FORMATS[kind].sample, key=False))

    assert outcome.delivered, outcome.reason
    assert tool.refused == []
    is_open = any(one.state == OPEN for one in tool.problems.all)
    if kind not in {Kind.ACKNOWLEDGED, Kind.UNACKNOWLEDGED}:  # of what is open
        assert is_open is (EFFECTS[kind] is Effect.TRIGGER)


@pytest.mark.parametrize("case", ALL)
def test_each_silent_host_is_a_problem_that_its_return_closes(
    case: ToolCase, internet: Internet
) -> None:
    tool, sink = case.make(internet), open_sink(case.service())
    hosts = tuple(
        SilentHost(name, f"10.0.0.{number}", at=1767261792.0)
        for number, name in enumerate(("db-01", "db-02", ""), 1)
    )
    labels = Labels("sender-silent")
    silent = alert(SenderSilent(hosts, 3), key=False, labels=labels)
    back = alert(SenderSpeaks(hosts[1:], 2), key=False, labels=labels)
    assert sink.deliver(silent).delivered
    assert sink.deliver(back).delivered

    states = {one.key.rpartition(":")[2]: one.state for one in tool.problems.all}
    assert states == {"10.0.0.1": OPEN, "10.0.0.2": CLOSED, "10.0.0.3": CLOSED}


@pytest.mark.parametrize("case", ALL)
def test_after_a_failure_in_the_middle_all_hosts_arrive_once(
    case: ToolCase, internet: Internet
) -> None:
    tool, sink = case.make(internet), open_sink(case.service())
    hosts = tuple(SilentHost("", f"10.0.0.{number}", at=1.0) for number in (1, 2, 3))
    silent = alert(SenderSilent(hosts, 3), key=False)
    real = dict(internet.services)
    answered = 0

    def busy(request: Request) -> Answer:
        nonlocal answered
        answered += 1
        return Answer(429) if answered == 2 else real[request.host](request)

    internet.services.update(dict.fromkeys(real, busy))
    assert not sink.deliver(silent).delivered
    assert sink.deliver(silent).delivered

    assert len(tool.problems.all) == 3
    assert all(one.events == 1 for one in tool.problems.all)


@pytest.mark.parametrize("case", ALL)
def test_a_trace_full_of_tricks_is_valid(case: ToolCase, internet: Internet) -> None:
    tool, sink = case.make(internet), open_sink(case.service())
    body = "\n".join(shown_lines() * 40)
    labels = Labels(
        "panic", "panic", "db\udcff<!here>\x1b", "10.0.0.2", title="x" * 9000
    )
    outcome = sink.deliver(alert(IncidentNotes(), labels=labels, body=body))

    assert outcome == dataclasses.replace(outcome, delivered=True, reason="")
    assert tool.refused == []


@pytest.mark.parametrize("case", ALL)
@pytest.mark.parametrize(
    ("status", "permanent"),
    [(204, False), (429, False), (500, False), (503, False), (401, True)],
)
def test_only_the_documented_answer_is_a_success(
    case: ToolCase, status: int, permanent: bool, internet: Internet
) -> None:
    tool, sink = case.make(internet), open_sink(case.service())
    tool.next = [Answer(status, b"<html>", (("Retry-After", "35"),))]
    outcome = sink.deliver(FIRST)

    assert not outcome.delivered
    assert outcome.permanent is permanent
    assert str(status) in outcome.reason
    assert outcome.retry_after_s == 35.0
    assert not outcome.in_doubt  # a copy changes nothing
    assert tool.problems.all == []


@pytest.mark.parametrize("case", [one for one in ALL if one.id != "Grafana OnCall"])
def test_a_page_that_answers_200_is_no_success(
    case: ToolCase, internet: Internet
) -> None:
    tool, sink = case.make(internet), open_sink(case.service())
    tool.next = [Answer(200, b"<html>captive portal</html>")]

    assert not sink.deliver(FIRST).delivered


@pytest.mark.parametrize("case", ALL)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    case: ToolCase, status: int, internet: Internet
) -> None:
    tool, sink = case.make(internet), open_sink(case.service())
    there = f"https://{next(iter(internet.services))}/other"
    tool.next = [Answer(status, b"", (("Location", there),))]

    assert not sink.deliver(FIRST).delivered
    assert len(internet.requests) == 1


@pytest.mark.parametrize("case", ALL)
def test_a_refused_content_goes_out_bare(case: ToolCase, internet: Internet) -> None:
    tool, sink = case.make(internet), open_sink(case.service())
    tool.next = [answer_json(400, message="odd")]
    outcome = sink.deliver(FIRST)

    assert outcome.delivered
    assert outcome.reason.startswith("title only: ")
    assert tool.problems.state(KEY) == OPEN


@pytest.mark.parametrize("case", ALL)
def test_its_url_is_read_and_shown_without_its_secrets(case: ToolCase) -> None:
    [found] = read_services("text", Secret(f"ops={case.url}"))

    assert found.scheme == case.scheme
    assert found.tags == {"ops"}
    assert case.secret not in found.shown
    assert service_address(case.service()) is not None
    assert SINKS[case.scheme].keyed


@pytest.mark.parametrize("case", ALL)
def test_a_wrong_option_is_a_fault(case: ToolCase) -> None:
    with pytest.raises(DeliveryError, match="no_such_option"):
        read_services("text", Secret(f"ops={case.url}?no_such_option=1"))


def test_each_message_has_one_effect() -> None:
    assert set(EFFECTS) == set(Kind)


def test_what_is_without_a_key_keeps_the_same_one() -> None:
    back = alert(Back(), key=False)

    assert events_of(back, "s") == events_of(back, "s")
    assert events_of(back, "s")[0].key.startswith("omprog-panic:back:")

from __future__ import annotations

import dataclasses

from omprog_panic.notification.senders import SenderSilent, SilentHost
from omprog_panic.secret import Secret
from omprog_panic.sinks.http_api import HttpAnswer, HttpApi
from omprog_panic.sinks.incident_event import IncidentEvent, events_of
from omprog_panic.sinks.incident_sink import IncidentSink
from omprog_panic.sinks.sink import Alert, Outcome
from tests.alerts import make_alert

NO = HttpAnswer(429)
ODD = HttpAnswer(400)
YES = HttpAnswer(202)


class FakeTool:
    def __init__(self, *answers: HttpAnswer) -> None:
        self.api = HttpApi("The tool", Secret("tool://x"), idempotent=True)
        self.sent: list[str] = []
        self._answers = iter(answers)

    def excess(self, subject: str, body: str) -> int:
        return max(0, len(subject) + len(body) - 10_000)

    def events(self, alert: Alert, subject: str) -> tuple[IncidentEvent, ...]:
        return events_of(alert, subject)

    def send(self, event: IncidentEvent, body: str | None) -> HttpAnswer:
        self.sent.append(event.source if body else f"{event.source}, bare")
        return next(self._answers, YES)

    def accepted(self, answer: HttpAnswer) -> bool:
        return answer.status == 202

    def said(self, answer: HttpAnswer) -> str:
        return f"so {answer.status}"


def silent(id_: str = "n") -> Alert:
    hosts = tuple(SilentHost(name, f"10.0.0.{name}", 1.0) for name in "123")
    alert = make_alert(facts=SenderSilent(hosts, 3), id_=id_)
    return dataclasses.replace(alert)


def test_a_message_goes_on_where_its_last_attempt_ended() -> None:
    tool = FakeTool(YES, NO)
    sink = IncidentSink(tool)

    assert not sink.deliver(silent()).delivered
    assert sink.deliver(silent()).delivered
    assert tool.sent == ["1", "2", "2", "3"]


def test_another_message_begins_at_its_beginning() -> None:
    tool = FakeTool(YES, NO)
    sink = IncidentSink(tool)

    assert not sink.deliver(silent("a")).delivered
    assert sink.deliver(silent("b")).delivered
    assert tool.sent == ["1", "2", "1", "2", "3"]


def test_what_is_refused_for_its_content_is_sent_bare() -> None:
    tool = FakeTool(ODD)

    assert IncidentSink(tool).deliver(make_alert()) == Outcome(
        delivered=True, reason="title only: The tool answered 400 so 400"
    )
    assert tool.sent == ["db-07", "db-07, bare"]


def test_what_is_refused_bare_is_refused() -> None:
    outcome = IncidentSink(FakeTool(ODD, ODD)).deliver(make_alert())

    assert not outcome.delivered
    assert outcome.permanent

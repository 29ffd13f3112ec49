from __future__ import annotations

import dataclasses

from omprog_panic.notification.senders import SenderSilent, SilentHost
from omprog_panic.sinks.incident_event import IncidentEvent, events_of
from omprog_panic.sinks.incident_sink import IncidentSink
from omprog_panic.sinks.sink import Alert, Outcome
from tests.alerts import make_alert

NO = Outcome(delivered=False, reason="busy")
YES = Outcome(delivered=True)


class FakeTool:
    def __init__(self, *outcomes: Outcome) -> None:
        self.sent: list[str] = []
        self._outcomes = iter(outcomes)

    def excess(self, subject: str, body: str) -> int:
        return max(0, len(subject) + len(body) - 10_000)

    def events(self, alert: Alert, subject: str) -> tuple[IncidentEvent, ...]:
        return events_of(alert, subject)

    def send(self, event: IncidentEvent, body: str) -> Outcome:
        assert body
        self.sent.append(event.source)
        return next(self._outcomes, YES)


def silent(id_: str = "n") -> Alert:
    hosts = tuple(SilentHost(name, f"10.0.0.{name}", 1.0) for name in "123")
    alert = make_alert(facts=SenderSilent(hosts, 3), id_=id_)
    return dataclasses.replace(alert)


def test_a_message_goes_on_where_its_last_attempt_ended() -> None:
    tool = FakeTool(YES, NO)
    sink = IncidentSink(tool)

    assert sink.deliver(silent()) == NO
    assert sink.deliver(silent()) == YES
    assert tool.sent == ["1", "2", "2", "3"]


def test_another_message_begins_at_its_beginning() -> None:
    tool = FakeTool(YES, NO)
    sink = IncidentSink(tool)

    assert sink.deliver(silent("a")) == NO
    assert sink.deliver(silent("b")) == YES
    assert tool.sent == ["1", "2", "1", "2", "3"]

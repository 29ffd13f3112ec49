from __future__ import annotations

from omprog_panic.sinks.memory import DELIVERED, MemorySink
from omprog_panic.sinks.sink import Outcome
from tests.alerts import make_alert


def test_it_answers_as_scripted_and_then_that_all_went_well() -> None:
    down = Outcome(delivered=False, reason="down")
    sink = MemorySink(down)
    alert = make_alert("s", "b")

    assert sink.deliver(alert) == down
    assert sink.deliver(alert) == DELIVERED
    assert sink.sent == [("s", "b")] * 2
    assert sink.alerts == [alert, alert]

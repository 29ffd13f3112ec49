from __future__ import annotations

import threading

from omprog_panic.render.fitting import Attachment
from omprog_panic.render.templates import Rendered
from omprog_panic.sinks.deadline import MAX_LEFT_BEHIND, DeadlineSink
from omprog_panic.sinks.memory import DELIVERED, MemorySink
from omprog_panic.sinks.sink import Alert, Outcome
from omprog_panic.sinks.text import Attachments
from tests.alerts import make_alert


class HangingSink(MemorySink):
    def __init__(self, *outcomes: Outcome) -> None:
        super().__init__(*outcomes)
        self.go_on = threading.Event()

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        self.go_on.wait(30)
        return super().send(subject, body, file)


def test_an_answer_in_time_is_passed_on() -> None:
    inner = MemorySink(Outcome(delivered=False, reason="no"), text_limit=1000)
    sink = DeadlineSink(inner, 30)
    sink.warm_up()

    assert sink.deliver(make_alert("s", "b")).reason == "no"
    assert sink.deliver(make_alert("s", "b")) == DELIVERED
    assert inner.warmed_up == 1
    assert sink.preview(make_alert()) == ("s", "b")


def test_hanging_sends_are_left_behind_but_not_piled_up() -> None:
    inner = HangingSink()
    sink = DeadlineSink(inner, 0.02)
    before = threading.active_count()

    for number in range(MAX_LEFT_BEHIND):
        answer = sink.deliver(make_alert("s", f"b{number}"))
        assert answer.reason == "no answer within 0.02 s"
    assert (
        sink.deliver(make_alert("s", "b")).reason
        == "3 earlier messages are still being sent"
    )
    assert threading.active_count() == before + MAX_LEFT_BEHIND

    left_behind = list(sink._left_behind)
    inner.go_on.set()
    for thread in left_behind:
        thread.join(10)
    assert sink.deliver(make_alert("s", "b")) == DELIVERED


def test_an_answer_after_the_timeout_counts_and_gives_no_second_copy() -> None:
    inner = HangingSink()
    sink = DeadlineSink(inner, 0.02)
    assert not sink.deliver(make_alert("s", "slow")).delivered
    [thread] = sink._left_behind
    inner.go_on.set()
    thread.join(10)

    assert sink.deliver(make_alert("s", "other")) == DELIVERED
    assert sink.deliver(make_alert("s", "slow")) == DELIVERED
    assert inner.sent == [("s", "slow"), ("s", "other")]
    assert (
        sink.deliver(make_alert("s", "slow")) == DELIVERED
    )  # asked for anew: sent anew
    assert len(inner.sent) == 3


def test_the_next_attempt_waits_for_the_answer_to_the_last_one() -> None:
    class Slow(MemorySink):
        def send(
            self, subject: str, body: str, file: Attachment | None = None
        ) -> Outcome:
            asked.set()
            go_on.wait(30)
            return super().send(subject, body, file)

    asked, go_on = threading.Event(), threading.Event()
    inner = Slow()
    impatient = DeadlineSink(inner, 0.02)
    assert not impatient.deliver(make_alert("s", "b")).delivered
    assert impatient.deliver(make_alert("s", "b")).reason == "no answer within 0.04 s"
    impatient._timeout_s = 30.0
    impatient._left_behind[0].has_more_time = False
    threading.Timer(0.05, go_on.set).start()

    assert impatient.deliver(make_alert("s", "b")) == DELIVERED
    assert inner.sent == [("s", "b")]


def test_one_that_never_answers_is_sent_a_second_copy() -> None:
    inner = HangingSink()
    sink = DeadlineSink(inner, 0.02)
    for _ in range(3):
        assert not sink.deliver(make_alert("s", "b")).delivered
    hanging = list(sink._left_behind)
    inner.go_on.set()
    for thread in hanging:
        thread.join(30)

    assert len(inner.sent) == 2


def test_a_late_refusal_is_tried_again() -> None:
    inner = HangingSink(Outcome(delivered=False, reason="busy"))
    sink = DeadlineSink(inner, 0.02)
    assert not sink.deliver(make_alert("s", "b")).delivered
    [thread] = sink._left_behind
    inner.go_on.set()
    thread.join(10)

    assert sink.deliver(make_alert("s", "b")) == DELIVERED
    assert len(inner.sent) == 2


def test_a_bug_in_a_sink_is_no_hanging() -> None:
    class Broken(MemorySink):
        def send(
            self, subject: str, body: str, file: Attachment | None = None
        ) -> Outcome:
            raise ZeroDivisionError(subject, body, file)

    outcome = DeadlineSink(Broken(), 30).deliver(make_alert())
    assert (outcome.delivered, outcome.reason) == (False, "ZeroDivisionError")


def test_what_follows_an_alert_has_its_time_too() -> None:
    file = Attachment("f.txt", "text")
    inner = MemorySink(attachments=Attachments.AFTER)
    sink = DeadlineSink(inner, 30)

    assert sink.complete(make_alert(file=file)) == DELIVERED
    assert sink.complete(make_alert()) is None
    assert inner.sent_files == [file]


def test_rendering_does_not_use_up_the_time_of_the_service() -> None:
    class Watched(MemorySink):
        def preview(self, alert: Alert) -> Rendered:
            threads.append(threading.current_thread())
            return super().preview(alert)

    threads: list[threading.Thread] = []
    DeadlineSink(Watched(), 30).deliver(make_alert())

    assert threads[0] is threading.current_thread()

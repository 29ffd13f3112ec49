from __future__ import annotations

import threading

from omprog_panic.render.fitting import Attachment
from omprog_panic.sinks.deadline import MAX_LEFT_BEHIND, DeadlineNotifier
from omprog_panic.sinks.sink import Outcome
from tests.fakes import DELIVERED, RecordingNotifier


class HangingNotifier(RecordingNotifier):
    def __init__(self, *outcomes: Outcome) -> None:
        super().__init__(*outcomes)
        self.go_on = threading.Event()

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        self.go_on.wait(30)
        return super().send(subject, body, file)


def test_an_answer_in_time_is_passed_on() -> None:
    inner = RecordingNotifier(Outcome(delivered=False, reason="no"), text_limit=7)
    notifier = DeadlineNotifier(inner, 30)
    notifier.warm_up()

    assert notifier.send("s", "b").reason == "no"
    assert notifier.send("s", "b") == DELIVERED
    assert (notifier.text_limit, inner.warmed_up) == (7, 1)


def test_hanging_sends_are_left_behind_but_not_piled_up() -> None:
    inner = HangingNotifier()
    notifier = DeadlineNotifier(inner, 0.02)
    before = threading.active_count()

    for number in range(MAX_LEFT_BEHIND):
        answer = notifier.send("s", f"b{number}")
        assert answer.reason == "no answer within 0.02 s"
    assert notifier.send("s", "b").reason == "3 earlier messages still hang"
    assert threading.active_count() == before + MAX_LEFT_BEHIND

    left_behind = list(notifier._left_behind)
    inner.go_on.set()
    for thread in left_behind:
        thread.join(10)
    assert notifier.send("s", "b") == DELIVERED


def test_an_answer_after_the_timeout_counts_and_gives_no_second_copy() -> None:
    inner = HangingNotifier()
    notifier = DeadlineNotifier(inner, 0.02)
    assert not notifier.send("s", "slow").delivered
    [thread] = notifier._left_behind
    inner.go_on.set()
    thread.join(10)

    assert notifier.send("s", "other") == DELIVERED
    assert notifier.send("s", "slow") == DELIVERED
    assert inner.sent == [("s", "slow"), ("s", "other")]
    assert notifier.send("s", "slow") == DELIVERED  # asked for anew: sent anew
    assert len(inner.sent) == 3


def test_the_next_attempt_waits_for_the_answer_to_the_last_one() -> None:
    class Slow(RecordingNotifier):
        def send(
            self, subject: str, body: str, file: Attachment | None = None
        ) -> Outcome:
            asked.set()
            go_on.wait(30)
            return super().send(subject, body, file)

    asked, go_on = threading.Event(), threading.Event()
    inner = Slow()
    impatient = DeadlineNotifier(inner, 0.02)
    assert not impatient.send("s", "b").delivered
    assert impatient.send("s", "b").reason == "no answer within 0.04 s"
    impatient._timeout_s = 30.0
    impatient._left_behind[0].has_more_time = False
    threading.Timer(0.05, go_on.set).start()

    assert impatient.send("s", "b") == DELIVERED
    assert inner.sent == [("s", "b")]


def test_one_that_never_answers_is_sent_a_second_copy() -> None:
    inner = HangingNotifier()
    notifier = DeadlineNotifier(inner, 0.02)
    for _ in range(3):
        assert not notifier.send("s", "b").delivered
    hanging = list(notifier._left_behind)
    inner.go_on.set()
    for thread in hanging:
        thread.join(30)

    assert len(inner.sent) == 2


def test_a_late_refusal_is_tried_again() -> None:
    inner = HangingNotifier(Outcome(delivered=False, reason="busy"))
    notifier = DeadlineNotifier(inner, 0.02)
    assert not notifier.send("s", "b").delivered
    [thread] = notifier._left_behind
    inner.go_on.set()
    thread.join(10)

    assert notifier.send("s", "b") == DELIVERED
    assert len(inner.sent) == 2


def test_a_bug_in_a_notifier_is_no_hanging() -> None:
    class Broken(RecordingNotifier):
        def send(
            self, subject: str, body: str, file: Attachment | None = None
        ) -> Outcome:
            raise ZeroDivisionError(subject, body, file)

    outcome = DeadlineNotifier(Broken(), 30).send("s", "b")
    assert (outcome.delivered, outcome.reason) == (False, "ZeroDivisionError")

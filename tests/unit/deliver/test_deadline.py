from __future__ import annotations

import threading

from omprog_panic.deliver.deadline import DeadlineNotifier
from omprog_panic.deliver.notifier import Outcome
from tests.fakes import DELIVERED, RecordingNotifier


class HangingNotifier(RecordingNotifier):
    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def send(self, subject: str, body: str) -> Outcome:
        self.go_on.wait(30)
        return super().send(subject, body)


def test_an_answer_in_time_is_passed_on() -> None:
    inner = RecordingNotifier(Outcome(delivered=False, reason="no"), text_limit=7)
    notifier = DeadlineNotifier(inner, 30)
    notifier.warm_up()

    assert notifier.send("s", "b").reason == "no"
    assert notifier.send("s", "b") == DELIVERED
    assert (notifier.text_limit, inner.warmed_up) == (7, 1)


def test_a_hanging_service_is_left_behind_once_and_not_piled_up() -> None:
    inner = HangingNotifier()
    notifier = DeadlineNotifier(inner, 0.05)
    before = threading.active_count()

    assert notifier.send("s", "b").reason == "no answer within 0.05 s"
    assert notifier.send("s", "b").reason == "an earlier message still hangs"
    assert threading.active_count() == before + 1

    inner.go_on.set()
    thread = notifier._left_behind
    assert thread is not None
    thread.join(10)
    assert notifier.send("s", "b") == DELIVERED

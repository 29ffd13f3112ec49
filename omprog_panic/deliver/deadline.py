"""Gives a service only so much time: one that hangs must not hold its worker."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from omprog_panic.deliver.notifier import Outcome

if TYPE_CHECKING:
    from omprog_panic.deliver.notifier import Notifier


class DeadlineNotifier:
    """Another notifier, given up on after ``timeout_s``.

    The hanging thread cannot be ended from outside. It is left behind, and while it
    hangs nothing more is sent to its service: one thread a service at most.
    """

    def __init__(self, inner: Notifier, timeout_s: float) -> None:
        self._inner = inner
        self._timeout_s = timeout_s
        self._left_behind: threading.Thread | None = None

    @property
    def text_limit(self) -> int | None:
        return self._inner.text_limit

    def warm_up(self) -> None:
        self._inner.warm_up()

    def send(self, subject: str, body: str) -> Outcome:
        if self._left_behind is not None and self._left_behind.is_alive():
            return Outcome(delivered=False, reason="an earlier message still hangs")
        answers: queue.Queue[Outcome] = queue.Queue()
        thread = threading.Thread(
            target=lambda: answers.put(self._inner.send(subject, body)),
            name="omprog-panic-send",
            daemon=True,
        )
        thread.start()
        try:
            return answers.get(timeout=self._timeout_s)
        except queue.Empty:
            self._left_behind = thread
            reason = f"no answer within {self._timeout_s:g} s"
            return Outcome(delivered=False, reason=reason)

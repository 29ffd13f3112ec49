"""Gives a service only so much time: one that hangs must not block its worker.

Threads and not processes: a hanging thread costs a few kilobytes, a process with
apprise loaded about 40 MB a service; and no service can take a thread from another, see
``_asset`` in apprise.py. A thread cannot be ended from outside; one that waits for HTTP
ends by itself, see http_guard.py.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING

from omprog_panic.sinks.sink import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.render.templates import Rendered
    from omprog_panic.sinks.sink import Alert, Sink

MAX_LEFT_BEHIND = 3  # hanging calls of one service; then it is not called any more
MAX_LATE = 32  # late successes that are remembered; beyond, readers may see two copies


class _Call(threading.Thread):
    """One delivery in progress; ``outcome`` is set when it ends."""

    def __init__(self, call: Callable[[], Outcome | None], key: str | None) -> None:
        super().__init__(name="omprog-panic-send", daemon=True)
        self._call = call
        self.key = key  # of the alert; None for its completion
        self.ended = False
        self.outcome: Outcome | None = None
        self.has_more_time = False  # was waited for a second time

    def run(self) -> None:
        try:
            self.outcome = self._call()
        except Exception as error:  # noqa: BLE001 - a bug must not look like hanging
            name = type(error).__name__
            self.outcome = Outcome(delivered=False, reason=name, in_doubt=True)
        self.ended = True

    @property
    def was_delivered(self) -> bool:
        return self.outcome is not None and self.outcome.delivered


class DeadlineSink:
    """Another sink, given up on after ``timeout_s``.

    A delivery that takes longer is left behind and may yet succeed. When the same alert
    is to be delivered again, that late answer counts, and is waited for once more: the
    reader gets no second copy before twice ``timeout_s``. At most ``MAX_LEFT_BEHIND``
    calls hang at a time; beyond that nothing is sent until one ends, or the alerter is
    restarted.
    """

    def __init__(self, inner: Sink, timeout_s: float) -> None:
        self._inner = inner
        self._timeout_s = timeout_s
        self._left_behind: list[_Call] = []

    def warm_up(self) -> None:
        self._inner.warm_up()

    def preview(self, alert: Alert) -> Rendered:
        return self._inner.preview(alert)

    def deliver(self, alert: Alert) -> Outcome:
        # Renders and remembers the text now: templates have limits of their own, and a
        # slow one must not use up the time of the service.
        self._inner.preview(alert)
        key = alert.notification.id
        late = self._late_answer(key)
        if late is not None:
            return late
        slow = self._still_hanging(key)
        if slow is not None:
            return self._wait_again(slow)
        outcome = self._run(_Call(functools.partial(self._inner.deliver, alert), key))
        assert outcome is not None
        return outcome

    def complete(self, alert: Alert) -> Outcome | None:
        return self._run(_Call(functools.partial(self._inner.complete, alert), None))

    def _run(self, call: _Call) -> Outcome | None:
        hanging = [one for one in self._left_behind if not one.ended]
        if len(hanging) >= MAX_LEFT_BEHIND:
            reason = f"{len(hanging)} earlier messages are still being sent"
            return Outcome(delivered=False, reason=reason)
        call.start()
        call.join(self._timeout_s)
        if call.ended:
            return call.outcome
        self._left_behind.append(call)
        reason = f"no answer within {self._timeout_s:g} s"
        return Outcome(delivered=False, reason=reason, in_doubt=True)

    def _still_hanging(self, key: str) -> _Call | None:
        mine = (one for one in self._left_behind if one.key == key)
        return next((one for one in mine if not one.has_more_time), None)

    def _wait_again(self, slow: _Call) -> Outcome:
        slow.has_more_time = True
        slow.join(self._timeout_s)
        if slow.outcome is not None:
            self._left_behind.remove(slow)
            return slow.outcome
        reason = f"no answer within {2 * self._timeout_s:g} s"
        return Outcome(delivered=False, reason=reason, in_doubt=True)

    def _late_answer(self, key: str) -> Outcome | None:
        """Return the success of an earlier attempt at this alert, if there was one."""
        hanging = [one for one in self._left_behind if not one.ended]
        good = [one for one in self._left_behind if one.ended and one.was_delivered]
        mine = [one for one in good if one.key == key]
        others = [one for one in good if one.key != key]
        self._left_behind = [*others[-MAX_LATE:], *hanging]
        return mine[0].outcome if mine else None

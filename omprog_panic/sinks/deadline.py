"""Gives a service only so much time: one that hangs must not hold its worker.

Why threads and not processes: a hanging one costs a few kilobytes, a process with
apprise loaded about 40 MB a service; and no service can take a thread from another,
see ``_asset`` in apprise_notifier.py. What a thread cannot do is end from outside.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING

from omprog_panic.sinks.sink import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.render.fitting import Attachment
    from omprog_panic.sinks.sink import Files, Notifier

MAX_LEFT_BEHIND = 3  # hanging sends of one service; then it is not asked any more
MAX_LATE = 32  # late successes that are remembered; more: a reader may see one twice


class _Sending(threading.Thread):
    """One message on its way; ``outcome`` when it came to something."""

    def __init__(self, send: Callable[[], Outcome], subject: str, body: str) -> None:
        super().__init__(name="omprog-panic-send", daemon=True)
        self._send = send
        self._subject, self._body = subject, body
        self.outcome: Outcome | None = None
        self.has_more_time = False  # was waited for a second time

    def run(self) -> None:
        try:
            self.outcome = self._send()
        except Exception as error:  # noqa: BLE001 - a bug must not look like hanging
            self.outcome = Outcome(delivered=False, reason=type(error).__name__)

    def is_about(self, subject: str, body: str) -> bool:
        return (self._subject, self._body) == (subject, body)


class DeadlineNotifier:
    """Another notifier, given up on after ``timeout_s``.

    A send that takes longer is left behind and may yet succeed. When the same message
    is to be sent again, that late answer counts, and is waited for once more: the
    reader gets no second copy before twice ``timeout_s``. At most ``MAX_LEFT_BEHIND``
    hang at a time; beyond that nothing is sent until one ends, or the alerter starts
    anew.
    """

    def __init__(self, inner: Notifier, timeout_s: float) -> None:
        self._inner = inner
        self._timeout_s = timeout_s
        self._left_behind: list[_Sending] = []

    @property
    def text_limit(self) -> int | None:
        return self._inner.text_limit

    @property
    def files(self) -> Files:
        return self._inner.files

    def excess(self, subject: str, body: str) -> int:
        return self._inner.excess(subject, body)

    def warm_up(self) -> None:
        self._inner.warm_up()

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        late = self._late_answer(subject, body)
        if late is not None:
            return late
        slow = self._still_hanging(subject, body)
        if slow is not None:
            return self._wait_again(slow)
        arguments = (subject, body) if file is None else (subject, body, file)
        send = functools.partial(self._inner.send, *arguments)
        return self._run(_Sending(send, subject, body))

    def send_file(self, subject: str, file: Attachment) -> Outcome:
        send = functools.partial(self._inner.send_file, subject, file)
        return self._run(_Sending(send, subject, file.name))

    def _run(self, sending: _Sending) -> Outcome:
        hanging = [one for one in self._left_behind if one.outcome is None]
        if len(hanging) >= MAX_LEFT_BEHIND:
            reason = f"{len(hanging)} earlier messages still hang"
            return Outcome(delivered=False, reason=reason)
        sending.start()
        sending.join(self._timeout_s)
        if sending.outcome is not None:
            return sending.outcome
        self._left_behind.append(sending)
        reason = f"no answer within {self._timeout_s:g} s"
        return Outcome(delivered=False, reason=reason)

    def _still_hanging(self, subject: str, body: str) -> _Sending | None:
        mine = (one for one in self._left_behind if one.is_about(subject, body))
        return next((one for one in mine if not one.has_more_time), None)

    def _wait_again(self, slow: _Sending) -> Outcome:
        slow.has_more_time = True
        slow.join(self._timeout_s)
        if slow.outcome is not None:
            self._left_behind.remove(slow)
            return slow.outcome
        reason = f"no answer within {2 * self._timeout_s:g} s"
        return Outcome(delivered=False, reason=reason)

    def _late_answer(self, subject: str, body: str) -> Outcome | None:
        """Return the success of an earlier try at this message, if there was one."""
        answers = [one for one in self._left_behind if one.outcome is not None]
        hanging = [one for one in self._left_behind if one.outcome is None]
        good = [one for one in answers if one.outcome and one.outcome.delivered]
        mine = [one for one in good if one.is_about(subject, body)]
        others = [one for one in good if one not in mine]
        self._left_behind = [*others[-MAX_LATE:], *hanging]
        return mine[0].outcome if mine else None

"""A sink that keeps what it is given: for tests, and as the example of a sink."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.sinks.sink import Outcome
from omprog_panic.sinks.text import Attachments, TextSink

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omprog_panic.render.fitting import Attachment
    from omprog_panic.sinks.sink import Alert

DELIVERED = Outcome(delivered=True)


class MemorySink(TextSink):
    """Answers with the given outcomes, one a message, then that all went well.

    It is its own text channel. ``alerts`` are the alerts it was given, ``sent`` their
    subjects and bodies, fitted to ``text_limit``.
    """

    def __init__(
        self,
        *outcomes: Outcome,
        text_limit: int | None = None,
        attachments: Attachments = Attachments.NONE,
        file_outcomes: Sequence[Outcome] = (),
    ) -> None:
        super().__init__(self)
        self.attachments = attachments
        self.text_limit = text_limit
        self.alerts: list[Alert] = []
        self.sent: list[tuple[str, str]] = []
        self.sent_files: list[Attachment] = []
        self.warmed_up = 0
        self._outcomes: Iterator[Outcome] = iter(outcomes)
        self._file_outcomes: Iterator[Outcome] = iter(file_outcomes)

    def warm_up(self) -> None:
        self.warmed_up += 1

    def deliver(self, alert: Alert) -> Outcome:
        self.alerts.append(alert)
        return super().deliver(alert)

    def excess(self, subject: str, body: str) -> int:
        if self.text_limit is None:
            return 0
        return max(0, len(subject) + 2 + len(body) - self.text_limit)

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        if file is not None:
            self.sent_files.append(file)
        self.sent.append((subject, body))
        return next(self._outcomes, DELIVERED)

    def send_file(self, subject: str, file: Attachment) -> Outcome:
        assert subject
        self.sent_files.append(file)
        return next(self._file_outcomes, DELIVERED)

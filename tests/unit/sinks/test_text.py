from __future__ import annotations

import pytest

from omprog_panic.render.fitting import Attachment
from omprog_panic.sinks.memory import MemorySink
from omprog_panic.sinks.text import Attachments
from tests.alerts import make_alert

FILE = Attachment("db-07.txt", "the whole trace")


def test_a_message_is_fitted_to_its_channel() -> None:
    sink = MemorySink(text_limit=100)
    alert = make_alert("s", "line\n" * 100)
    sink.deliver(alert)

    [(subject, body)] = sink.sent
    assert len(subject) + 2 + len(body) <= 100
    assert sink.preview(alert) == (subject, body)


@pytest.mark.parametrize(
    ("attachments", "along", "after"),
    [
        (Attachments.NONE, [], []),
        (Attachments.ALONG, [FILE], []),
        (Attachments.AFTER, [], [FILE]),
    ],
)
def test_a_file_goes_when_the_channel_wants_it(
    attachments: Attachments, along: list[Attachment], after: list[Attachment]
) -> None:
    sink = MemorySink(attachments=attachments)
    alert = make_alert(file=FILE)
    sink.deliver(alert)
    assert sink.sent_files == along

    completed = sink.complete(alert)
    assert (completed is not None) is bool(after)
    assert sink.sent_files == along + after

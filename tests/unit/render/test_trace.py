from __future__ import annotations

from omprog_panic.model import Record
from omprog_panic.render.english import ENGLISH
from omprog_panic.render.trace import show_trace
from tests.builders import make_incident

CRASH_MARK = ENGLISH.texts["crash-mark"]


def test_a_trace_reads_like_the_console() -> None:
    records = (
        Record("before", 999, caller="T1"),
        Record("first\nsecond", 12_345_678_901, caller="C0"),
        Record("3 messages dropped", lost=3),
        Record("", lost=-1),
        Record("", lost=1),
        Record("untimed"),
        Record("called", caller="T7"),
    )
    incident = make_incident(records=records, context=1)

    assert list(show_trace(incident).lines) == [
        "[    0.000999][    T1] before",
        CRASH_MARK,
        "[12345.678901][    C0] first",
        "[12345.678901][    C0] second",
        "... 3 records lost (3 messages dropped) ...",
        "... an unknown number of records lost ...",
        "... 1 record lost ...",
        "untimed",
        "[    T7] called",
    ]


def test_without_context_there_is_no_mark() -> None:
    incident = make_incident(context=0)

    assert CRASH_MARK not in show_trace(incident).lines
    assert show_trace(incident).onset == 0


def test_a_message_shows_the_crash_before_its_context() -> None:
    """The context may be hundreds of lines, and a telephone shows twenty."""
    records = (Record("before"), Record(CRASH_MARK), Record("crash"), Record("end"))
    trace = show_trace(make_incident(records=records, context=2))

    assert trace.text.split("\n") == [
        "crash",
        "end",
        ENGLISH.texts["context-mark"],
        "before",
        CRASH_MARK,
    ]

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.kernel.analysis import Facts
from omprog_panic.model import EndReason, Record
from omprog_panic.render.context import (
    Framing,
    bare_title,
    build_context,
    trace_lines,
    utc,
)
from omprog_panic.render.words import ENGLISH, LANGUAGES, Words
from omprog_panic.spool.record import Losses
from tests.builders import make_incident, make_report

NAMES = {"10.0.0.2": "db-07"}
CRASH_MARK = ENGLISH.texts["crash-mark"]
EVERY_LANGUAGE = pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)


def test_the_name_of_the_configuration_wins_over_the_senders_own() -> None:
    incident = make_incident(host="liar")

    assert build_context(incident, make_report(), NAMES).host == "db-07"
    assert build_context(incident, make_report(), {}).host == "liar"
    unnamed = build_context(make_incident(), make_report(), {})
    assert unnamed.host == unnamed.address == "10.0.0.2"


@pytest.mark.parametrize(
    ("title", "severity", "bare"),
    [
        ("kernel panic: Fatal exception", "PANIC", "Fatal exception"),
        ("PANIC: double fault in f", "PANIC", "double fault in f"),
        ("PANIC: double fault in f", "OOPS", "PANIC: double fault in f"),
        ("BUG: soft lockup in f", "LOCKUP", "BUG: soft lockup in f"),
        ("kernel BUG in f", "PANIC", "kernel BUG in f"),
    ],
)
def test_a_title_never_repeats_the_severity(
    title: str, severity: str, bare: str
) -> None:
    assert bare_title(title, severity) == bare


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

    assert list(trace_lines(incident)) == [
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

    assert CRASH_MARK not in list(trace_lines(incident))
    assert build_context(incident, make_report(), {}).onset == 0


@EVERY_LANGUAGE
@pytest.mark.parametrize("end", list(EndReason))
def test_every_ending_has_words(end: EndReason, words: Words) -> None:
    incident = make_incident(end=end)

    assert build_context(incident, make_report(), {}, Framing(words)).ending


@pytest.mark.parametrize(
    ("end", "losses", "complete"),
    [
        (EndReason.TERMINATOR, Losses(), True),
        (EndReason.TERMINATOR, Losses(replayed=7), True),
        (EndReason.TERMINATOR, Losses(records=1), False),
        (EndReason.SILENCE, Losses(), False),
    ],
    ids=["whole", "repeats-are-no-loss", "a-hole", "silence"],
)
def test_complete_is_said_only_of_a_whole_trace(
    end: EndReason, losses: Losses, complete: bool
) -> None:
    incident = make_incident(end=end, losses=losses)

    assert build_context(incident, make_report(), {}).complete is complete


def test_every_loss_is_told() -> None:
    losses = Losses(records=1, fragments=2, elided_records=30, elided_bytes=4000)
    context = build_context(make_incident(losses=losses), make_report(), {})

    assert context.losses == (
        "1 record lost on the way",
        "2 records of which a part was lost",
        "30 records (4000 bytes) left out of the middle: the trace was too long",
    )


def test_what_happened_before_we_listened_is_marked() -> None:
    incident = make_incident(before_listening=True, notes=("second note\x1b",))
    notes = build_context(incident, make_report(), {}).notes

    assert notes[0] == "second note\\x1b"
    assert "before we listened" in notes[1]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(59.9, "59 s"), (3661.0, "1 h 1 min"), (90061.0, "1 d 1 h"), (None, None)],
)
def test_uptime_is_for_people(seconds: float | None, words: str | None) -> None:
    report = make_report(facts=Facts(uptime_s=seconds))

    assert build_context(make_incident(), report, {}).uptime == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-11-22T23:15:42.5+01:00", "2026-11-22 22:15:42 UTC"),
        ("2026-11-22T23:15:42", "2026-11-22T23:15:42"),
        ("not a time", "not a time"),
        ("", ""),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_times_are_utc_or_as_they_came(at: str, words: str) -> None:
    assert utc(at) == words


WIRE = st.text(st.sampled_from("a <\x1b\x07\u202e\ud800\r\n\t\u2028@"), min_size=1)


@given(WIRE, WIRE, WIRE)
def test_nothing_from_the_wire_acts_anywhere(text: str, host: str, fact: str) -> None:
    report = make_report(
        title=text,
        function=fact,
        facts=Facts(
            kernel=fact,
            kernel_build=fact,
            hardware=fact,
            process=fact,
            taint=fact,
            taint_words=(fact,),
            panic_line=text,
        ),
    )
    incident = make_incident(
        records=(Record(text, 5, caller=fact),), context=0, host=host, notes=(text,)
    )
    context = build_context(incident, report, {})

    harmful = set("\x1b\x07\u202e\ud800\r\u2028")
    for name, value in context.variables().items():
        for part in value if isinstance(value, tuple) else (value,):
            assert not harmful & set(str(part)), name
            one_line = name not in {"trace", "trace_lines"}
            assert not (one_line and "\n" in str(part)), name

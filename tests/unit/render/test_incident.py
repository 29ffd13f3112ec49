from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.kernel.analysis import Facts
from omprog_panic.model import EndReason, Record
from omprog_panic.render.catalog import Catalog
from omprog_panic.render.incident import Framing, bare_title, build_context, unlisted
from omprog_panic.render.languages import LANGUAGES
from omprog_panic.spool.record import Losses
from tests.builders import make_incident, make_report, name_of

NAMES = name_of({"10.0.0.2": "db-07"})
EVERY_LANGUAGE = pytest.mark.parametrize("catalog", LANGUAGES.values(), ids=LANGUAGES)


def test_the_name_of_the_configuration_wins_over_the_senders_own() -> None:
    incident = make_incident(host="liar")

    assert build_context(incident, make_report(), NAMES).facts["host"] == "db-07"
    assert build_context(incident, make_report(), unlisted).facts["host"] == "liar"
    unnamed = build_context(make_incident(), make_report(), unlisted)
    assert unnamed.facts["host"] == unnamed.facts["address"] == "10.0.0.2"


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


@EVERY_LANGUAGE
@pytest.mark.parametrize("end", list(EndReason))
def test_every_ending_has_words(end: EndReason, catalog: Catalog) -> None:
    incident = make_incident(end=end)

    assert build_context(incident, make_report(), unlisted, Framing(catalog)).facts[
        "ending"
    ]


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

    assert (
        build_context(incident, make_report(), unlisted).facts["complete"] is complete
    )


@EVERY_LANGUAGE
def test_without_numbers_a_trace_is_not_called_complete(catalog: Catalog) -> None:
    """A line of the basic format that is lost leaves no gap."""
    records = tuple(
        record._replace(sequence=None) for record in make_incident().records
    )
    incident = make_incident(records=records)

    facts = build_context(incident, make_report(), unlisted, Framing(catalog)).facts
    assert facts["complete"] is False
    assert facts["completeness"] == catalog.texts["uncounted"]


def test_the_context_needs_no_numbers() -> None:
    first, *rest = make_incident().records
    incident = make_incident(records=(first._replace(sequence=None), *rest))

    assert build_context(incident, make_report(), unlisted).facts["complete"] is True


def test_every_loss_is_told() -> None:
    losses = Losses(records=1, fragments=2, elided_records=30, elided_bytes=4000)
    context = build_context(make_incident(losses=losses), make_report(), unlisted)

    assert context.facts["losses"] == (
        "1 record lost in transit",
        "2 records incomplete: fragments were lost",
        "30 records (4000 bytes) left out of the middle: the trace was too long",
    )


def test_what_happened_before_we_listened_is_marked() -> None:
    incident = make_incident(before_listening=True, notes=("second note\x1b",))
    context = build_context(incident, make_report(), unlisted)
    notes: Any = context.facts["notes"]

    assert notes[0] == "second note\\x1b"
    assert "before monitoring began" in notes[1]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(59.9, "59 s"), (3661.0, "1 h 1 min"), (90061.0, "1 d 1 h"), (None, None)],
)
def test_uptime_is_for_people(seconds: float | None, words: str | None) -> None:
    report = make_report(facts=Facts(uptime_s=seconds))

    assert build_context(make_incident(), report, unlisted).facts["uptime"] == words


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
    context = build_context(incident, report, unlisted)

    harmful = set("\x1b\x07\u202e\ud800\r\u2028")
    for name, value in context.variables().items():
        for part in value if isinstance(value, tuple) else (value,):
            assert not harmful & set(str(part)), name
            one_line = name not in {"trace", "trace_lines"}
            assert not (one_line and "\n" in str(part)), name

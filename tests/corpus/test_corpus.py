"""Every sample gives its title; every row of the tables has a sample.

OMPROG_PANIC_UPDATE_CORPUS=1 writes what the analysis says into the headers: read the
difference before you commit it.
"""

from __future__ import annotations

import os

import pytest

from omprog_panic.kernel.analysis import Report, analyze_text
from omprog_panic.kernel.line import parse_line
from omprog_panic.kernel.panic_cause import PANIC_CAUSES
from omprog_panic.kernel.signature import Signature
from omprog_panic.kernel.signatures import ALL_SIGNATURES
from omprog_panic.kernel.start_line import match_info_line, match_start_line
from omprog_panic.kernel.terminator import Terminator, terminator
from tests.corpus.samples import SAMPLES, Sample, write_header

UPDATE = os.environ.get("OMPROG_PANIC_UPDATE_CORPUS") == "1"
IDS = [sample.path.stem for sample in SAMPLES]
POSITIVE = [sample for sample in SAMPLES if "TITLE" in sample.header]


def header_of(report: Report, source: str) -> dict[str, str]:
    header = {"TITLE": report.title, "TYPE": report.kind, "SOURCE": source}
    if report.function:
        header["FRAME"] = report.function
    if report.panicked:
        header["PANICKED"] = "Y"
    if not report.sound:
        header["CORRUPTED"] = "Y"
    return header


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_a_sample_gives_what_its_header_says(sample: Sample) -> None:
    reports = list(analyze_text(sample.lines))
    source = sample.header["SOURCE"]
    found = header_of(reports[0], source) if reports else {"SOURCE": source}
    if UPDATE:
        write_header(sample, found)
        return
    wanted = {k: v for k, v in sample.header.items() if k != "ALT"}
    if found.get("TITLE") in sample.titles:
        wanted["TITLE"] = found["TITLE"]

    assert found == wanted
    assert len(reports) <= 1, "a secondary report became a crash of its own"


@pytest.mark.parametrize("sample", POSITIVE, ids=lambda sample: sample.path.stem)
def test_searching_again_from_the_start_finds_it_and_from_the_end_does_not(
    sample: Sample,
) -> None:
    [report] = list(analyze_text(sample.lines))
    again = list(analyze_text(sample.lines[report.first_line - 1 :]))
    after = list(analyze_text(sample.lines[report.last_line :]))

    assert [r.title for r in again] == [report.title]
    assert again[0].fingerprint == report.fingerprint
    assert after == []


def rows_seen() -> set[int]:
    seen: set[int] = set()
    for sample in POSITIVE:
        for raw in sample.lines:
            text = parse_line(1, raw).text
            found = match_start_line(text) or match_info_line(text)
            if found is not None:
                seen.add(id(found.signature))
    return seen


@pytest.mark.parametrize("row", ALL_SIGNATURES, ids=repr)
def test_every_start_line_has_a_sample(row: Signature) -> None:
    assert id(row) in rows_seen()


@pytest.mark.parametrize("row", ALL_SIGNATURES, ids=repr)
def test_every_row_names_its_source_and_starts_long_enough(row: Signature) -> None:
    assert row.source
    assert all(len(start) >= 3 or start in {"{", "[#"} for start in row.starts)


@pytest.mark.parametrize("kind", list(Terminator))
def test_every_terminator_has_a_sample(kind: Terminator) -> None:
    texts = (parse_line(1, raw).text for s in POSITIVE for raw in s.lines)

    assert any(terminator(text) is kind for text in texts)


@pytest.mark.parametrize("cause", PANIC_CAUSES, ids=lambda cause: cause.reason.pattern)
def test_every_cause_of_a_panic_has_a_sample(cause: object) -> None:
    lines = [
        parse_line(1, raw).text.partition("not syncing")[2]
        for sample in POSITIVE
        for raw in sample.lines
        if b"Kernel panic - " in raw
    ]
    first = [next((c for c in PANIC_CAUSES if c.reason.search(x)), None) for x in lines]

    assert cause in first

"""Invariants of the analysis, on any bytes and on damaged crash logs."""

from __future__ import annotations

import itertools
import random
import re
import tracemalloc

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bench.analysis import mixed_log
from omprog_panic.kernel.analysis import Report, analyze_text, analyze_trace
from omprog_panic.kernel.line import parse_line
from omprog_panic.kernel.start_line import first_signature, match_start_line
from omprog_panic.kernel.title import MAX_TITLE, mask
from omprog_panic.model import Record, Severity
from tests.corpus.samples import SAMPLES, Sample
from tools.fuzz_analysis import fuzz, violation_of

CRASHES = [sample for sample in SAMPLES if "TITLE" in sample.header]
# Samples in which every line has its time stamp.
PLAIN = [
    sample
    for sample in CRASHES
    if all(re.match(rb"\[ *\d+\.\d{6}\] ", line) for line in sample.lines)
]
samples = st.sampled_from(CRASHES)
plain_samples = st.sampled_from(PLAIN)


def essence(report: Report) -> tuple[object, ...]:
    return (
        report.kind,
        report.title,
        report.function,
        report.fingerprint,
        report.panicked,
    )


def texts_of(sample: Sample) -> list[str]:
    return [parse_line(1, raw).text for raw in sample.lines]


@given(st.lists(st.binary(max_size=300), max_size=40))
def test_any_bytes_are_analysed(lines: list[bytes]) -> None:
    assert violation_of(lines) is None


@given(st.lists(st.text(max_size=200), min_size=1, max_size=20), st.data())
def test_any_trace_has_a_report(texts: list[str], data: st.DataObject) -> None:
    context = data.draw(st.integers(0, len(texts) - 1))
    report = analyze_trace([Record(text) for text in texts], context)

    assert 1 <= report.first_line <= report.last_line <= len(texts)
    assert 0 < len(report.title) <= MAX_TITLE
    assert report.fingerprint


def test_a_thousand_damaged_logs_keep_the_invariants() -> None:
    """The seeded sample of tools/fuzz_analysis.py."""
    tried, _, violation = fuzz(1000, seed=20261122)

    assert violation is None
    assert tried == 1000


def test_memory_does_not_grow_with_the_log() -> None:
    """A serial log of 1 GB took 20 MB: nothing of a log is kept after its report."""

    def peak(lines: int) -> int:
        tracemalloc.start()
        found = sum(1 for _ in analyze_text(itertools.islice(mixed_log(), lines)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found >= lines // 250
        return most

    # 40,000 lines are 2.7 MB, and 5 MB as Python keeps them.
    assert peak(40_000) < 2 * 1024 * 1024


@given(samples, st.data())
def test_a_log_cut_anywhere_gives_no_second_crash(
    sample: Sample,
    data: st.DataObject,
) -> None:
    # Cut before its function is named, a secondary report looks like a first one.
    assume(not any("secondary" in comment for comment in sample.comments))
    end = data.draw(st.integers(0, len(sample.lines)))
    reports = list(analyze_text(sample.lines[:end]))
    if any("before the oops" in comment for comment in sample.comments):
        # Cut before its frames, an oops does not show that it has the cause of the
        # warning. It is a report of its own, which the warning must not hide.
        assert [r.severity for r in reports[1:]] in ([], [Severity.OOPS])
    else:
        assert len(reports) <= 1


@given(plain_samples, st.integers(1, 10**7), st.integers(1, 10**9))
def test_time_process_and_addresses_do_not_change_the_fingerprint(
    sample: Sample,
    shift: int,
    seed: int,
) -> None:
    rng = random.Random(seed)
    lines = []
    for number, text in enumerate(texts_of(sample)):
        other = re.sub(
            r"\bffff[0-9a-f]{12}\b", lambda _: f"ffff{rng.getrandbits(48):012x}", text
        )
        other = re.sub(r"\bPID: \d+", f"PID: {shift % 32768}", other)
        # An offset of 0 is that of the function behind one that does not return.
        other = re.sub(r"\+0x(?!0/)[0-9a-f]+/0x[0-9a-f]+", "+0x1c/0x90", other)
        lines.append(f"[{shift + number / 1000:12.6f}] {other}\n".encode())
    [report] = list(analyze_text(lines))
    [original] = list(analyze_text(sample.lines))

    assert essence(report) == essence(original)


def dressed(texts: list[str], form: str) -> list[bytes]:
    lines = []
    for n, text in enumerate(texts):
        micros = 1_000_000_000 + n * 50
        stamp = f"[{micros / 1e6:12.6f}]"
        lines.append(
            {
                "crlf": f"{stamp} {text}\r\n",
                "priority": f"<4>{stamp} {text}\n",
                "caller": f"{stamp}[  T812] {text}\n",
                "extended": f"4,{n + 1},{micros},-;{text}\n",
                "syslog": f"Nov 22 10:15:42 db-07 kernel: {stamp} {text}\n",
                "iso": f"2026-11-22T10:15:42.1+01:00 db-07 kernel: {stamp} {text}\n",
                "journal": f"Nov 22 10:15:42 db-07 kernel: {text}\n",
                "login": f"db-07 login: {stamp} {text}\n",
                "android": f"{stamp}  [2:    kworker/2:1: 1608] {text}\n",
                "bare": f"{text}\n",
            }[form].encode(),
        )
    return lines


FORMS = (
    "crlf",
    "priority",
    "caller",
    "extended",
    "syslog",
    "iso",
    "journal",
    "login",
    "android",
    "bare",
)


@pytest.mark.parametrize("form", FORMS)
def test_what_stands_before_the_text_changes_nothing(form: str) -> None:
    for sample in PLAIN:
        if form == "bare" and any("unterminated" in c for c in sample.comments):
            continue  # without stamps a program's line looks the same
        [original] = list(analyze_text(sample.lines))
        found = list(analyze_text(dressed(texts_of(sample), form)))

        assert [essence(r) for r in found] == [essence(original)], sample.path.name


@given(plain_samples, st.integers(1, 10**6))
def test_lines_of_other_programs_between_change_nothing(
    sample: Sample,
    seed: int,
) -> None:
    # The line after a first half is taken as its second half, whoever printed it.
    assume(not any("pieces" in comment for comment in sample.comments))
    rng = random.Random(seed)
    lines = []
    for raw in sample.lines:
        if rng.random() < 0.3:
            lines.append(b"executing program 0 of Kernel panic - not syncing: ha\n")
        lines.append(raw)
    [original] = list(analyze_text(sample.lines))
    found = list(analyze_text(lines))

    assert [essence(r) for r in found] == [essence(original)]


@given(plain_samples, plain_samples, st.integers(1, 10**6))
def test_two_processors_that_crash_at_once_are_separated_by_caller(
    one: Sample,
    other: Sample,
    seed: int,
) -> None:
    rng = random.Random(seed)
    queues = {"T1": texts_of(one), "T2": texts_of(other)}
    if any("panicked" in s.header or "PANICKED" in s.header for s in (one, other)):
        return  # a panic ends both
    want = {one.header["TITLE"], other.header["TITLE"]}
    lines: list[bytes] = []
    while any(queues.values()):
        caller = rng.choice([key for key, texts in queues.items() if texts])
        stamp = f"[{100 + len(lines) / 1e4:12.6f}][{caller:>6}]"
        lines.append(f"{stamp} {queues[caller].pop(0)}\n".encode())
    found = [report.title for report in analyze_text(lines)]

    assert set(found) <= want
    assert found
    if one.header.get("FRAME") != other.header.get("FRAME"):
        assert set(found) == want


@given(samples)
def test_the_collector_and_the_analysis_see_the_same_start_lines(
    sample: Sample,
) -> None:
    for text in texts_of(sample):
        found = match_start_line(text)
        row = found.signature if found else None
        wanted = None if row and row.severity is Severity.INFO else row
        assert first_signature(text) is wanted


@given(st.text(max_size=400))
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)

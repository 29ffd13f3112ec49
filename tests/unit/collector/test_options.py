"""The command line becomes limits."""

from __future__ import annotations

import pytest

from omprog_panic.collector.journal import JournalLimits
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.options import (
    build_parser,
    journal_limits,
    pipeline_limits,
    trace_limits,
)
from omprog_panic.collector.pipeline import PipelineLimits

NEEDED = ["--spool", "s", "--journal", "j"]


def test_without_options_the_limits_are_the_defaults() -> None:
    options = build_parser().parse_args(NEEDED)

    assert trace_limits(options) == TraceLimits()
    assert pipeline_limits(options) == PipelineLimits()
    assert journal_limits(options) == JournalLimits()


def test_the_silence_of_kdump_is_never_longer_than_any_silence() -> None:
    options = build_parser().parse_args([*NEEDED, "--silence", "3"])

    assert trace_limits(options).kdump_silence_s == 3


@pytest.mark.parametrize(
    "wrong",
    [["--silence", "0"], ["--context", "-1"], ["--max-bytes", "0"], ["--settle", "x"]],
)
def test_a_value_out_of_range_is_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args([*NEEDED, *wrong])

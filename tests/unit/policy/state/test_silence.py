"""Silences in the memory."""

from __future__ import annotations

from omprog_panic.config.time_span import parse_moment, parse_span
from omprog_panic.policy.state.silence import FOREVER, SILENCES, WINDOW, SilenceState


def test_a_silence_of_everything_with_nothing_under_it_survives_the_store() -> None:
    row = SilenceState("s", (), "anna", "", 1.0, 2.0)

    assert SILENCES.from_text(SILENCES.to_text(row)) == row


def test_a_silence_without_times_has_one_occurrence() -> None:
    row = SilenceState("s", (), "anna", "", 1.0, 2.0)

    assert row.covering(0.5) is None
    assert row.covering(1.0) == (1.0, 2.0)
    assert row.covering(2.0) is None
    assert not row.is_window


def test_one_that_comes_again_covers_its_times_between_start_and_end() -> None:
    sunday = parse_moment("2026-11-29T03:00:00Z")
    every = (parse_span("Sun 02:00-04:00 UTC"),)
    row = SilenceState(f"{WINDOW}p", (), "", "", sunday, FOREVER, every=every)

    assert row.is_window
    assert row.covering(sunday - 1) is None
    assert row.covering(sunday) == (sunday - 3600, sunday + 3600)
    assert row.covering(sunday + 3600) is None
    assert row.covering(sunday + 7 * 86400) is not None

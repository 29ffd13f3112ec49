"""Silences in the memory."""

from __future__ import annotations

from omprog_panic.policy.state.silence import SILENCES, SilenceState


def test_a_silence_of_everything_with_nothing_under_it_survives_the_store() -> None:
    row = SilenceState("s", (), "anna", "", 1.0, 2.0)

    assert SILENCES.from_text(SILENCES.to_text(row)) == row

from __future__ import annotations

from omprog_panic.policy.state.cause import CAUSES, CauseState


def test_a_row_with_nothing_in_it_survives_the_store() -> None:
    row = CauseState("8b0c")

    assert CAUSES.from_text(CAUSES.to_text(row)) == row

from __future__ import annotations

from omprog_panic.policy.state.resolved import RESOLVED_CAUSES, ResolvedState


def test_a_row_with_nothing_in_it_survives_the_store() -> None:
    row = ResolvedState(1, 2.5)

    assert RESOLVED_CAUSES.from_text(RESOLVED_CAUSES.to_text(row)) == row

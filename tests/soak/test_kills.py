"""The seeded sample of ``tools/soak kills``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.soak.kills import run_once

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(25))
def test_kill_9_at_a_random_moment_loses_and_doubles_nothing(
    tmp_path: Path,
    seed: int,
) -> None:
    outcome = run_once(seed, tmp_path)

    assert outcome.faults == []
    assert outcome.incidents > 0

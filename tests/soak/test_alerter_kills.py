"""The seeded sample of ``tools/soak alerter``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.soak.alerter_kills import run_once

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(25))
def test_kill_9_loses_no_alert_and_copies_carry_the_same_id(
    tmp_path: Path, seed: int
) -> None:
    outcome = run_once(seed, tmp_path)

    assert outcome.faults == []
    assert outcome.kills > 0
    assert outcome.alerts > 0

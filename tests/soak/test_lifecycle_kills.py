"""The seeded sample of ``tools/soak lifecycle``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.soak.lifecycle_kills import run_once

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_after_kill_9_each_tool_is_where_we_are(tmp_path: Path, seed: int) -> None:
    outcome = run_once(seed, tmp_path)

    assert outcome.faults == []
    assert outcome.kills >= outcome.steps

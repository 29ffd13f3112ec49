"""The inputs that fuzzing kept, once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.targets import TARGETS

CORPUS = Path(__file__).parents[1] / "fuzz_corpus"


@pytest.mark.parametrize("target", TARGETS)
def test_no_kept_input_raises(target: str) -> None:
    inputs = sorted((CORPUS / target).iterdir())

    for path in inputs:
        TARGETS[target](path.read_bytes())
    assert inputs

"""The composed logs with their labels: whole incidents, and logs that hold none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.kernel.analysis import analyze_text

FOLDER = Path(__file__).parent / "composed"
CASES: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text())["cases"]


def kinds_of(case: dict[str, Any]) -> list[str]:
    kinds = case["kind"]
    return kinds if isinstance(kinds, list) else [kinds]


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_composed_log_gives_what_is_expected(name: str) -> None:
    case = CASES[name]
    lines = (FOLDER / name).read_bytes().splitlines(keepends=True)
    found = [report for report in analyze_text(lines) if report.kind != "info"]
    if not case["crash"]:
        assert found == []
        return
    judged = case.get("judge", ["title", "function", "kind", "panicked"])

    assert len(found) == 1
    assert found[0].panicked == case["panicked"]
    assert found[0].kind in kinds_of(case)
    if "title" in judged:
        assert found[0].title in [case["title"], *case["alt"]]
    if "function" in judged:
        assert found[0].function == case["function"]

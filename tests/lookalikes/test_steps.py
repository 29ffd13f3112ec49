"""docs/incident-tools.md says of every service what each step does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from omprog_panic.sinks.registry import SINKS
from tests.lookalikes.incident_tools import TOOLS, ToolCase
from tests.lookalikes.test_threads import CASES as WITH_THREADS
from tests.lookalikes.test_threads import Case

PAGE = (Path(__file__).parents[2] / "docs" / "incident-tools.md").read_text("utf-8")
SECTION = PAGE.partition("## Every service by step")[2].partition("\n\n**")[0]
ROWS = {
    line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
    for line in SECTION.splitlines()
    if line.startswith("| ") and not line.startswith("| service")
}


def test_every_sink_has_its_row() -> None:
    named = {
        scheme for row in ROWS.values() for scheme in re.findall(r"`(\w+)://", row[0])
    }

    assert named == set(SINKS)


@pytest.mark.parametrize("case", TOOLS, ids=lambda case: case.name)
def test_the_row_of_a_tool_is_what_is_tested(case: ToolCase) -> None:
    _, _, _, taken, given_back, _ = ROWS[case.name]

    assert (taken == "acknowledges") is case.acknowledges
    assert (given_back == "takes it back") is case.unacknowledges


@pytest.mark.parametrize("case", WITH_THREADS, ids=lambda case: case.name)
def test_the_row_of_a_chat_is_what_is_tested(case: Case) -> None:
    _, first, *later = ROWS[case.name]

    assert first.startswith("message")
    assert all(cell.startswith("reply") for cell in later)
    assert ("blue" in " ".join(later)) is (case.colours is not None)

from __future__ import annotations

import json
from pathlib import Path

import pytest

from omprog_panic.admin.overview import monitor_status
from omprog_panic.admin.status import CRITICAL, WARNING
from omprog_panic.config.model import PublicConfig
from tests.builders import write_config


def no_changes(_: PublicConfig) -> bool:
    return False


def test_why_the_alerter_cannot_run_comes_first(tmp_path: Path) -> None:
    file = write_config(tmp_path, ["nonsense!"])

    status = monitor_status(file, no_changes)
    assert (status.code, status.problems[0].level) == (CRITICAL, CRITICAL)
    assert "not understood" in status.problems[0].text
    assert "the alerter is not running" in [p.text for p in status.problems]


@pytest.mark.parametrize("changed", [True, False])
def test_changes_that_are_not_applied_are_a_warning(
    tmp_path: Path, changed: bool
) -> None:
    file = write_config(tmp_path, ["json://127.0.0.1:9/x"])

    status = monitor_status(file, lambda _: changed)
    text = f"{file} has changed: run `omprog-panic apply`"
    assert ((WARNING, text, "omprog-panic apply") in status.problems) is changed


def test_the_status_is_plain_json(tmp_path: Path) -> None:
    file = write_config(tmp_path, ["json://127.0.0.1:9/x"])

    found = json.loads(json.dumps(monitor_status(file, no_changes).to_json()))
    assert found["alerter_running"] is False
    assert found["incidents"] == 0
    assert all(len(problem) == 2 for problem in found["problems"])

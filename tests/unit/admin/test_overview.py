from __future__ import annotations

import json
from pathlib import Path

from omprog_panic.admin.overview import monitor_status
from omprog_panic.admin.status import CRITICAL, WARNING, Problem
from omprog_panic.config.model import PublicConfig
from tests.builders import write_config


def no_changes(_: PublicConfig) -> list[Problem]:
    return []


def test_why_the_alerter_cannot_run_comes_first(tmp_path: Path) -> None:
    file = write_config(tmp_path, ["nonsense!"])

    status = monitor_status(file, no_changes)
    assert (status.code, status.problems[0].level) == (CRITICAL, CRITICAL)
    assert "not understood" in status.problems[0].text
    assert "the alerter is not running" in [p.text for p in status.problems]


def test_problems_of_the_system_are_among_the_others(tmp_path: Path) -> None:
    file = write_config(tmp_path, ["json://127.0.0.1:9/x"])
    deaf = Problem(CRITICAL, "rsyslogd does not receive", "omprog-panic apply")
    changed = Problem(WARNING, f"{file} has changed", "omprog-panic apply")

    status = monitor_status(file, lambda _: [changed, deaf])
    assert deaf in status.problems
    assert changed in status.problems


def test_the_status_is_plain_json(tmp_path: Path) -> None:
    file = write_config(tmp_path, ["json://127.0.0.1:9/x"])

    found = json.loads(json.dumps(monitor_status(file, no_changes).to_json()))
    assert found["alerter_running"] is False
    assert found["incidents"] == 0
    assert all(len(problem) == 2 for problem in found["problems"])

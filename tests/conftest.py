"""Hypothesis profiles, chosen by HYPOTHESIS_PROFILE, and the rule for skipped tests."""

from __future__ import annotations

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from tests.needs import ALLOWED, STRICT, is_allowed

# An exit status of its own: pytest's 1 makes tools/test repeat what failed.
NEEDLESS_SKIPS: Final = 9

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci",
    max_examples=300,
    deadline=None,
    derandomize=True,
    print_blob=True,
)
settings.register_profile(
    "debian",
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

_needless: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _look_at(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    _look_at(report)


def _look_at(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
        if not is_allowed(reason):
            _needless.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a strict run that skipped what this machine and account could run."""
    if _needless and os.environ.get(STRICT):
        session.exitstatus = NEEDLESS_SKIPS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _needless and os.environ.get(STRICT):
        terminalreporter.section("skipped without need")
        for line in _needless:
            terminalreporter.line(line)
        terminalreporter.line(f"Allowed reasons: {', '.join(ALLOWED)} (tests/needs.py)")

"""The first thing that a new reader runs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.chain.rsyslogd import ROOT

pytestmark = [pytest.mark.rsyslogd, pytest.mark.slow]


def test_the_demo_shows_exactly_one_alert_and_says_so() -> None:
    result = subprocess.run(
        [sys.executable, "tools/demo_chain.py", "--fast"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert "onset:      Kernel panic - not syncing" in result.stdout
    assert "terminator: Rebooting in 3 seconds.." in result.stdout
    assert "exactly one alert, with all 32 records" in result.stdout
    assert "Subject: PANIC db-07 (127.0.0.2): sysrq triggered crash" in result.stdout


def test_an_unreachable_service_of_the_reader_is_a_failure_that_is_said() -> None:
    result = subprocess.run(
        [sys.executable, "tools/demo_chain.py", "--fast"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "APPRISE_URL": "no-such://x"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert result.returncode == 1
    assert "apprise.yml:2" in result.stderr

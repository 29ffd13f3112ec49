"""Rows about the monitor of which nothing is known yet."""

from __future__ import annotations

from omprog_panic.policy.state.monitor import (
    MONITOR,
    SELF_CHECK,
    MonitorState,
    SelfCheckState,
)


def test_a_monitor_that_has_just_started_survives_the_store() -> None:
    assert MONITOR.from_text(MONITOR.to_text(MonitorState())) == MonitorState()


def test_a_self_check_without_a_probe_survives_the_store() -> None:
    row = SelfCheckState()

    assert SELF_CHECK.from_text(SELF_CHECK.to_text(row)) == row

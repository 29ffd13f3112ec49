"""The exit status of the doctor."""

from __future__ import annotations

from omprog_panic.doctor.finding import critical, ok, unknown, warning, worst


def test_the_worst_finding_is_the_exit_status() -> None:
    assert worst([ok("a", "")]) == 0
    assert worst([ok("a", ""), warning("b", "")]) == 1
    assert worst([warning("b", ""), critical("c", ""), unknown("d", "")]) == 2
    assert worst([ok("a", ""), unknown("d", "")]) == 3
    assert worst([warning("a", ""), unknown("d", "")]) == 1

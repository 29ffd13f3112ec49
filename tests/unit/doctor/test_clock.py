"""The clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.doctor.clock import check_clock
from omprog_panic.doctor.finding import Level
from tests.unit.doctor.monitor import monitor_with

if TYPE_CHECKING:
    from pathlib import Path


CLOCK = "timedatectl show -p NTPSynchronized --value"


def test_the_clock(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path)
    levels = []
    for text in ("yes\n", "no\n", ""):
        monitor.machine.answer(CLOCK, 0, text)
        levels += [f.level for f in monitor.check(check_clock)]

    assert levels == [Level.OK, Level.WARNING, Level.UNKNOWN]

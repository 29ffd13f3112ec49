"""The table of checks as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.doctor.checks import CHECKS, CONFINED, run_checks
from omprog_panic.doctor.finding import Level
from tests.unit.doctor.monitor import monitor_with

if TYPE_CHECKING:
    from pathlib import Path


def test_a_check_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path)
    monitor.machine.files["/proc/net/udp"] = "head\n a b c d e f g h i j k l m\n"
    found = list(run_checks(monitor.context()))

    assert [f.says for f in found if "please report this bug" in f.remedies] != []
    assert "clock" in {f.check for f in found}
    assert len(CHECKS) > 10


def test_a_file_that_only_root_can_read_is_unknown_not_a_bug(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path)
    monitor.machine.hide("/proc/net/udp")
    for is_root, remedy in ((False, "use sudo"), (True, CONFINED)):
        every = run_checks(monitor.context(), is_root=is_root)
        (found,) = [f for f in every if f.check == "port"]
        assert (found.level, found.remedies) == (Level.UNKNOWN, (remedy,))
        assert "Permission denied" in found.says

"""One guest for every change: set up, drift, repair. The rest: test_drifts.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guests.host import MONITOR, OTHER_MAC, start
from tests.guests.kernel import Kernel


@pytest.mark.slow
def test_a_real_kernel_sends_is_repaired_and_restored(
    oldest: Kernel, place: Path
) -> None:
    with start(oldest, place) as host:
        assert "target set up" in host.configure()
        host.wire.wait_text("omprog-panic: alive host=guest")

        host.wire.set_neighbour(MONITOR, OTHER_MAC)
        host.check_repairs(f"MAC is {OTHER_MAC}")

        assert host.client("remove") != ""
        assert host.guest.run("ls /sys/kernel/config 2>/dev/null", check=False) == ""

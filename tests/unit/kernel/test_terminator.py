"""The lines that end a report or a boot."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.terminator import (
    TERMINATOR_KEYS,
    Terminator,
    is_boot_banner,
    says_kdump_loaded,
    terminator,
)

LINES = {
    "---[ end Kernel panic - not syncing: x ]---": Terminator.END_PANIC,
    "---[ end trace 0000000000000000 ]---": Terminator.END_TRACE,
    "Rebooting in 10 seconds..": Terminator.REBOOTING,
    "Rebooting in a moment": None,
    "---[ end of it": None,
}


@pytest.mark.parametrize("text", LINES)
def test_a_terminator_is_recognised(text: str) -> None:
    assert terminator(text) is LINES[text]
    assert text[:3] in TERMINATOR_KEYS


def test_the_boot_banner_and_kdump_are_recognised() -> None:
    cpu = "CPU: 1 PID: 7 Comm: a Kdump: loaded Not tainted 6.1.0 #1"

    assert is_boot_banner("Linux version 6.1.0-56-amd64 (builder@acme)")
    assert says_kdump_loaded(cpu)
    assert not says_kdump_loaded(cpu.replace("Kdump: loaded ", ""))

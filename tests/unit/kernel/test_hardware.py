"""Which lines report failed hardware, and of which severity."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.hardware import HARDWARE_ERRORS, hardware_error, is_fatal

LINES = {
    "mce: [Hardware Error]: CPU 2: Machine Check Exception: 5 Bank 6": True,
    "Fatal local machine check": True,
    "{1}[Hardware Error]: event severity: fatal": True,
    "Oops: Machine check, sig: 7 [#1]": True,
    "EDAC MC0: 1 UE memory read error on CPU_SrcID#0": True,
    "SError Interrupt on CPU0, code 0x00000000be000000 -- SError": True,
    "Uhhuh. NMI received for unknown reason 2d on CPU 0.": False,
    "Memory failure: 0x1234: recovery action for dirty LRU page: Failed": True,
}


@pytest.mark.parametrize("text", LINES)
def test_a_hardware_error_is_recognised(text: str) -> None:
    assert hardware_error(["Hardware name: QEMU", text]) is not None
    assert is_fatal([text]) is LINES[text]


def test_every_row_is_tested() -> None:
    found = {hardware_error([text]) for text in LINES}

    assert found == {words for _, _, words in HARDWARE_ERRORS}


def test_a_software_fault_is_none() -> None:
    assert hardware_error(["BUG: kernel NULL pointer dereference"]) is None

"""Status words of machine checks, after the tables of Intel's manual."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.mce import decode_status

UNCORRECTED, CORRUPT, LOST = 1 << 61, 1 << 57, 1 << 62


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0x0400, "corrected, internal timer error"),
        (UNCORRECTED | 0x0005, "uncorrected, internal parity error"),
        (UNCORRECTED | CORRUPT | 0x0135, "uncorrected, processor context corrupt, "),
        (LOST | 0x0090, "corrected, errors lost, memory controller error"),
        (0x0151, "corrected, L1 cache error"),
        (0x1151, "corrected, L1 cache error"),
        (0x0E0B, "corrected, generic I/O error"),
        (0x0C0F, "corrected, bus error, generic"),
        (0x0011, "corrected, L1 TLB error"),
        (0x000E, "corrected, generic cache error, L2"),
        (0x7FFF, "corrected, error code 0x7fff"),
    ],
)
def test_a_status_is_decoded(status: int, words: str) -> None:
    assert decode_status(status).startswith(words)

"""Decode MCi_STATUS of x86 machine checks. Pure.

Intel SDM volume 3B, chapter "Machine-Check Architecture": the architectural bits and
the simple and compound error codes. Codes of a model are not decoded.
"""

from __future__ import annotations

_SIMPLE = {
    0x0001: "unclassified error",
    0x0002: "microcode ROM parity error",
    0x0003: "external error",
    0x0004: "functional redundancy check error",
    0x0005: "internal parity error",
    0x0006: "SMM handler code access violation",
    0x0400: "internal timer error",
    0x0E0B: "generic I/O error",
}
_FLAGS = ((1 << 61, "uncorrected"), (1 << 57, "processor context corrupt"),
          (1 << 62, "errors lost"))  # fmt: skip
_LEVEL = ("L0", "L1", "L2", "generic")


def decode_status(status: int) -> str:
    """Return in words what a status says.

    >>> decode_status(0xBE00000000800400)
    'uncorrected, processor context corrupt, internal timer error'
    """
    words = [word for bit, word in _FLAGS if status & bit]
    if not status & 1 << 61:
        words.insert(0, "corrected")
    return ", ".join([*words, _code(status & 0xFFFF)])


def _code(code: int) -> str:
    if code in _SIMPLE:
        return _SIMPLE[code]
    bare = code & ~0x1000  # corrected errors are filtered
    if bare & 0xF800 == 0x0800:
        return f"bus error, {_LEVEL[bare & 3]}"
    if bare & 0xFF00 == 0x0100:
        return f"{_LEVEL[bare & 3]} cache error"
    if bare & 0xFF80 == 0x0080:
        return "memory controller error"
    if bare & 0xFFF0 == 0x0010:
        return f"{_LEVEL[bare & 3]} TLB error"
    if bare & 0xFFFC == 0x000C:
        return f"generic cache error, {_LEVEL[bare & 3]}"
    return f"error code {code:#06x}"

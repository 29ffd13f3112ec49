"""Recognise reports of failed hardware. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Lines that no software fault prints. Each with words of which one stands in every
# such line: a cheap test before the pattern, for most reports have none of them.
HARDWARE_ERRORS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    (
        ("Machine Check",),
        re.compile(r"Machine Check Exception"),
        "machine check exception",
    ),
    (
        ("Machine check",),
        re.compile(r"^Oops: Machine check", re.MULTILINE),
        "machine check",
    ),
    (
        ("machine check",),
        re.compile(r"Fatal (?:local )?machine check|machine check \(\w+\) .*\[Not rec"),
        "fatal machine check",
    ),
    (
        ("event severity", "Fatal hardware"),
        re.compile(r"event severity: (?:fatal|recoverable)|Fatal hardware error"),
        "the firmware reported an error of the hardware",
    ),
    (
        ("EDAC ",),
        re.compile(r"^EDAC \S+: (?:\d+ )?UE ", re.MULTILINE),
        "memory error that could not be corrected",
    ),
    (("SError",), re.compile(r"SError Interrupt"), "asynchronous error from the bus"),
    (
        ("NMI",),
        re.compile(
            r"^Uhhuh\. NMI received|^NMI: (?:IOCK|PCI system) error", re.MULTILINE
        ),
        "non-maskable interrupt from the hardware",
    ),
    (
        ("Memory failure",),
        re.compile(r"^Memory failure: ", re.MULTILINE),
        "a page of memory failed",
    ),
)

# Of these the hardware could not correct the error.
_FATAL = re.compile(
    r"Machine Check Exception|(?:event )?severity: (?:fatal|recoverable)|"
    r"[Uu]ncorrect|EDAC \S+: (?:\d+ )?UE |SError|Fatal|Processor context corrupt|"
    r"Failed|Oops: Machine check|Machine check in|"
    r"machine check \(\w+\).*\[Not recovered\]",
)


def hardware_error(texts: Sequence[str]) -> str | None:
    """Return in words which hardware error the lines report; None: none."""
    text = "\n".join(texts)
    for needed, pattern, words in HARDWARE_ERRORS:
        for word in needed:
            if word in text and pattern.search(text):
                return words
    return None


def is_fatal(texts: Sequence[str]) -> bool:
    """Return whether a report of a hardware error is of one that is not corrected."""
    return any(_FATAL.search(text) for text in texts)

"""A glance never hides what a closer look would find."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.glance import Glance
from omprog_panic.kernel.line import parse_line
from omprog_panic.kernel.start_line import match_info_line, match_start_line
from omprog_panic.kernel.terminator import terminator
from tests.corpus.samples import SAMPLES

ORDINARY = (
    b"usb 1-1: new high-speed USB device number 4 using xhci_hcd",
    b"EXT4-fs (sda1): mounted filesystem with ordered data mode.",
    b"CPU0: Core temperature above threshold, cpu clock throttled",
    b"systemd[1]: Started Session 1 of user root.",
)


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_line_is_not_parsed(text: bytes) -> None:
    assert Glance().is_ordinary(b"[    1.000000] " + text)


def test_every_start_line_and_terminator_of_the_samples_is_looked_at() -> None:
    hidden = [
        raw
        for sample in SAMPLES
        for raw in sample.lines
        if b" kernel: " not in raw  # such logs are parsed whole
        and Glance().is_ordinary(raw)
        and not (line := parse_line(1, raw)).foreign
        and (
            match_start_line(line.text)
            or match_info_line(line.text)
            or terminator(line.text)
        )
    ]

    assert hidden == []


def test_the_same_event_again_is_ordinary_for_a_while() -> None:
    glance = Glance()
    events = [b"[    1.00000%d] I/O error, dev sda, sector %d" % (n, n) for n in (1, 2)]

    assert not glance.is_ordinary(events[0])
    assert glance.is_ordinary(events[1])
    glance.forget()
    assert not glance.is_ordinary(events[1])


@pytest.mark.parametrize("raw", [b"no stamp", b"[    1.000000] \0b", b"[    1.0] x"])
def test_unusual_lines_are_parsed(raw: bytes) -> None:
    assert not Glance().is_ordinary(raw)

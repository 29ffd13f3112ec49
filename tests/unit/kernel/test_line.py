"""What may stand before the kernel's text, and what says that it is not."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.line import MAX_LINE_BYTES, Line, parse_line

TEXT = "BUG: memory leak"
FORMS = {
    b"BUG: memory leak\n": Line(1, TEXT),
    b"[   12.345678] BUG: memory leak\r\n": Line(1, TEXT, 12345678, None, True),
    b"<4>[   12.345678] BUG: memory leak": Line(1, TEXT, 12345678, None, True),
    b"[   12.345678][  T31] BUG: memory leak": Line(1, TEXT, 12345678, "T31", True),
    b"[   12.345678][    C0]  BUG: memory leak": Line(1, TEXT, 12345678, "C0", True),
    b"4,99,12345678,-;BUG: memory leak": Line(1, TEXT, 12345678, None, True),
    b"4,99,12345678,-,caller=T31;BUG: memory leak": Line(
        1, TEXT, 12345678, "T31", True
    ),
    b"14,99,12345678,-;BUG: memory leak": Line(
        1, TEXT, 12345678, None, True, foreign=True
    ),
    b"Nov  2 10:15:42 db-07 kernel: [   12.345678] BUG: memory leak": Line(
        1, TEXT, 12345678, None, True
    ),
    b"2026-11-22T10:15:42.1+01:00 db-07 kernel: BUG: memory leak": Line(
        1, TEXT, None, None, True
    ),
    b"Nov 22 10:15:42 db-07 crashd[812]: BUG: memory leak": Line(
        1, TEXT, None, None, True, foreign=True
    ),
    b"db-07 login: [   12.345678] BUG: memory leak": Line(
        1, TEXT, 12345678, None, True
    ),
    b"2018/01/09 14:28:48 BUG: memory leak": Line(1, TEXT),
    b"[  240.] BUG: memory leak": Line(1, TEXT),
    b"kernel: BUG: memory leak": Line(1, TEXT),
    "кві 09 19:54:36 db-07 kernel: BUG: memory leak".encode(): Line(
        1, TEXT, None, None, True
    ),
    "[dim. août  9 14:43:50 2026] BUG: memory leak".encode(): Line(
        1, TEXT, None, None, True
    ),
    b"[   12.345678] kernel: BUG: memory leak": Line(1, TEXT, None, None, True),
    b"Nov 22 10:15:42 kernel: BUG: memory leak": Line(1, TEXT, None, None, True),
    b"2016-07-31 16:26:53 +0000 UTC kern.alert kernel: BUG: memory leak": Line(
        1, TEXT, None, None, True
    ),
    b"2026-11-27 09:00:00 db-07 kernel: BUG: memory leak": Line(
        1, TEXT, None, None, True
    ),
    b"BUG: mem\0ory leak": Line(1, TEXT),
}


@pytest.mark.parametrize("raw", FORMS)
def test_a_prefix_is_taken_off(raw: bytes) -> None:
    assert parse_line(1, raw) == FORMS[raw]


def test_a_line_without_end_is_cut() -> None:
    line = parse_line(1, b"x" * (3 * MAX_LINE_BYTES))

    assert len(line.text) < MAX_LINE_BYTES


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert parse_line(1, b"\xff\xfeBUG").text == "\ufffd\ufffdBUG"

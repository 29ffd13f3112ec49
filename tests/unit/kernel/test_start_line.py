"""The look-up of start lines."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.start_line import (
    MAX_START_CHARS,
    START_KEYS,
    first_signature,
    match_info_line,
    match_start_line,
)


@pytest.mark.parametrize(
    "text",
    [
        "Command line: ro panic=10 oops=panic",
        "acmed[812]: Kernel panic - not syncing: quoted",
        "DEBUG: BUG: x",
        "",
    ],
)
def test_words_of_a_crash_in_other_lines_start_nothing(text: str) -> None:
    assert match_start_line(text) is None
    assert first_signature(text) is None


def test_the_specific_row_goes_before_the_general_one() -> None:
    start = match_start_line("WARNING: CPU: 0 PID: 1 at lib/refcount.c:25 f+0x1/0x2")

    assert start is not None
    assert start.signature.title == "WARNING: refcount bug"
    assert start.match["F"] == "f"


@pytest.mark.parametrize("number", ["{1}", "{12}"])
def test_a_numbered_hardware_error_is_found(number: str) -> None:
    text = f"{number}[Hardware Error]: event severity: fatal"

    assert first_signature(text) is not None
    assert text[:3] in START_KEYS


def test_words_far_behind_the_beginning_are_not_looked_at() -> None:
    name = "x" * MAX_START_CHARS

    assert (
        match_start_line(f"INFO: task {name} blocked for more than 1 seconds") is None
    )


def test_info_lines_have_their_words_in_the_middle() -> None:
    found = match_info_line("acmed invoked oom-killer: gfp_mask=0x0")

    assert found is not None
    assert found.signature.kind == "oom-kill"

"""A frame as text."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.report import Frame


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (Frame("fn", 0x16, 0x20, "mod"), "fn+0x16/0x20 [mod]"),
        (Frame("fn", 0x16), "fn+0x16"),
        (Frame("fn"), "fn"),
    ],
)
def test_a_frame_is_written_as_the_kernel_does(frame: Frame, text: str) -> None:
    assert str(frame) == text

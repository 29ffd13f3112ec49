"""Columns that vendors put before the text of a record."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.prefix import without_vendor_prefix


@pytest.mark.parametrize(
    "text",
    [
        "BUG: x",
        " BUG: x",
        " [4:provider@4.0-se: 1823] BUG: x",
        "C1 [    swapper/1:    0] BUG: x",
        "c4  1823 BUG: x",
        "c0 1 (swapper/0) BUG: x",
        "c0 BUG: x",
        "<4>.(2)[1823:kworker/2:1]BUG: x",
        "-(0)[0:swapper/0]BUG: x",
        "[20210101_10:11:12.123456]@4 BUG: x",
        "[K] BUG: x",
        "[pid:1823,cpu4,provider]BUG: x",
        "[   50.483160@4] BUG: x",
        "[   50.483160s][pid:1823,cpu4,provider]BUG: x",
    ],
)
def test_a_column_is_cut(text: str) -> None:
    assert without_vendor_prefix(text) == "BUG: x"


@pytest.mark.parametrize(
    "text",
    [
        "CPU0: started",
        "[<80001234>] acme_poll+0x1/0x2",
        "cfg80211: loaded",
        "(x) y",
        "c0 is up",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert without_vendor_prefix(text) == text

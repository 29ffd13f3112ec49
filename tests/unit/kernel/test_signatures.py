"""The tables as such; that each row has a sample is a test of tests/corpus."""

from __future__ import annotations

import re

import pytest

from omprog_panic.kernel.signature import Signature
from omprog_panic.kernel.signatures import ALL_SIGNATURES

ROLES = {"", "die", "prelude", "opening", "detail", "event"}


@pytest.mark.parametrize("row", ALL_SIGNATURES, ids=repr)
def test_a_row_is_consistent(row: Signature) -> None:
    pattern, more = re.compile(row.pattern), re.compile(row.more)
    known = {*pattern.groupindex, *more.groupindex, "F", "text", "next", "reason"}
    known |= {"meaning"}

    assert row.role in ROLES
    assert row.source
    assert set(re.findall(r"\{(\w+)\}", row.title)) <= known

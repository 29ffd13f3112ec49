from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.sinks import escaping

NASTY = st.text(string.ascii_letters + " \n`*_<>&@[]()-:/\\{}w.", max_size=500)


@given(NASTY)
def test_no_code_block_ends_early(text: str) -> None:
    assert "```" not in escaping.no_fences(text)


@given(NASTY)
def test_links_and_mentions_are_broken(text: str) -> None:
    broken = escaping.no_actions(text)

    assert "a://" not in broken
    assert "@a" not in broken
    assert "<!" not in broken


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain_name", "plain_name"), ("*b*", r"\*b\*"), ("1. a", r"1\. a")],
)
def test_markdown_shows_text_literally(text: str, shown: str) -> None:
    assert escaping.literal_markdown(text) == shown

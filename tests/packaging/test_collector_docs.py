"""docs/collector.md names every option of the collector, with its default."""

from __future__ import annotations

import argparse
import re

import pytest

from omprog_panic.collector.options import build_parser
from tests.omprog_driver import REPOSITORY

PAGE = (REPOSITORY / "docs" / "collector.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| `(--[a-z-]+)` \| ([^|]+) \|", PAGE, re.MULTILINE))
OPTIONS = [
    action
    for action in build_parser()._actions
    if not isinstance(action, argparse._HelpAction | argparse._VersionAction)
]


def test_no_option_is_described_that_does_not_exist() -> None:
    assert set(ROWS) == {action.option_strings[0] for action in OPTIONS}


@pytest.mark.parametrize("action", OPTIONS, ids=lambda action: str(action.dest))
def test_an_option_is_described_with_its_default(action: argparse.Action) -> None:
    said = ROWS[action.option_strings[0]]
    if action.required:
        assert said == "needed"
    elif isinstance(action.default, int | float) and action.default is not False:
        assert float(said) == action.default
    else:
        assert said in {"off", "loopback only"}

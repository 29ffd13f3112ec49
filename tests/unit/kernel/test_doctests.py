"""The examples in the docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = ("frame", "innocent", "line", "rust", "signature", "title", "facts")


@pytest.mark.parametrize("name", [f"kernel.{n}" for n in MODULES] + ["cli.report_text"])
def test_the_examples_are_true(name: str) -> None:
    module = importlib.import_module(f"omprog_panic.{name}")
    failed, tried = doctest.testmod(module)

    assert failed == 0
    assert tried > 0

"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import omprog_panic

MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(omprog_panic.__path__, "omprog_panic.")
    if not info.name.endswith(".__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))

    assert failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    tests = [t for n in MODULES for t in finder.find(importlib.import_module(n))]

    assert sum(bool(test.examples) for test in tests) >= 40

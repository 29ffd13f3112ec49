"""Which kernels there are, and a guest with the client set up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.guests.guest import why_no_guest
from tests.guests.kernel import Kernel, kernels

ALL = "OMPROG_PANIC_GUEST_TESTS"  # set by tools/client-test


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes ``kernel`` once for each; ``oldest`` is one of them."""
    if "kernel" in metafunc.fixturenames:
        found = [] if why_no_guest() else kernels()
        metafunc.parametrize(
            "kernel", found or [None], ids=[k.name for k in found] or ["none"]
        )


@pytest.fixture(autouse=True)
def _needs_guests(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("guest") and not os.environ.get(ALL):
        pytest.skip("takes a quarter of an hour: tools/client-test runs it")
    takes = {"kernel", "oldest"} & set(request.fixturenames)
    if takes and (reason := why_no_guest()):
        pytest.skip(reason)


@pytest.fixture
def oldest() -> Kernel:
    return kernels()[0]


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose name is short enough for Unix sockets."""
    return tmp_path_factory.mktemp("g")

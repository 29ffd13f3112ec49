"""The part of ``tools/package-test`` that CI runs: one release."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.package import trees
from tests.package.__main__ import QUICK, prepare
from tests.package.life import CHECKS, Story
from tests.package.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.slow, pytest.mark.package]


@pytest.fixture(scope="session")
def story() -> Iterator[Story]:
    if reason := trees.why_not():
        pytest.skip(reason)
    # Not tmp_path: pytest keeps those, and a Debian system is large.
    with tempfile.TemporaryDirectory(prefix="omprog-panic-package.") as name:
        folder = Path(name)
        # What `tools/package-test --keep FOLDER` left saves minutes.
        kept = os.environ.get("OMPROG_PANIC_PACKAGE_TREES", name)
        prepared = prepare(QUICK, Path(kept) / QUICK, quick=True)
        newer = trees.newer(prepared.package, folder)
        with Machine(prepared.clean, folder / "machine") as machine:
            yield Story(machine, prepared.package, newer)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_the_package(check: Callable[[Story], None], story: Story) -> None:
    if story.broken:
        pytest.fail(f"builds on {story.broken}, which failed")
    story.broken = check.__name__
    try:
        check(story)
    except Exception as error:
        error.add_note(story.monitor.condition())
        raise
    story.broken = ""

"""Fixtures of what is backed up and restored."""

from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.admin.backup import write_backup
from tests.unit.admin.backups import CLOCK, make_monitor


@pytest.fixture
def monitor(tmp_path: Path) -> Path:
    """A configured monitor with a database; the path of its config.yaml."""
    return make_monitor(tmp_path)


@pytest.fixture
def backup(monitor: Path, tmp_path: Path) -> Path:
    target = tmp_path / "backup.tar.gz"
    assert write_backup(monitor, target, CLOCK, program="1") == 4
    return target

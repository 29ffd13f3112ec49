"""Folders and file systems."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.doctor.finding import Level
from omprog_panic.doctor.storage import check_folders
from omprog_panic.host.fake import AMPLE_SPACE
from omprog_panic.rsyslog.dropin import STATE
from tests.unit.doctor.monitor import monitor_with, problems

if TYPE_CHECKING:
    from pathlib import Path


def test_the_folders_of_a_healthy_host_are_good(tmp_path: Path) -> None:
    found = monitor_with(tmp_path).check(check_folders)

    assert "spool/new: 10000 MB free" in found[1].says
    # The database of this test is on the real disk, of which the fake knows nothing.
    assert {f.check for f in found if f.level is Level.OK} == {
        "journal",
        "spool",
        "logs",
    }


def test_a_full_and_a_nearly_full_file_system_are_reported(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path)
    spaces = monitor.machine.spaces
    spaces[f"{STATE}/journal"] = AMPLE_SPACE._replace(free_bytes=1_000_000)
    spaces[f"{STATE}/spool/new"] = AMPLE_SPACE._replace(free_bytes=100_000_000)
    found = {f.check: f.level for f in monitor.check(check_folders)}

    assert found["journal"] is Level.CRITICAL
    assert found["spool"] is Level.WARNING


def test_no_inodes_and_read_only_are_reported(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path)
    monitor.machine.spaces[f"{STATE}/journal"] = AMPLE_SPACE._replace(free_files=3)
    monitor.machine.spaces[f"{STATE}/spool/new"] = AMPLE_SPACE._replace(read_only=True)
    says = [says for _, says in problems(monitor.check(check_folders))]

    assert any("is full" in text for text in says)
    assert any("read-only" in text for text in says)


def test_what_only_root_may_see_is_not_called_missing(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path)
    folder = f"{STATE}/journal"
    monitor.machine.hide(folder)
    found = [f for f in monitor.check(check_folders) if f.check == "journal"]

    assert [(f.level, f.remedies) for f in found] == [(Level.UNKNOWN, ("use sudo",))]


def test_two_spools_are_reported(tmp_path: Path) -> None:
    monitor = monitor_with(tmp_path)
    assert monitor.config is not None
    paths = dataclasses.replace(monitor.config.paths, spool=tmp_path / "other")
    monitor.config = dataclasses.replace(monitor.config, paths=paths)
    says = [says for _, says in problems(monitor.check(check_folders))]

    assert (
        f"the collector writes to {STATE}/spool, the alerter reads {tmp_path}/other"
        in says
    )

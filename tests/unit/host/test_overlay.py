"""Commands that see other files."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from omprog_panic.host.local import LocalMachine
from omprog_panic.host.machine import CommandOutcome

if TYPE_CHECKING:
    from pathlib import Path


def test_other_files_are_seen_by_one_command_only(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    machine = LocalMachine(tmp_path)
    machine.write("/etc/a/kept", "kept")
    machine.write("/etc/a/changed", "old")
    machine.write("/etc/a/deleted", "old")
    files = {"/etc/a/changed": "new", "/etc/a/deleted": None, "/etc/a/b/added": "new"}
    folder = tmp_path / "etc/a"
    script = f"cd {folder}; cat kept changed b/added; ls; echo mine >kept"
    result = machine.run_with_files(files, ["/etc/a"], "sh", "-c", script)
    if result.outcome is CommandOutcome.NOT_STARTED:
        pytest.skip(result.reason)

    assert result.stdout == "keptnewnewb\nchanged\nkept\n"
    assert machine.names("/etc/a") == ["changed", "deleted", "kept"]
    assert machine.read("/etc/a/kept") == "kept"

"""A monitor is backed up while it runs, and goes on from the backup elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.alerter_process import AlerterProcess, publish
from tests.builders import make_lone_incident, write_config
from tests.fakes import Receiver

FIRST, SECOND = (make_lone_incident(number << 96) for number in (1, 2))


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "omprog_panic", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_backup_of_a_running_monitor_goes_on_elsewhere(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    backup = tmp_path / "monitor.backup"
    with Receiver() as receiver:
        config = write_config(old, [receiver.url("hook")])
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(old / "spool", FIRST)
            assert len(receiver.wait_for(1)) == 1
            made = call("backup", backup, "--config", config)
            assert made.returncode == 0, made.stderr
            refused = call("restore", backup, "--config", config, "--force")
            assert refused.returncode == os.EX_UNAVAILABLE
            assert "systemctl stop omprog-panic-alerter" in refused.stderr
            assert alerter.terminate() == 0

        restored = call("restore", backup, "--config", new / "config.yaml")
        assert restored.returncode == 0, restored.stderr
        assert "omprog-panic apply" in restored.stdout
        listed = call("incidents", "list", "--config", new / "config.yaml")
        assert FIRST.id[:8] in listed.stdout

        with AlerterProcess(new / "config.yaml") as alerter:
            alerter.wait_for_line("started")
            publish(new / "spool", FIRST, SECOND)
            # The first one is known: it was told by the old monitor.
            assert len(receiver.wait_for(2)) == 2
            assert alerter.terminate() == 0

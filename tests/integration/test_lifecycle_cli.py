"""Acknowledging while a real alerter runs, and while it is dead."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from omprog_panic.cli.main import main
from tests.alerter_process import AlerterProcess, publish
from tests.builders import make_incident, write_config
from tests.fakes import Receiver

pytestmark = pytest.mark.slow


def call(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


def test_a_running_alerter_tells_who_has_it_and_a_killed_one_after_its_start(
    tmp_path: Path,
) -> None:
    with Receiver() as receiver:
        config = write_config(tmp_path, [f"ops={receiver.url()}"])
        options = ["--author", "anna", "--config", config]
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(tmp_path / "spool", make_incident(0xABCD << 112))
            receiver.wait_for(1)
            call("ack", "abcd", "--for", "4h", "--comment", "on it", *options)
            receiver.wait_for(2)
            alerter.wait_for_line("delivered", 2)  # else it is sent again
            alerter.kill()
        call("resolve", "abcd", "--comment", "done", *options)
        with AlerterProcess(config) as alerter:
            titles = [got.alert["title"] for got in receiver.wait_for(3)]
            assert alerter.terminate() == 0

    assert titles[0].startswith("PANIC ")
    assert titles[1].startswith("ACKNOWLEDGED by anna: PANIC ")
    assert titles[2].startswith("RESOLVED by anna: PANIC ")

"""What is wrong with settings is told and costs no alert; a real alerter."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from omprog_panic.admin import sample_alert
from omprog_panic.admin.settings_in_use import NOT_RUNNING, why_outdated
from omprog_panic.cli.main import main
from omprog_panic.config.load import load_public
from tests.alerter_process import AlerterProcess, publish
from tests.builders import make_incident, write_config
from tests.chain.wait import wait_until
from tests.fakes import Receiver

pytestmark = pytest.mark.slow


def status(config: Path) -> dict[str, Any]:
    arguments = ["status", "--config", str(config), "--format", "json"]
    result = CliRunner().invoke(main, arguments)
    data: dict[str, Any] = json.loads(result.output)["data"]
    return data | {"code": result.exit_code}


def test_a_broken_template_neither_stops_the_alerter_nor_loses_an_alert(
    tmp_path: Path,
) -> None:
    with Receiver() as receiver:
        config = write_config(tmp_path, [receiver.url()])
        broken = tmp_path / "alert_templates/en/incident.body.j2"
        broken.parent.mkdir(parents=True)
        broken.write_text("fine\n{{ nosuch }}")
        with AlerterProcess(config) as alerter:
            line = alerter.wait_for_line("template cannot be used")
            assert f"{broken}:2: incident.body.j2: 'nosuch' is undefined" in line
            publish(tmp_path / "spool", make_incident(1))
            body = receiver.wait_for(1)[0].alert["message"]
            assert "---[ end Kernel panic" in body
            foot = body.rstrip().splitlines()[-1]
            assert foot == (
                f"Template failed, another was used: {broken}:2: incident.body.j2: "
                "'nosuch' is undefined"
            )
            wait_until(lambda: status(config)["template_faults"], "a told fault", 60.0)
            told = status(config)
            assert told["code"] == 1
            assert len(told["template_faults"]) == 1
            assert told["template_faults"][0].endswith("correct it or remove the file")

            # A reload with it is refused; without it, nothing is left to tell.
            alerter.process.send_signal(signal.SIGHUP)
            alerter.wait_for_line("reload refused")
            wait_until(
                lambda: status(config)["reload_faults"], "a refused reload", 60.0
            )
            broken.unlink()
            alerter.process.send_signal(signal.SIGHUP)
            alerter.wait_for_line("reloaded")
            wait_until(lambda: status(config)["code"] == 0, "a clean status", 60.0)
            assert status(config)["template_faults"] == []
            assert alerter.terminate() == 0


def test_a_refused_reload_is_told_until_a_good_one(tmp_path: Path) -> None:
    with Receiver() as receiver:
        config = write_config(tmp_path, [receiver.url()])
        good = (tmp_path / "apprise.yml").read_text()
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            (tmp_path / "apprise.yml").write_text("nonsense!\n")
            alerter.process.send_signal(signal.SIGHUP)
            wait_until(
                lambda: status(config)["reload_faults"], "a refused reload", 60.0
            )
            told = status(config)
            assert told["code"] == 1
            assert any("reload refused" in text for _, text in told["problems"])
            assert "apprise.yml:1: $: not understood" in told["reload_faults"][0]

            (tmp_path / "apprise.yml").write_text(good)
            alerter.process.send_signal(signal.SIGHUP)
            wait_until(
                lambda: not status(config)["reload_faults"], "a good reload", 60.0
            )
            assert alerter.terminate() == 0


def test_messages_are_in_the_configured_language(tmp_path: Path) -> None:
    with Receiver() as receiver:
        config = write_config(tmp_path, [receiver.url()])
        settings = json.loads(config.read_text())
        config.write_text(json.dumps({**settings, "language": "ru"}))
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(tmp_path / "spool", make_incident(1))
            alert = receiver.wait_for(1)[0].alert
            assert alert["title"].startswith("ПАНИКА ЯДРА db-07 (10.0.0.2): sysrq")
            assert "Оповещение:    00000000" in alert["message"]
            assert alerter.terminate() == 0


def test_status_of_a_bad_configuration_is_json_where_asked(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("sender: []\n")
    told = status(config)

    assert told["code"] == 3
    [[level, fault]] = told["problems"]
    assert level == 3
    assert fault.startswith(f"{config}:1: $.sender: unknown key")


def test_what_the_alerter_has_not_read_is_said_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_alert, "READ_WITHIN_S", 0.2)
    with Receiver() as first, Receiver() as second:
        config = write_config(tmp_path, [first.url()])
        paths = load_public(config).paths
        arguments = ["test-alert", "--config", str(config)]
        assert why_outdated(paths) == [NOT_RUNNING]
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            wait_until(lambda: not why_outdated(paths), "an alerter that is told of")
            assert status(config)["code"] == 0

            services = tmp_path / "apprise.yml"
            services.write_text(f"# an aside\n\n{services.read_text()}")
            assert why_outdated(paths) == []
            write_config(tmp_path, [second.url()])
            told = f"{services} has changed since the alerter read it"
            assert why_outdated(paths) == [told]
            assert status(config)["problems"] == [
                [1, f"{told}: run `omprog-panic apply`"]
            ]
            refused = CliRunner().invoke(main, arguments)
            assert refused.exit_code == 69
            assert f"{told}: run `omprog-panic apply` first" in refused.output

            alerter.process.send_signal(signal.SIGHUP)
            wait_until(lambda: not why_outdated(paths), "a reload that is told of")
            assert CliRunner().invoke(main, arguments).exit_code == 0
            assert len(second.wait_for(1)) == 1
            assert status(config)["code"] == 0
            assert alerter.terminate() == 0
        assert first.received == []


def test_what_waits_for_a_service_that_was_taken_away_is_told_so(
    tmp_path: Path,
) -> None:
    with Receiver() as first, Receiver() as second:
        config = write_config(tmp_path, [first.url()])
        paths = load_public(config).paths
        first.answer = lambda _: 503
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(tmp_path / "spool", make_incident(1))
            wait_until(
                lambda: ": 1 alert pending: " in str(status(config)["problems"]),
                "a failed delivery",
                60.0,
            )

            write_config(tmp_path, [second.url()])
            alerter.process.send_signal(signal.SIGHUP)
            wait_until(
                lambda: not why_outdated(paths), "a reload that is told of", 60.0
            )
            told = "pending for a service that is no longer configured: add it again,"
            wait_until(
                lambda: f": 1 alert {told}" in str(status(config)["problems"]),
                "a service that is missed",
                60.0,
            )
            assert status(config)["code"] == 1
            rows = CliRunner().invoke(
                main, ["outbox", "list", "--config", str(config), "--format", "json"]
            )
            # The one that took over has a row of its own until it is noted as sent.
            [row] = [
                row
                for row in json.loads(rows.output)["data"]
                if str(first.port) in row["service_label"]
            ]
            arguments = ["outbox", "drop", "--config", str(config), str(row["id"])]
            assert CliRunner().invoke(main, arguments).exit_code == 0
            assert status(config)["code"] == 0
            assert alerter.terminate() == 0

"""The commands as an administrator types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from omprog_panic import __version__
from omprog_panic.admin.incidents import explain_decision
from omprog_panic.alerter.setup import load_setup
from omprog_panic.cli.main import COMMANDS, SUMMARIES, main
from omprog_panic.errors import ConfigError
from tests.alerter_process import REPOSITORY, AlerterProcess, publish
from tests.builders import make_incident, write_config
from tests.fakes import Receiver

pytestmark = pytest.mark.slow


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_version_and_help() -> None:
    assert call("version").output.strip() == __version__
    listed = call("--help").output
    assert all(name in listed for name in COMMANDS)
    assert set(COMMANDS) == set(SUMMARIES)
    assert call("nosuch").exit_code == 2


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(name: str) -> None:
    result = call(name, "--help")

    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from omprog_panic.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print('heavy:', *{'apprise', 'sqlalchemy', 'jinja2', 'yaml', 'rich'} "
        "& set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.rstrip().endswith("heavy:")


def test_check_config_shows_the_services_and_not_their_secrets(tmp_path: Path) -> None:
    url = "json://user:PASSWORDSECRET@127.0.0.1:9/SECRET"
    config = write_config(tmp_path, [f"ops={url}"])
    result = call("check-config", "--config", config)

    assert result.exit_code == 0
    assert "valid, 1 sender\n" in result.output
    assert "json [ops] json://user:****@127.0.0.1:9/..." in result.output
    assert "SECRET" not in result.output


def test_check_config_ends_78_with_every_fault(tmp_path: Path) -> None:
    config = write_config(tmp_path, ["nonsense!"])
    config.write_text('{"sender": [], "paths": {"apprise": "apprise.yml"}}')
    result = call("check-config", "--config", config)

    assert result.exit_code == os.EX_CONFIG
    assert f"{config}:1: $.sender: unknown key" in result.output
    assert f"{tmp_path}/apprise.yml:1: $: not understood" in result.output


def test_before_the_first_start_commands_say_so(tmp_path: Path) -> None:
    config = write_config(tmp_path, ["json://127.0.0.1:9/x"])

    listed = call("incidents", "list", "--config", config)
    assert listed.exit_code == os.EX_UNAVAILABLE
    assert "has the alerter run yet?" in listed.output
    status = call("status", "--config", config)
    assert status.exit_code == 2
    assert status.output.startswith("CRITICAL: ")
    assert "the alerter is not running" in status.output
    tested = call("test-alert", "--config", config)
    assert tested.exit_code == os.EX_UNAVAILABLE
    assert "the alerter is not running: start it" in tested.output
    assert not (tmp_path / "db").exists()


def test_status_of_a_bad_configuration_is_unknown(tmp_path: Path) -> None:
    result = call("status", "--config", tmp_path / "gone.yaml")

    assert result.exit_code == 3
    assert result.output.startswith("UNKNOWN: ")


def test_incidents_status_and_test_alert_tell_what_happened(tmp_path: Path) -> None:
    with Receiver() as receiver:
        config = write_config(tmp_path, [f"ops={receiver.url('SECRETPATH')}"])
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            publish(tmp_path / "spool", make_incident(0xABCD << 112))
            alerter.wait_for_line("delivered")

            tested = call("test-alert", "--config", config)
            assert tested.exit_code == 0
            assert "sent" in tested.output
            got = receiver.wait_for(2)
            assert got[1].alert["title"].startswith("TEST ")

            status = call("status", "--config", config)
            assert status.exit_code == 0
            assert status.output.startswith("OK: everything works")
            as_json = json.loads(
                call("status", "--config", config, "--format", "json").output
            )
            assert as_json["version"] == 1
            assert as_json["data"]["incidents"] == 1
            assert alerter.terminate() == 0

    listed = call("incidents", "list", "--config", config)
    assert "abcd0000" in listed.output
    assert "sysrq triggered crash" in listed.output
    shown = call("incidents", "show", "--config", config, "ABCD")
    assert explain_decision("NOTIFY_FIRST") in shown.output
    assert "sent after 1 attempt\n" in shown.output
    assert "---[ end Kernel panic" in shown.output
    body = json.loads(
        call("incidents", "show", "--config", config, "--format", "json", "abcd").output
    )
    assert body["data"]["deliveries"][0]["state"] == "sent"
    assert body["data"]["report"]["severity"] == "panic"
    everything = listed.output + shown.output + status.output + str(body)
    assert "SECRET" not in everything
    for wrong, why in {
        "ffff": "no incident has an id that begins with",
        "____": "no incident has an id that begins with",
        "%%%%": "no incident has an id that begins with",
    }.items():
        missing = call("incidents", "delete", "--force", "--config", config, wrong)
        assert missing.exit_code == os.EX_UNAVAILABLE
        assert why in missing.output


def test_a_test_alert_that_nobody_takes_fails_with_the_reason(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.answer = lambda _: 403
        config = write_config(tmp_path, [receiver.url()])
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            result = call("test-alert", "--config", config)
            assert result.exit_code == 1
            assert "error=403" in result.output

            status = call("status", "--config", config)
            assert status.exit_code == 1
            assert "error=403" in status.output
            assert alerter.terminate() == 0


def test_a_bad_template_is_named_together_with_a_bad_service(tmp_path: Path) -> None:
    config = write_config(tmp_path, ["bogus://token@x"])
    template = tmp_path / "alert_templates/en/incident.subject.j2"
    template.parent.mkdir(parents=True)
    template.write_text("{{ hostt }} {% if %}")

    with pytest.raises(ConfigError) as caught:
        load_setup(config)

    assert any("apprise.yml:1" in fault for fault in caught.value.faults)
    assert any("incident.subject.j2:1" in fault for fault in caught.value.faults)

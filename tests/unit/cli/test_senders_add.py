"""``senders add``: what is printed, and that nothing else of config.yaml changes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from omprog_panic.cli.senders_add import add
from omprog_panic.host.local import LocalMachine
from omprog_panic.host.machine import CommandResult
from omprog_panic_client.settings import Monitor, parse_settings

ONE = "senders:\n  - name: a\n    address: 10.0.0.1\n\n# tail\nlanguage: en\n"


def run(file: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(add, ["--config", str(file), *arguments])
    return result.exit_code, result.output


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(ONE)
    file.chmod(0o640)
    return file


def test_it_prints_both_sides_and_changes_nothing(config: Path) -> None:
    status, output = run(config, "--monitor", "10.0.0.9", "db-08", "10.0.0.3")

    assert status == 0
    assert "  - name: db-08\n    address: 10.0.0.3\n    source_port: 6665\n" in output
    assert config.read_text() == ONE
    client = output.partition("client.conf on db-08:\n")[2].partition("#")[0]
    settings = parse_settings(client)
    assert settings.monitors == (Monitor("10.0.0.9", 6666, 6665),)
    assert settings.host == "db-08"


def test_write_puts_the_lines_in_and_keeps_the_mode(config: Path) -> None:
    status, _ = run(
        config, "--monitor", "::9", "--write", "db-08", "10.0.0.3", "fd00::3"
    )

    assert status == 0
    assert yaml.safe_load(config.read_text())["senders"][1]["address"] == [
        "10.0.0.3",
        "fd00::3",
    ]
    assert config.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in config.parent.iterdir()) == ["config.yaml"]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["a", "10.0.0.3"], "a is already listed"),
        (["b", "10.0.0.1"], "10.0.0.1 is already listed"),
        (["b", "10.0.0"], "10.0.0"),
        (["-", "10.0.0.3"], "$.senders[1].name"),
    ],
)
def test_what_would_be_a_fault_is_refused(
    config: Path, arguments: list[str], fault: str
) -> None:
    status, output = run(config, "--monitor", "10.0.0.9", "--write", *arguments)

    assert status == 78
    assert fault in output
    assert "/omprog-panic-" not in output, "the name of a file that is gone"
    assert config.read_text() == ONE


def no_route(*_: object) -> CommandResult:
    return CommandResult(("ip",), status=2, stderr="RTNETLINK answers: unreachable")


def test_what_was_written_is_no_failure_without_a_route(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(f"{ONE}receive:\n  address: '*'\n")
    monkeypatch.setattr(LocalMachine, "run", no_route)
    without, _ = run(config, "db-08", "10.0.0.3")
    status, output = run(config, "--write", "db-08", "10.0.0.3")

    assert without == 69  # nothing was written, and the lines cannot be used
    assert status == 0
    assert "warning: no route to the sender: " in output
    assert "db-08" in config.read_text()

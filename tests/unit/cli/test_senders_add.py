"""``senders add``: what is printed, and that nothing else of config.yaml changes."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from omprog_panic.cli.senders_add import add
from omprog_panic.config import sender_entry
from omprog_panic.config.sender_entry import entry_lines, insert_entry
from omprog_panic.errors import ConfigError
from omprog_panic_client.settings import Monitor, parse_settings

ENTRY = entry_lines("db-08", ["10.0.0.3"], 6665)
NEW = {"name": "db-08", "address": "10.0.0.3", "source_port": 6665}

FILES = {
    "empty-list": (
        "# head\nsenders: []  # none yet\n#senders:\n#  - name: x\nlimits: {}\n"
    ),
    "no-key": "# head\nlanguage: en\n",
    "empty-file": "# only a comment\n",
    "one": "senders:\n  - name: a\n    address: 10.0.0.1\n\n# tail\nlanguage: en\n",
    "comment-between": (
        "senders:\n  - name: a\n    address: 10.0.0.1  # here\n"
        "  # - name: old\n  #   address: 10.9.9.9\n"
    ),
    "not-indented": (
        "senders:\n- name: a\n  address: [10.0.0.1,\n    10.0.0.9]\nlanguage: en\n"
    ),
    "no-line-end": "senders:\n  - {name: a, address: 10.0.0.1}",
    "nothing-said": "senders:\nlanguage: en\n",
}


@pytest.mark.parametrize("name", FILES)
def test_only_the_entry_is_new(name: str) -> None:
    text = FILES[name]
    before = yaml.safe_load(text) or {}

    result = insert_entry(text, ENTRY)

    after = yaml.safe_load(result)
    assert after.pop("senders") == [*(before.pop("senders", None) or []), NEW]
    assert after == before
    kept = [line for line in text.splitlines() if not line.startswith("senders")]
    assert [line for line in result.splitlines() if line in kept] == kept
    assert ("# none yet" in result) is ("# none yet" in text)


def test_a_list_in_brackets_is_left_to_people() -> None:
    with pytest.raises(ConfigError, match="by hand"):
        insert_entry("senders: [{name: a, address: 10.0.0.1}]\n", ENTRY)


def test_doctests() -> None:
    assert doctest.testmod(sender_entry).failed == 0


@pytest.mark.parametrize("text", ["1e3", "fd00::1", "fd00::", "no", "12:30:45", "a-b"])
def test_text_stays_text(text: str) -> None:
    [entry] = yaml.safe_load("\n".join(entry_lines(text, [text], 1)))

    assert (entry["name"], entry["address"]) == (text, text)


def run(file: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(add, ["--config", str(file), *arguments])
    return result.exit_code, result.output


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(FILES["one"])
    file.chmod(0o640)
    return file


def test_it_prints_both_sides_and_changes_nothing(config: Path) -> None:
    status, output = run(config, "--monitor", "10.0.0.9", "db-08", "10.0.0.3")

    assert status == 0
    assert "  - name: db-08\n    address: 10.0.0.3\n    source_port: 6665\n" in output
    assert config.read_text() == FILES["one"]
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
    assert config.read_text() == FILES["one"]

"""The commands on the archive, as an administrator types them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from omprog_panic.cli import incidents as command
from omprog_panic.cli.main import main
from omprog_panic.cli.output import print_paged
from tests.archives import CRASHES, make_archive


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return make_archive(tmp_path)


def call(config: Path, *arguments: str, answer: str | None = None) -> Result:
    argv = ["incidents", *arguments, "--config", str(config)]
    return CliRunner().invoke(main, argv, input=answer)


def data(config: Path, *arguments: str) -> Any:
    return json.loads(call(config, *arguments, "--format", "json").output)["data"]


def test_a_list_without_a_terminal_is_complete(config: Path) -> None:
    head, *lines = call(config, "list").output.splitlines()

    assert head.split()[:2] == ["host", "title"]
    assert len(lines) == len(CRASHES)
    assert lines[0].split() == [
        "db-07", "Fatal", "exception", "panic", "resolved", "2026-11-27", "22:15:42",
        "3f2a0001", "6.12.107+deb13-amd64", "10.0.0.2", "-",
    ]  # fmt: skip
    assert lines[2].startswith("сервер-中文-with-a-long-name  WARNING in netdev")


def test_json_has_whole_ids_and_all_that_is_stored(config: Path) -> None:
    [row, *_] = data(config, "list")

    assert row["id"] == "3f2a0001".ljust(32, "0")
    assert row["title"] == "kernel panic: Fatal exception"
    assert row["time"] == "2026-11-27 22:15:42 UTC"


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--host", "db-*"], ["3f2a0001", "77aa0004"]),
        (["--since", "2026-11-27", "--until", "2026-11-27 12:00"], ["5b0c0002"]),
        (["--kernel", "6.1.*", "--severity", "oops"], ["5b0c0002"]),
        (["--cause", "bbbb"], ["77aa0003"]),
        (["--grep", "ext4_"], ["5b0c0002"]),
        (["--limit", "1"], ["3f2a0001"]),
        (["--limit", "1", "--all"], [crash.id for crash in CRASHES]),
    ],
)
def test_options_choose_what_is_listed(
    config: Path, options: list[str], ids: list[str]
) -> None:
    assert [row["id"][:8] for row in data(config, "list", *options)] == ids


def test_a_list_that_is_cut_says_so(config: Path) -> None:
    assert "the newest 1: for more use" in call(config, "list", "--limit", "1").output
    assert "for more use" not in call(config, "list").output


def test_a_bad_time_and_a_bad_severity_are_refused(config: Path) -> None:
    bad = call(config, "list", "--since", "soon")
    assert bad.exit_code == 69
    assert "'soon' is not a time" in bad.output

    assert call(config, "list", "--severity", "bad").exit_code == 2


def test_incidents_are_counted_by_week_and_by_cause(config: Path) -> None:
    head, *weeks = call(config, "stats").output.splitlines()
    assert head.split() == ["week", "incidents", "panicked", "hosts"]
    assert [line.split() for line in weeks] == [
        ["2026-W45", "1", "1", "1"],
        ["2026-W47", "1", "0", "1"],
        ["2026-W48", "2", "1", "2"],
    ]

    [row] = data(config, "stats", "--by", "cause", "--host", "db-07")
    assert (row["key"], row["incidents"]) == ("f" * 8, 2)
    assert "Fatal exception" in call(config, "stats", "--by", "cause").output


def test_an_incident_is_shown_by_its_first_digits(config: Path) -> None:
    shown = call(config, "show", "3f").output

    assert "id:              3f2a0001\n" in shown
    assert "host:            db-07\n" in shown
    assert f"cause:           {'f' * 16}\n" in shown
    assert "usb 1-1: new device" in shown


def test_an_incident_is_exported_as_text_and_as_json(
    config: Path, tmp_path: Path
) -> None:
    raw = json.loads(call(config, "export", "3f2a").output)
    assert raw["id"] == "3f2a0001".ljust(32, "0")

    file = tmp_path / "incident.txt"
    call(config, "export", "3f2a", "--format", "text", "--output", str(file))
    assert file.read_text() == call(config, "show", "3f2a").output

    missing = tmp_path / "missing"
    assert call(config, "export", "ffff", "--output", str(missing)).exit_code == 69
    assert not missing.exists()


def test_deleting_without_a_terminal_needs_yes(config: Path) -> None:
    refused = call(config, "delete", "3f2a")
    assert refused.exit_code == 64
    assert "no terminal to ask for confirmation: use --yes" in refused.output
    assert len(data(config, "list")) == len(CRASHES)

    done = call(config, "delete", "3f2a", "--yes")
    assert done.output == "deleted: 3f2a0001\n"
    assert len(data(config, "list")) == len(CRASHES) - 1
    assert data(config, "delete", "5b0c", "--yes") == {
        "deleted": "5b0c0002".ljust(32, "0")
    }


@pytest.mark.parametrize(("answer", "left"), [("y\n", 3), ("n\n", 4), ("", 4)])
def test_deleting_asks_and_names_the_incident(
    config: Path, monkeypatch: pytest.MonkeyPatch, answer: str, left: int
) -> None:
    monkeypatch.setattr(command, "_has_terminal", lambda: True)

    asked = call(config, "delete", "3f2a", answer=answer)
    words = "Delete incident 3f2a0001 (db-07: kernel panic: Fatal exception)? [y/N]"
    assert words in asked.output
    assert len(data(config, "list")) == left


def test_what_the_encoding_does_not_have_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    print_paged("中…")
    sys.stdout.flush()

    assert written.getvalue() == b"??\n"

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from omprog_panic.cli.main import main
from tests.archives import KERNEL, make_archive

MANY = 16_000
CPU_S = 4.0  # on a machine that is busy with other work


def output(config: Path, *arguments: str) -> str:
    result = CliRunner().invoke(main, ["senders", *arguments, "--config", str(config)])
    assert result.exit_code == 0
    return result.output


def names(config: Path, *arguments: str) -> list[str]:
    rows: Any = json.loads(output(config, *arguments, "--format", "json"))["data"]
    return [row["name"] for row in rows]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], ["db-07", "node-00000", "node-00001", "web-1"]),
        (["--host", "node-*"], ["node-00000", "node-00001"]),
        (["--host", "10.0.0.0/24"], ["db-07", "web-1"]),
        (["--host", "farm", "--host", "!10.9.0.1"], ["node-00000"]),
        (["--kernel", KERNEL], ["node-00000", "node-00001"]),
        (["--state", "never heard"], ["db-07", "web-1"]),
        (["--never"], ["db-07", "web-1"]),
        (["--since", "2026-09-21 14:13:21"], ["node-00001"]),
        (["--until", "2026-09-21 14:13:21"], ["node-00000"]),
    ],
)
def test_options_choose_what_is_listed(
    tmp_path: Path, options: list[str], wanted: list[str]
) -> None:
    assert names(make_archive(tmp_path, senders=2), *options) == wanted


def test_a_list_begins_with_the_name(tmp_path: Path) -> None:
    head, first, *_ = output(make_archive(tmp_path)).splitlines()

    assert head.startswith("name ")
    assert first.split()[:3] == ["db-07", "never", "heard"]


def test_thousands_of_senders_are_listed_in_a_second(tmp_path: Path) -> None:
    config = make_archive(tmp_path, senders=MANY)
    before = time.process_time()
    listed = output(config)

    assert time.process_time() - before < CPU_S
    assert listed.count("\n") == MANY + 3

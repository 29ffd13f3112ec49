from __future__ import annotations

import json

import pytest

from omprog_panic.admin.figures import FIGURES
from omprog_panic.admin.status import (
    CRITICAL,
    WARNING,
    MonitorStatus,
    Problem,
    SenderProblems,
    SpoolStatus,
    StoreStatus,
)
from omprog_panic.cli.output import print_done, print_json, print_status, print_table


def test_json_carries_the_version_of_its_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_json({"a": None})

    assert json.loads(capsys.readouterr().out) == {"version": 1, "data": {"a": None}}


def test_a_table_shows_brackets_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(
        [{"id": 1, "title": "[red]oops", "host": None}], ("id", "title", "host")
    )

    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["id", "title", "host"]
    assert row.split() == ["1", "[red]oops", "-"]


def test_what_was_done_is_said_in_both_forms(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_done("text", "dropped", 2)
    print_done("json", "dropped", 2)

    text, _, rest = capsys.readouterr().out.partition("\n")
    assert text == "dropped: 2"
    assert json.loads(rest)["data"] == {"dropped": 2}


def test_the_first_line_of_a_status_is_its_result(
    capsys: pytest.CaptureFixture[str],
) -> None:
    problems = (Problem(WARNING, "one"), Problem(CRITICAL, "two"))
    status = MonitorStatus(
        alerter_running=True, spool=SpoolStatus(3, 0), store=StoreStatus()
    )

    print_status(status)
    good = capsys.readouterr().out.splitlines()
    assert good[0] == "OK: everything works"
    assert "spool: 3 waiting, 0 set aside" in good
    assert all(f"{figure.label}: 0" in good for figure in FIGURES)

    print_status(MonitorStatus(False, SpoolStatus(0, 0), StoreStatus(), problems))
    bad = capsys.readouterr().out.splitlines()
    assert bad[:2] == ["CRITICAL: one; two", "alerter: not running"]


def test_senders_that_were_never_heard_are_listed_one_a_line_and_bounded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = tuple(f"host-{number:03}" for number in range(432))
    store = StoreStatus(senders=SenderProblems(never_heard=names))
    print_status(MonitorStatus(True, SpoolStatus(0, 0), store))
    said = [s for s in capsys.readouterr().out.splitlines() if "never" in s]

    assert said[:2] == ["never heard: host-000", "never heard: host-001"]
    assert said[20:] == ["never heard: ... and 412 more: omprog-panic senders --never"]

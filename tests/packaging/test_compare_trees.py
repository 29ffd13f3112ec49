"""tools/compare-trees finds what differs, and nothing else."""

from __future__ import annotations

import json
import uuid

from tests.omprog_driver import REPOSITORY
from tests.omprog_driver import envelope as line_of_a_datagram
from tools.compare_trees import (
    Tree,
    as_lines,
    counts,
    differences,
    envelope,
    facts,
    stored,
)

ALERT = ["Subject: PANIC db-07", "Trace:  complete, 32 records", "[    1.0] BUG: x"]


def test_equal_trees_do_not_differ() -> None:
    entries = {"alerts a": ALERT, "spool a": ["1"]}

    assert differences(entries, dict(entries), wording=True) == []


def test_a_difference_and_a_missing_entry_are_named() -> None:
    base = {"alerts a": ALERT, "spool a": ["1"]}
    ours = {"alerts a": [*ALERT[:2], "[    1.0] BUG: y"]}
    found = differences(base, ours, wording=False)

    assert [text.splitlines()[0] for text in found] == ["alerts a", "spool a"]
    assert "    -[    1.0] BUG: x" in found[0]


def test_words_can_be_left_aside_but_no_figures() -> None:
    other = [ALERT[0], "The trace is whole: 32 lines.", ALERT[2]]
    fewer = [ALERT[0], "Trace:  complete, 31 records", ALERT[2]]

    assert facts(ALERT) == facts(other) != facts(fewer)


def test_what_belongs_to_one_run_is_masked() -> None:
    known = uuid.uuid5(uuid.NAMESPACE_OID, "incident:ab").hex
    text = f"At: 2026-11-22 22:15:42 UTC\nAlert:     {known[:8]}\nAlert:     {'0' * 12}"
    lines = as_lines({"title": "t", "type": "info", "message": text}, {known})

    assert lines[1:] == [
        "At: <time>",
        f"Alert:     {known[:8]}",
        "Alert:     <id>",
    ]
    listed = json.dumps({"version": 1, "data": [{"id": "a", "stored_at": 1}]})
    assert stored(listed) == ['{"id": "a"}']


def test_alerts_are_counted_by_their_subjects() -> None:
    assert counts({"alerts a": ALERT, "spool a": ["1", "    text"]}) == (
        "1 alerts, 1 spool"
    )


def test_programs_are_those_of_setup_cfg() -> None:
    command = Tree(REPOSITORY).command("omprog-panic-collector", "--version")

    assert "omprog_panic.collector.start import main" in command[2]
    assert command[3:] == ["--version"]


def test_a_datagram_is_passed_on_as_rsyslogd_does() -> None:
    assert envelope("a\tb\n", "127.0.0.1", 61.5) == (
        line_of_a_datagram("a\tb\n", "127.0.0.1", 61.5) + b"\n"
    )

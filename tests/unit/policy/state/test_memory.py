"""The memory as a whole: to a store and back."""

from __future__ import annotations

import json

import pytest

from omprog_panic.errors import MalformedRecordError
from omprog_panic.policy.state.memory import (
    Memory,
    MemoryRow,
    decode_checkpoint,
    read_memory,
)
from omprog_panic.policy.state.sender import SenderState, UnheardState
from tests.policies import Scene


def test_changes_on_a_copy_make_the_same_memory() -> None:
    scene, rows = Scene(), {}
    for number in range(5):
        scene.crash(number + 2, f"cause-{number % 2}")
        scene.wait(100, 10)
        for row in scene.engine.memory.take_changes():
            rows[row.table, row.key] = row

    kept = [row for row in rows.values() if row.content is not None]
    assert sorted(read_memory(kept).rows()) == sorted(scene.engine.memory.rows())


def test_the_memory_says_whether_there_is_something_to_store() -> None:
    memory = Memory()
    answers = [memory.has_changes]
    memory.senders.put("10.0.0.2", SenderState("10.0.0.2"))
    answers.append(memory.has_changes)
    memory.take_changes()
    answers.append(memory.has_changes)

    assert answers == [False, True, False]


def test_single_rows_are_saved_by_name() -> None:
    memory = Memory()
    memory.save_monitor()
    memory.save_self_check()
    memory.save_digest()
    assert [row.table for row in memory.take_changes()] == [
        "monitor",
        "self_check",
        "digest",
    ]


@pytest.mark.parametrize(
    "row",
    [
        MemoryRow("unheard_of", "a", "{}"),
        MemoryRow("unheard", "a", None),
        MemoryRow("unheard", "a", "{}"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused(row: MemoryRow) -> None:
    with pytest.raises(MalformedRecordError):
        Memory().load(row)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2, "rows": []}'])
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(MalformedRecordError):
        decode_checkpoint(text)


def test_a_checkpoint_holds_rows_as_the_store_does() -> None:
    memory = Memory()
    memory.unheard.put("10.0.0.2", UnheardState(1.5))
    [row] = memory.rows()

    content = {"version": 1, "since_listened": 1.5, "notified": False}
    assert json.loads(str(row.content)) == content

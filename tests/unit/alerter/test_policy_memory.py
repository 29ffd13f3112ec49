"""The memory and the log of the policy in the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.alerter.policy_memory import (
    log_checkpoint,
    log_evaluation,
    open_memory,
    replay_log,
    store_changes,
)
from omprog_panic.policy.event import ProbeSent
from omprog_panic.policy.state.memory import Memory
from omprog_panic.policy.state.sender import SenderState
from omprog_panic.policy.timestamps import Timestamps
from omprog_panic.store import policy_store
from omprog_panic.store.connect import Database, open_database
from omprog_panic.store.policy_store import StateRow
from tests.policies import Scene


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = open_database(tmp_path / "db.sqlite")
    made.create()
    yield made
    made.close()


def test_the_memory_is_stored_and_read(database: Database) -> None:
    memory = Scene().engine.memory
    memory.senders.put("10.0.0.9", SenderState("10.0.0.9", "web"))
    with database.write() as connection:
        store_changes(connection, memory)

    with database.read() as connection:
        read = open_memory(connection)
    assert sorted(read.rows()) == sorted(memory.rows())


def test_a_row_that_cannot_be_read_is_logged_and_left_out(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    memory = Memory()
    memory.senders.put("10.0.0.9", SenderState("10.0.0.9", "web"))
    with database.write() as connection:
        store_changes(connection, memory)
        bad = [StateRow("senders", "10.0.0.8", "{}"), StateRow("new", "x", "{}")]
        policy_store.store_state(connection, bad)

    with database.read() as connection:
        read = open_memory(connection)
    assert list(read.senders.rows) == ["10.0.0.9"]
    assert caplog.text.count("row of the policy's memory cannot be read") == 2


def test_the_log_is_replayed_from_its_first_checkpoint_on(database: Database) -> None:
    scene = Scene()
    before = Timestamps(0.5, scene.wall, 0.5)
    with database.write() as connection:
        log_evaluation(connection, before, [ProbeSent("lost", error="no checkpoint")])
        log_checkpoint(connection, 0.0, scene.engine.memory)
        now = Timestamps(1.0, scene.wall, 1.0)
        crash = scene.crash()
        log_evaluation(connection, now, [crash])
        log_checkpoint(connection, 0.0, scene.engine.memory)
        entries = policy_store.load_log(connection)

    assert replay_log([]) == []
    assert replay_log(entries[:1]) == []
    assert [record.subject for record in replay_log(entries)] == [
        f"incident:{crash.id}"
    ]

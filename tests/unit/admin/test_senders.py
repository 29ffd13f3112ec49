from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.admin.senders import (
    STATES,
    THIS_MONITOR,
    find_token,
    list_senders,
)
from omprog_panic.clock import rfc3339
from omprog_panic.config.policy import parse_policy
from omprog_panic.spool.record import AliveRecord
from tests.builders import make_service
from tests.unit.alerter.worlds import World

LISTED = [
    {"name": "db-07", "address": "10.0.0.2"},
    {"name": "mute", "address": "10.9.9.9"},
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [make_service("a")], policy={"senders": LISTED})
    yield world
    world.database.close()


def test_listed_senders_come_first_with_their_states(world: World) -> None:
    at = rfc3339(world.clock.now)
    world.receive(
        AliveRecord("1", "10.0.0.2", at, says="alive", kernel="6.1"),
        AliveRecord("2", "10.0.0.3", at, host="web\x1b[2J"),
        AliveRecord("3", "10.0.0.4", at, says="farewell"),
        AliveRecord("4", "127.0.0.1", at),
    )

    found = list_senders(world.location, parse_policy({"senders": LISTED}).senders)
    assert [(s.name, s.state, s.listed) for s in found] == [
        ("db-07", "up", True),
        ("mute", "never heard", True),
        ("10.0.0.4", "down", False),
        ("127.0.0.1", "heard", False),
        (r"web\x1b[2J", "heard", False),
    ]
    assert found[0].to_json()["kernel"] == "6.1"
    assert found[1].meaning == STATES["never heard"]
    assert found[3].meaning == THIS_MONITOR


def test_a_token_is_found_with_what_its_sender_said(world: World) -> None:
    at = rfc3339(world.clock.now)
    world.receive(AliveRecord("1", "10.0.0.2", at, says="verify", token="ab12"))

    found = find_token(world.location, "ab12")
    assert found is not None
    assert found.to_json()["source"] == "10.0.0.2"
    assert find_token(world.location, "ab13") is None

"""A log, replayed from a checkpoint, gives every decision again."""

from __future__ import annotations

import pytest

from omprog_panic.errors import MalformedRecordError
from omprog_panic.policy.replay import replay
from omprog_panic.policy.state.memory import encode_checkpoint
from tests.policies import Scene


def test_the_decisions_after_a_checkpoint_are_the_same() -> None:
    scene = Scene()
    scene.crash()
    checkpoint, before = encode_checkpoint(scene.engine.memory), len(scene.decided)
    begun = len(scene.log)
    scene.crash(host=3)
    scene.wait(400, 10)
    scene.crash(host=4)

    decided = replay(checkpoint, scene.log[begun:])
    assert decided == scene.decided[before:]
    assert len(decided) == 3


def test_a_log_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(MalformedRecordError):
        replay("{}", [])
    with pytest.raises(MalformedRecordError):
        replay(encode_checkpoint(Scene().engine.memory), ["{}"])

"""Runs the log of a policy again. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.policy.engine import Engine
from omprog_panic.policy.event_codec import decode_evaluation
from omprog_panic.policy.state.memory import decode_checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.policy.decision import DecisionRecord


def replay(checkpoint: str, evaluations: Iterable[str]) -> list[DecisionRecord]:
    """Evaluate again what was logged after a checkpoint; return the decisions.

    Raises:
        MalformedRecordError: an entry cannot be read.

    """
    engine = Engine(decode_checkpoint(checkpoint))
    decisions: list[DecisionRecord] = []
    for entry in evaluations:
        now, events = decode_evaluation(entry)
        decisions += engine.evaluate(now, events).decisions
    return decisions

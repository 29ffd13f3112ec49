"""The log refuses what it does not know; contract/test_policy_codec.py has the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omprog_panic.errors import MalformedRecordError
from omprog_panic.policy.event import ProbeSent
from omprog_panic.policy.event_codec import decode_evaluation, encode_evaluation
from omprog_panic.policy.timestamps import Timestamps

GOOD: dict[str, Any] = json.loads(
    encode_evaluation(Timestamps(1.0, 2.0, 3.0, 4), [ProbeSent("a")])
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        json.dumps({**GOOD, "version": 2}),
        json.dumps({**GOOD, "now": {}}),
        json.dumps({**GOOD, "events": [{"event": "unheard-of"}]}),
        json.dumps({**GOOD, "events": [{"event": "probe-sent"}]}),
    ],
)
def test_what_is_no_entry_is_refused(text: str) -> None:
    with pytest.raises(MalformedRecordError):
        decode_evaluation(text)


def test_a_field_that_a_later_version_adds_is_ignored() -> None:
    now, events = decode_evaluation(json.dumps({**GOOD, "more": 1}))

    assert (now, events) == (Timestamps(1.0, 2.0, 3.0, 4), [ProbeSent("a")])

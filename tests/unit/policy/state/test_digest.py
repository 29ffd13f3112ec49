"""The digest in the memory."""

from __future__ import annotations

import json

import pytest

from omprog_panic.errors import MalformedRecordError
from omprog_panic.notification.digest import DigestCause
from omprog_panic.policy.state.digest import DIGEST, DigestState


def test_a_digest_without_anything_survives_the_store() -> None:
    assert DIGEST.from_text(DIGEST.to_text(DigestState())) == DigestState()


def test_causes_keep_their_fingerprints() -> None:
    row = DigestState(causes={"b": DigestCause(title="2"), "a": DigestCause("1")})

    assert DIGEST.from_text(DIGEST.to_text(row)) == row


def test_causes_without_fingerprints_are_refused() -> None:
    row = DigestState(causes={"b": DigestCause()})
    raw = json.loads(DIGEST.to_text(row))

    with pytest.raises(MalformedRecordError):
        DIGEST.from_text(json.dumps({**raw, "fingerprints": []}))

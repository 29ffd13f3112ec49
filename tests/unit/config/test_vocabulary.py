from __future__ import annotations

import pytest

from omprog_panic.config.schema import schema
from omprog_panic.config.vocabulary import (
    DRILL,
    SEVERITIES,
    why_no_match,
    why_unknown,
)
from omprog_panic.model import Severity
from omprog_panic.notification.kinds import Kind


@pytest.mark.parametrize(
    ("key", "pattern"),
    [
        ("severity", "panic"),
        ("severity", "! panic"),
        ("severity", "pan*"),
        ("kind", "soft-lockup"),
        ("host", "anything"),
    ],
)
def test_a_word_that_an_alert_may_have_is_accepted(key: str, pattern: str) -> None:
    assert why_no_match(key, pattern) is None


def test_a_word_that_no_alert_has_is_explained() -> None:
    assert why_no_match("kind", "!soft-lokup") == (
        "unknown kind of crash 'soft-lokup': did you mean 'soft-lockup'?"
    )


def test_without_a_near_word_the_known_ones_are_named() -> None:
    assert why_unknown("xyzzy", ["ops", "dba"], "tag") == (
        "unknown tag 'xyzzy': remove it; known here: ops, dba"
    )


def test_the_reference_names_every_severity_of_a_crash() -> None:
    route = schema()["properties"]["routes"]["items"]["properties"]
    text = route["match"]["properties"]["severity"]["description"]

    crashes = [*(severity.value for severity in Severity), DRILL]
    assert [word for word in crashes if f"`{word}`" not in text] == []


@pytest.mark.parametrize("kind", Kind)
def test_a_message_that_is_about_no_crash_is_routed_by_its_kind(kind: Kind) -> None:
    assert (kind.value in SEVERITIES) is not kind.format.about_crash


@pytest.mark.parametrize("pattern", ["", " ", "!", "! ", "!!"])
@pytest.mark.parametrize("key", ["host", "severity", "title"])
def test_an_empty_pattern_is_a_variable_that_is_not_set(key: str, pattern: str) -> None:
    message = why_no_match(key, pattern)

    assert message is not None
    assert "is empty: is a variable not set?" in message

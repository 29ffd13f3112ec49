"""What decisions are called, and what they mean."""

from __future__ import annotations

from omprog_panic.policy.decision import PRECEDENCE, Decision, meaning_of

# Stored, and shown to people and scripts: they stay whatever the code calls them.
STORED = {
    "NOTIFY_FIRST",
    "NOTIFY_MORE",
    "NOTIFY_REPEAT",
    "NOTIFY_ESCALATED",
    "NOTIFY_ACKNOWLEDGED",
    "NOTIFY_UNACKNOWLEDGED",
    "NOTIFY_RESOLVED",
    "NOTIFY_HOST_STATE",
    "NOTIFY_MONITOR",
    "NOTIFY_SILENCE_ENDED",
    "NOTIFY_SUPPRESSED",
    "NOTIFY_DIGEST",
    "NOTIFY_SEVERE",
    "NOTIFY_RESENT",
    "NOTIFY_TEST",
    "NOTIFY_DATABASE_DAMAGED",
    "NOTIFY_UNDELIVERED",
    "SUPPRESS_GROUP_WAIT",
    "SUPPRESS_GROUP",
    "SUPPRESS_REPEAT",
    "SUPPRESS_ACKNOWLEDGED",
    "SUPPRESS_HOST_STATE",
    "SUPPRESS_RATE_LIMIT",
    "STORE_DIGEST",
    "STORE_ONLY",
    "STORE_NO_RECEIVER",
    "STORE_SILENCED",
    "STORE_EXPECTED",
}


def test_the_stored_names_stay() -> None:
    assert {decision.value for decision in Decision} == STORED


def test_the_meaning_of_a_stored_decision_is_shown() -> None:
    assert meaning_of("STORE_DIGEST") == Decision.STORE_DIGEST.meaning
    assert meaning_of("OF_ANOTHER_VERSION") == "OF_ANOTHER_VERSION"


def test_every_decision_says_what_it_means() -> None:
    assert all(len(decision.meaning.split()) > 2 for decision in Decision)
    assert len({decision.meaning for decision in Decision}) == len(Decision)


def test_a_notification_is_shown_before_what_was_suppressed_and_stored() -> None:
    order = [decision.value.partition("_")[0] for decision in PRECEDENCE]

    assert order == sorted(order, key=["NOTIFY", "SUPPRESS", "STORE"].index)


def test_what_is_suppressed_is_in_a_later_message() -> None:
    suppressing = {d for d in Decision if d.suppresses}

    assert suppressing == {d for d in Decision if d.value.startswith("SUPPRESS_")}

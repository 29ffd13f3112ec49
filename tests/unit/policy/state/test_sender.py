"""Senders in the memory."""

from __future__ import annotations

from omprog_panic.policy.state.sender import (
    HOST_CAUSES,
    SENDERS,
    UNHEARD,
    HostCausesState,
    SenderState,
    UnheardState,
)


def test_a_sender_of_which_nothing_is_known_survives_the_store() -> None:
    row = SenderState("10.0.0.2")

    assert SENDERS.from_text(SENDERS.to_text(row)) == row


def test_a_host_without_causes_survives_the_store() -> None:
    row = HostCausesState()

    assert HOST_CAUSES.from_text(HOST_CAUSES.to_text(row)) == row


def test_a_machine_that_was_never_heard_survives_the_store() -> None:
    row = UnheardState(0.0)

    assert UNHEARD.from_text(UNHEARD.to_text(row)) == row

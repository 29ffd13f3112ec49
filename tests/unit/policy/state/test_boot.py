"""Boots that wait, in the memory."""

from __future__ import annotations

from omprog_panic.policy.event import Boot
from omprog_panic.policy.state.boot import BOOTS, PendingBoot


def test_a_boot_of_which_little_is_known_survives_the_store() -> None:
    boot = Boot("b", "", "10.0.0.2", None, "b2", True, None, None)
    row = PendingBoot(1.0, 2.0, boot)

    assert BOOTS.from_text(BOOTS.to_text(row)) == row

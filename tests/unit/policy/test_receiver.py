"""Services as the policy's store holds them."""

from __future__ import annotations

from omprog_panic.policy.receiver import Receiver, decode_receiver, encode_receiver


def test_a_receiver_survives_the_store() -> None:
    receiver = Receiver("1", "json [ops]", ("ops", "night"))

    assert decode_receiver(encode_receiver(receiver)) == receiver

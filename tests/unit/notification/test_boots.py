from __future__ import annotations

from omprog_panic.notification.boots import (
    BACK,
    SUSPECTED_CRASH,
    BackHost,
    UnannouncedBoot,
    decode_boot,
    encode_boot,
)
from omprog_panic.notification.fields import Fields


def test_a_host_that_is_back_may_know_little_of_its_crash() -> None:
    back = BACK.decode(Fields({"hosts": [{"name": "db-07", "down_s": 3}], "count": 9}))

    assert back.hosts == (BackHost(name="db-07", down_s=3),)
    assert back.count == 9


def test_a_boot_survives_alone_as_the_digest_stores_it() -> None:
    boot = UnannouncedBoot("db-07", "10.0.0.2", 5.0, says_farewell=True)

    assert decode_boot(Fields(encode_boot(boot))) == boot
    assert SUSPECTED_CRASH.encode(SUSPECTED_CRASH.sample)["count"] == 1

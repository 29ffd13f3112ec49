from __future__ import annotations

import pytest

from omprog_panic.notification.fields import Fields
from omprog_panic.notification.format import Format
from omprog_panic.notification.senders import (
    NEVER_HEARD,
    SENDER_SILENT,
    SENDER_SPEAKS,
    NeverHeard,
    SenderSilent,
    SenderSpeaks,
    SilentHost,
)

HOST = SilentHost("db-07", "10.0.0.2", silent_s=3612.0)


@pytest.mark.parametrize(
    ("form", "facts"),
    [
        (SENDER_SILENT, SenderSilent((HOST,), 1)),
        (SENDER_SPEAKS, SenderSpeaks((HOST,), 1)),
        (NEVER_HEARD, NeverHeard((HOST,), 1)),
    ],
)
def test_each_kind_stores_its_hosts_alike(
    form: Format[SenderSilent | SenderSpeaks | NeverHeard],
    facts: SenderSilent | SenderSpeaks | NeverHeard,
) -> None:
    stored = form.encode(facts)

    assert form.decode(Fields(stored)) == facts
    assert stored == SENDER_SILENT.encode(SenderSilent((HOST,), 1))

from __future__ import annotations

from omprog_panic.notification.fields import Fields
from omprog_panic.notification.silence_ended import (
    SILENCE_ENDED,
    NamedIncident,
    SilenceEnded,
)


def test_incidents_without_all_their_fields_are_named_all_the_same() -> None:
    stored = {"id": "5e1f", "match": ["host=db-*", 1], "incidents": [{"id": "ab"}]}

    assert SILENCE_ENDED.decode(Fields(stored)) == SilenceEnded(
        id="5e1f", match=("host=db-*",), incidents=(NamedIncident("ab"),)
    )

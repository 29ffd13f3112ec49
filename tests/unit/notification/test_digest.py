from __future__ import annotations

from omprog_panic.notification.digest import DIGEST, DailyDigest, DigestCause
from omprog_panic.notification.familiarity import Familiarity
from omprog_panic.notification.fields import Fields


def test_nested_facts_are_read() -> None:
    cause = DigestCause("t", hosts=("a", "b"), known=Familiarity("back", days=9))
    digest = DailyDigest(since=1.5, causes=(cause,), more_boots=3)

    assert DIGEST.decode(Fields(DIGEST.encode(digest))) == digest


def test_of_a_list_only_what_is_readable_stays() -> None:
    stored = {"causes": [{"title": "t", "hosts": ["a", 1]}, None], "suppressed": "x"}

    digest = DIGEST.decode(Fields(stored))
    assert digest.causes == (DigestCause("t", hosts=("a",)),)
    assert digest.suppressed == ()

from __future__ import annotations

import dataclasses

import pytest

from omprog_panic.admin.services import choose_services
from omprog_panic.errors import OmprogPanicError
from tests.builders import make_service

OPS = dataclasses.replace(make_service("a"), key="aaaa11", tags=frozenset({"ops"}))
NIGHT = dataclasses.replace(make_service("b"), key="bbbb22", tags=frozenset({"night"}))
BOTH = [OPS, NIGHT]


@pytest.mark.parametrize(
    ("keys", "tags", "chosen"),
    [
        ((), (), BOTH),
        (("aa",), (), [OPS]),
        ((), ("night",), [NIGHT]),
        (("aaaa11",), ("night",), BOTH),
    ],
)
def test_services_are_chosen_by_key_prefix_or_tag(
    keys: tuple[str, ...], tags: tuple[str, ...], chosen: list[object]
) -> None:
    assert choose_services(BOTH, keys, tags) == chosen


@pytest.mark.parametrize(
    ("keys", "tags", "words"),
    [
        (("cc",), (), "no service has a key that begins with 'cc'"),
        ((), ("ops", "day"), "no service has the tag 'day'"),
    ],
)
def test_a_key_or_tag_that_no_service_has_is_refused(
    keys: tuple[str, ...], tags: tuple[str, ...], words: str
) -> None:
    with pytest.raises(OmprogPanicError, match=words):
        choose_services(BOTH, keys, tags)

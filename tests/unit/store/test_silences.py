from __future__ import annotations

import pytest

from omprog_panic.store.silences import matchers_from_json, matchers_to_json


def test_matchers_come_back_in_their_order() -> None:
    match = {"severity": ["oops"], "host": ["db-*", "web"]}

    found = matchers_from_json(matchers_to_json(match))
    assert found == match
    assert list(found) == list(match)


@pytest.mark.parametrize("text", ["{}", '{"version": 2, "match": {}}', "no JSON"])
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"unknown form|Expecting value"):
        matchers_from_json(text)

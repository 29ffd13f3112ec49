from __future__ import annotations

import pytest

from omprog_panic.store.decisions import services_from_json, services_to_json


def test_labels_come_back_in_their_order() -> None:
    labels = ("slack [b] x", "json [a] y")

    assert services_from_json(services_to_json(labels)) == labels


@pytest.mark.parametrize("text", ["{}", '{"version": 2, "labels": []}', "no JSON"])
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"unknown form|Expecting value"):
        services_from_json(text)

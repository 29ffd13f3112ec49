from __future__ import annotations

from omprog_panic.config.schema import schema, with_defaults


def test_defaults_are_filled_in_at_every_depth() -> None:
    filled = with_defaults({"routes": [{"routes": [{}]}], "fallback": [{"for": "a"}]})

    assert filled["limits"]["poll_s"] == 2
    assert filled["routes"][0]["continue"] is False
    assert filled["routes"][0]["routes"][0]["continue"] is False
    assert filled["fallback"][0]["after_s"] == 300


def test_what_is_written_is_kept() -> None:
    assert with_defaults({"limits": {"poll_s": 9}})["limits"]["poll_s"] == 9


def test_nothing_is_changed_in_place() -> None:
    data: dict[str, object] = {"limits": {}}
    before = schema()["properties"]["limits"]["default"].copy()

    with_defaults(data)
    assert data == {"limits": {}}
    assert schema()["properties"]["limits"]["default"] == before


def test_a_value_of_the_wrong_type_is_left_to_the_checks() -> None:
    assert with_defaults({"limits": 3, "routes": "x"})["limits"] == 3

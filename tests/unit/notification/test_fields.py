from __future__ import annotations

from omprog_panic.notification.fields import Fields


def test_each_type_is_read_as_what_it_is() -> None:
    fields = Fields({"t": "x", "i": 3, "f": 1.5, "b": True, "l": ["a", 1], "o": {}})

    assert fields.text("t") == "x"
    assert fields.integer("i") == 3
    assert fields.number("f") == 1.5
    assert fields.flag("b")
    assert fields.texts("l") == ("a",)
    assert fields.optional("o", lambda inner: inner.integer("n", 7)) == 7


def test_what_has_another_type_is_missing() -> None:
    fields = Fields({"t": 1, "i": True, "f": "1", "b": 1, "l": "a", "o": []})

    assert fields.text("t", "default") == "default"
    assert fields.optional_text("t") is None
    assert fields.optional_integer("i") is None
    assert fields.number("f") is None
    assert not fields.flag("b")
    assert fields.texts("l") == ()
    assert fields.optional("o", lambda inner: inner) is None
    assert Fields(None).integer("x") == 0

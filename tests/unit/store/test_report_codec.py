from __future__ import annotations

import json

import pytest

from omprog_panic.kernel.report import Facts, Frame
from omprog_panic.store.report_codec import (
    report_fields,
    report_from_json,
    report_to_json,
)
from tests.builders import make_report


def test_a_report_with_nothing_known_comes_back() -> None:
    report = make_report(facts=Facts())

    assert report_from_json(report_to_json(report)) == report


def test_lists_come_back_as_tuples() -> None:
    facts = Facts(
        taint_words=("a",), frames=(Frame("f", 1, 2, "m"),), keys=(("rack", "7"),)
    )

    assert report_from_json(report_to_json(make_report(facts=facts))).facts == facts


def test_keys_that_a_later_program_added_are_ignored() -> None:
    body = json.loads(report_to_json(make_report()))
    body["later"] = 1
    body["facts"]["later"] = [1]

    assert report_from_json(json.dumps(body)) == make_report()


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        "{}",
        '{"version": 2}',
        '{"version": 1, "kind": "panic"}',
        report_to_json(make_report()).replace('"panic"', '"unheard-of"'),
    ],
)
def test_what_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        report_from_json(text)


def test_what_commands_print_has_no_version_of_its_own() -> None:
    assert "version" not in report_fields(make_report())

from __future__ import annotations

import pytest

from omprog_panic.config.check import schema_faults
from omprog_panic.config.yaml_lines import read_yaml


def faults_of(text: str) -> list[str]:
    return [str(fault) for fault in schema_faults(read_yaml("f", text))]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "limit: {}\n",
            "f:1: $.limit: unknown key 'limit': did you mean 'limits'?",
        ),
        (
            "limits:\n  poll_s: x\n",
            (
                "f:2: $.limits.poll_s: 'x' is not a number: write a number, "
                "for example `poll_s: 2`"
            ),
        ),
        (
            "limits:\n  poll_s: 0\n",
            (
                "f:2: $.limits.poll_s: 0 is too small: write 0.05 or more, "
                "for example `poll_s: 2`"
            ),
        ),
        (
            "language: xx\n",
            (
                "f:1: $.language: 'xx' is not allowed here: write one of en, ru, "
                "for example `language: en`"
            ),
        ),
        (
            "senders:\n  - address: 10.0.0.2\n",
            (
                "f:2: $.senders[0]: the key 'name' is missing: add it, "
                "for example `name: db-07`"
            ),
        ),
        (
            'digest:\n  at: "8"\n',
            (
                "f:2: $.digest.at: '8' is not a time of day: write hours and minutes "
                'in quotes, or never, for example `at: "08:00"`'
            ),
        ),
    ],
)
def test_a_fault_says_what_is_wrong_and_what_to_write(text: str, fault: str) -> None:
    assert faults_of(text) == [fault]


def test_a_value_of_the_wrong_type_has_one_fault_only() -> None:
    [fault] = faults_of("grouping:\n  repeat_s: {}\n")
    assert "is not a list" in fault


def test_a_good_document_has_no_faults() -> None:
    assert faults_of("senders:\n  - {name: a, address: 10.0.0.2}\n") == []

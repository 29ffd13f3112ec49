from __future__ import annotations

import pytest
import yaml

from omprog_panic.config.fault import FaultError
from omprog_panic.config.yaml_lines import read_yaml


def test_every_value_has_its_line() -> None:
    document = read_yaml("f", "a: 1\nb:\n  - x\n  - {c: 2}\n")

    assert document.data == {"a": 1, "b": ["x", {"c": 2}]}
    assert document.line("$.b[1].c") == 4
    assert document.line("$.b[1].missing.deeper") == 4
    assert document.line("$.nothing") == 1


def test_a_duplicate_key_is_a_fault_and_the_first_value_counts() -> None:
    document = read_yaml("f", "a: 1\na: 2\n")

    assert document.data == {"a": 1}
    [fault] = document.faults
    assert str(fault) == "f:2: $.a: duplicate key 'a' (first on line 1): remove one"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1", "check indentation and colons"),
        ("a: &x 1\nb: *x\n", "alias *x is not supported"),
        ("a: !secret x\n", "tag !secret is not supported"),
        ("a: \x07\n", "remove the control character"),
    ],
)
def test_what_is_not_plain_yaml_is_refused(text: str, words: str) -> None:
    with pytest.raises(FaultError) as caught:
        read_yaml("f", text)

    assert words in str(caught.value)


SAMPLES = (
    "a: 1\nb:\n  - x\n  - {c: 2}\n",
    "a: 'é — 中'\nb: |\n  two\n  lines\nc: >-\n  folded\n  text\n",
    "# only a comment\n",
    "d: 2026-11-28\ne: 0o17\nf: 1e3\ng: ~\nh: yes\n",
    "a: 1\na: 2\n? [x]\n: 3\n",
    "a: [1",
    "a: b: c\n",
    "a:\n\t- b\n",
    "a: \x07\n",
    "a: &x 1\nb: *x\n",
    'a: "\\q"\n',
)


@pytest.mark.parametrize("text", SAMPLES)
def test_with_and_without_libyaml_a_document_reads_the_same(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outcome() -> object:
        try:
            document = read_yaml("f", text)
        except FaultError as error:
            return str(error)
        return document.data, document.lines, list(map(str, document.faults))

    fast = outcome()
    monkeypatch.delattr(yaml, "CSafeLoader")

    assert outcome() == fast

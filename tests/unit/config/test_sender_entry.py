"""A new entry in the text of config.yaml: nothing else changes."""

from __future__ import annotations

import pytest
import yaml

from omprog_panic.config.sender_entry import entry_lines, insert_entry
from omprog_panic.errors import ConfigError

ENTRY = entry_lines("db-08", ["10.0.0.3"], 6665)
NEW = {"name": "db-08", "address": "10.0.0.3", "source_port": 6665}

FILES = {
    "empty-list": (
        "# head\nsenders: []  # none yet\n#senders:\n#  - name: x\nlimits: {}\n"
    ),
    "no-key": "# head\nlanguage: en\n",
    "empty-file": "# only a comment\n",
    "one": "senders:\n  - name: a\n    address: 10.0.0.1\n\n# tail\nlanguage: en\n",
    "comment-between": (
        "senders:\n  - name: a\n    address: 10.0.0.1  # here\n"
        "  # - name: old\n  #   address: 10.9.9.9\n"
    ),
    "not-indented": (
        "senders:\n- name: a\n  address: [10.0.0.1,\n    10.0.0.9]\nlanguage: en\n"
    ),
    "no-line-end": "senders:\n  - {name: a, address: 10.0.0.1}",
    "nothing-said": "senders:\nlanguage: en\n",
}


@pytest.mark.parametrize("name", FILES)
def test_only_the_entry_is_new(name: str) -> None:
    text = FILES[name]
    before = yaml.safe_load(text) or {}

    result = insert_entry(text, ENTRY)

    after = yaml.safe_load(result)
    assert after.pop("senders") == [*(before.pop("senders", None) or []), NEW]
    assert after == before
    kept = [line for line in text.splitlines() if not line.startswith("senders")]
    assert [line for line in result.splitlines() if line in kept] == kept
    assert ("# none yet" in result) is ("# none yet" in text)


def test_a_list_in_brackets_is_left_to_people() -> None:
    with pytest.raises(ConfigError, match="by hand"):
        insert_entry("senders: [{name: a, address: 10.0.0.1}]\n", ENTRY)


@pytest.mark.parametrize("text", ["1e3", "fd00::1", "fd00::", "no", "12:30:45", "a-b"])
def test_text_stays_text(text: str) -> None:
    [entry] = yaml.safe_load("\n".join(entry_lines(text, [text], 1)))

    assert (entry["name"], entry["address"]) == (text, text)

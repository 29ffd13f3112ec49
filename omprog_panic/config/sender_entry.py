"""Adds an entry to ``senders`` in the text of config.yaml; changes nothing else.

Pure: text to text. A list that cannot be edited safely is refused; then the
administrator copies the lines.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from omprog_panic.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence


def entry_lines(name: str, addresses: Sequence[str], source_port: int) -> list[str]:
    """Return the lines of an entry, without indentation.

    >>> entry_lines("db-07", ["10.0.0.2"], 6665)
    ['- name: db-07', '  address: 10.0.0.2', '  source_port: 6665']
    """
    address = _scalar(addresses[0]) if len(addresses) == 1 else json.dumps([*addresses])
    return [
        f"- name: {_scalar(name)}",
        f"  address: {address}",
        f"  source_port: {source_port}",
    ]


def insert_entry(text: str, entry: Sequence[str]) -> str:
    """Insert an entry after the last of ``senders``.

    Raises:
        ConfigError: the file is not a mapping, or its list is written in brackets.

    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigError([f"not YAML: {error}"]) from error
    if root is not None and not isinstance(root, yaml.MappingNode):
        raise ConfigError(["config.yaml is not a mapping: add the lines by hand"])
    lines = text.splitlines()
    for key, value in root.value if root is not None else ():
        if key.value == "senders":
            where, indent = _place(value, lines, key.start_mark.line)
            new = [f"{' ' * indent}{line}" for line in entry]
            return "\n".join([*lines[:where], *new, *lines[where:]]) + "\n"
    return "\n".join([*lines, "senders:", *(f"  {line}" for line in entry)]) + "\n"


def _place(value: yaml.Node, lines: list[str], key_line: int) -> tuple[int, int]:
    """Return the line before which the entry goes, and its indentation."""
    if isinstance(value, yaml.SequenceNode) and value.value and not value.flow_style:
        return _last_line(value) + 1, value.start_mark.column
    if value.value not in ([], "", "null", "~"):
        raise ConfigError(
            ["the list of senders is written in brackets: add the lines by hand"]
        )
    head, colon, rest = lines[key_line].partition(":")
    comment = rest.partition("#")
    lines[key_line] = head + colon + (f"  #{comment[2]}" if comment[1] else "")
    return key_line + 1, 2


def _last_line(node: yaml.Node) -> int:
    """Return the line of a node's last character; comments do not count."""
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return _last_line(node.value[-1])
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        return _last_line(node.value[-1][1])
    return int(node.end_mark.line)


def _scalar(text: str) -> str:
    """Return YAML that is read as this text: ``1e3`` and ``::`` need quotes."""
    plain = yaml.safe_load(text) == text and ": " not in text and text[-1] != ":"
    return text if plain else json.dumps(text)

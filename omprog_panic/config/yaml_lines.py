"""Reads YAML, with the line of every value; refuses aliases and tags. Pure."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import yaml

from omprog_panic.config.fault import Fault, FaultError

MAX_DEPTH = 20
# What PyYAML quotes of a document; single characters stay.
_QUOTED = re.compile(r"'[^']{2,}'|\"[^\"]{2,}\"|'.*'")
# Keys of a secret file that a message may name.
_PUBLIC_KEYS = frozenset({"version", "urls", "include", "tag", "tags", "groups"})
_PLAIN_TAGS = tuple(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
)


@dataclasses.dataclass(slots=True)
class Document:
    """The values, the line of each (by JSON path), and the faults found."""

    file: str
    data: Any = None
    lines: dict[str, int] = dataclasses.field(default_factory=dict)
    faults: list[Fault] = dataclasses.field(default_factory=list)
    secret: bool = False  # messages quote nothing of it

    def line(self, path: str) -> int:
        """Return the line of a path, or of the nearest path around it."""
        while path not in self.lines and len(path) > 1:
            cut = max(path.rfind("."), path.rfind("["))
            path = path[: max(cut, 1)]
        return self.lines.get(path, 1)

    def fault(self, path: str, message: str) -> Fault:
        return Fault(self.file, self.line(path), path, message)

    def quoted(self, value: object, instead: str) -> str:
        """Return a value for a message, or what stands for it in a secret file."""
        return instead if self.secret else f"{value!r}"


def read_yaml(file: str, text: str, *, secret: bool = False) -> Document:
    """Read one YAML document; of a secret one, messages quote nothing.

    Raises:
        FaultError: it is not YAML.

    """
    document = Document(file, secret=secret)
    try:
        node = _compose(document, text)
        document.data = _Values(document).value(node, "$", 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else int(mark.line) + 1
        problem = error.problem or error.context or ""
        if secret:
            problem = _QUOTED.sub("...", problem)
        message = f"not YAML: {problem}: check indentation and colons"
        raise FaultError(Fault(file, line, "$", message)) from error
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1
        message = "not YAML: remove the control character"
        raise FaultError(Fault(file, line, "$", message)) from error
    return document


def _compose(document: Document, text: str) -> yaml.Node | None:
    """Return the nodes of a document.

    libyaml reads thousands of senders ten times as fast. Of a bad document, the parser
    in Python tells why: its words and lines are the same everywhere.
    """
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_aliases(document, text, fast)
        return _node(text, fast)
    except yaml.YAMLError:
        _refuse_aliases(document, text, yaml.SafeLoader)
        return _node(text, yaml.SafeLoader)


def _node(text: str, loader: type[yaml.SafeLoader]) -> yaml.Node | None:
    node: yaml.Node | None = yaml.compose(text, Loader=loader)
    return node


def _refuse_aliases(
    document: Document, text: str, loader: type[yaml.SafeLoader]
) -> None:
    # A few lines of nested aliases can expand to gigabytes.
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.AliasEvent):
            line = int(event.start_mark.line) + 1 if event.start_mark else 1
            name = "" if document.secret else f" *{event.anchor}"
            message = f"alias{name} is not supported: write out the value"
            raise FaultError(Fault(document.file, line, "$", message))


class _Values:
    """Builds the values of a document from its nodes, and notes their lines."""

    def __init__(self, document: Document) -> None:
        self._document = document
        # It knows only safe types; an unknown tag is a YAMLError.
        self._constructor = yaml.SafeLoader("")

    def value(self, node: yaml.Node | None, path: str, depth: int) -> object:
        if node is None:
            return None
        document = self._document
        document.lines.setdefault(path, node.start_mark.line + 1)
        if depth > MAX_DEPTH:
            raise FaultError(document.fault(path, "nested too deeply"))
        if not str(node.tag).startswith(_PLAIN_TAGS):
            name = "" if document.secret else f" {node.tag}"
            message = f"tag{name} is not supported: remove it"
            raise FaultError(document.fault(path, message))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [
                self.value(item, f"{path}[{number}]", depth + 1)
                for number, item in enumerate(node.value)
            ]
        return self._scalar(node, path)

    def _mapping(
        self, node: yaml.MappingNode, path: str, depth: int
    ) -> dict[str, object]:
        document = self._document
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                message = "a key must be a string"
                document.faults.append(Fault(document.file, line, path, message))
                continue
            key = str(key_node.value)
            inner = f"{path}.{key}"
            if key in result:
                document.faults.append(_duplicate(document, line, path, key))
                continue
            document.lines[inner] = line
            result[key] = self.value(value_node, inner, depth + 1)
        return result

    def _scalar(self, node: yaml.Node, path: str) -> object:
        try:
            return self._constructor.construct_object(node, deep=True)
        except ValueError as error:
            document = self._document
            name = document.quoted(node.value, "this")
            message = f"{name} is not a valid value of its type: put it in quotes"
            raise FaultError(document.fault(path, message)) from error


def _duplicate(document: Document, line: int, path: str, key: str) -> Fault:
    inner = f"{path}.{key}"
    is_plain = not document.secret or key in _PUBLIC_KEYS
    name = f"key {key!r}" if is_plain else "key"
    message = f"duplicate {name} (first on line {document.lines[inner]}): remove one"
    return Fault(document.file, line, inner if is_plain else path, message)

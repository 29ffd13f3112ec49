"""What the configuration of a host's rsyslogd says, read in rsyslogd's own order.

Not a parser of the language: it finds the objects (``module(load="imudp")``), the old
directives (``$ModLoad imudp``) and the includes, which is what tells whether our rules
can work. What it does not understand it passes over. Pure but for ``Reader``.

Rules from rsyslog's documentation, "Configuration formats", "include", "RainerScript".
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_DEPTH = 10  # of includes; rsyslogd itself has no limit but memory
MAX_FILES = 1000


class Reader(Protocol):
    """How files are reached; the doctor's ``Host`` is one."""

    def read(self, path: str) -> str | None:
        """Return a file's text; None when it is missing or unreadable."""
        ...

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Statement:
    """One object or old directive.

    ``name`` is in lower case: "module", "input", "$modload". ``values`` are the
    parameters (names in lower case; what a directive says is under ""), backticks
    resolved.
    """

    name: str
    values: Mapping[str, str]
    file: str
    line: int

    @property
    def where(self) -> str:
        """FILE:LINE, as error messages give it."""
        return f"{self.file}:{self.line}"

    def is_off(self) -> bool:
        """Return whether ``config.enabled`` switches it off."""
        return self.values.get("config.enabled", "on") != "on"


_QUOTED = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`[^`]*`'
# No comment in a path with a star: /etc/rsyslog.d/*.conf.
_COMMENT = re.compile(rf"({_QUOTED})|#[^\n]*|(?<![\w.-])/\*.*?\*/", re.DOTALL)
_OBJECT = re.compile(
    r"(?<![\w.$])(module|input|global|include|action|ruleset|lookup_table|main_queue)"
    rf"\s*\(((?:[^()\"'`]|{_QUOTED})*)\)",
    re.IGNORECASE,
)
_DIRECTIVE = re.compile(r"^[ \t]*(\$[A-Za-z]\w*)[ \t]+([^\n]*)$", re.MULTILINE)
_PARAMETER = re.compile(rf"([\w.]+)\s*=\s*({_QUOTED}|\[[^\]]*\])")
_CAT = re.compile(r"^\s*cat\s+(\S+)\s*$")


def read_statements(reader: Reader, file: str = "/etc/rsyslog.conf") -> list[Statement]:
    """Return all statements of a configuration, includes in their place."""
    return list(_Walk(reader).statements(file, 0))


class _Walk:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._files = 0

    def statements(self, file: str, depth: int) -> Iterator[Statement]:
        text = self._reader.read(file)
        self._files += 1
        if text is None or depth > MAX_DEPTH or self._files > MAX_FILES:
            return
        for statement in parse(file, text, self._reader):
            if statement.name == "include":
                pattern = statement.values.get("file", "")
            elif statement.name == "$includeconfig":
                pattern = statement.values[""]
            else:
                yield statement
                continue
            if statement.is_off():
                continue
            for path in self._expand(pattern):
                yield from self.statements(path, depth + 1)

    def _expand(self, pattern: str) -> list[str]:
        """Return the files of an include, sorted as glob(3) does."""
        folder, _, last = pattern.rpartition("/")
        if pattern.endswith("/"):
            last = "*"
        if not re.search(r"[*?\[]", last):
            return [pattern]
        matches = re.compile(_translate(last)).fullmatch
        return [
            posixpath.join(folder, name)
            for name in sorted(self._reader.names(folder))
            if matches(name) and not name.startswith(".")
        ]


def _translate(pattern: str) -> str:
    kinds = {"*": "[^/]*", "?": "[^/]"}
    return "".join(kinds.get(letter) or re.escape(letter) for letter in pattern)


def parse(file: str, text: str, reader: Reader) -> Iterator[Statement]:
    """Return the statements of one file, in order; includes are statements, too."""
    # Line feeds stay, so that lines keep their numbers.
    bare = _COMMENT.sub(lambda m: m.group(1) or "\n" * m.group().count("\n"), text)
    found = [
        *((m.start(), m.group(1).lower(), m.group(2)) for m in _OBJECT.finditer(bare)),
        *(
            (m.start(), m.group(1).lower(), m.group(2))
            for m in _DIRECTIVE.finditer(bare)
        ),
    ]
    for start, name, body in sorted(found):
        line = bare.count("\n", 0, start) + 1
        if name.startswith("$"):
            line += bare[start:].startswith("\n")
            yield Statement(name, {"": body.strip().strip('"')}, file, line)
        else:
            yield Statement(name, _parameters(body, reader), file, line)


def _parameters(body: str, reader: Reader) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, raw in _PARAMETER.findall(body):
        inner = raw[1:-1]
        if raw.startswith("`") and (cat := _CAT.match(inner)):
            inner = reader.read(cat.group(1)) or ""
        values[name.lower()] = inner
    return values


def loads(statements: list[Statement], module: str) -> list[Statement]:
    """Return the statements that load a module and are not switched off."""
    found = []
    for statement in statements:
        if statement.name == "module":
            name = statement.values.get("load", "")
        elif statement.name == "$modload":
            name = statement.values[""]
        else:
            continue
        plain = name.rpartition("/")[2].removesuffix(".so")
        if plain == module and not statement.is_off():
            found.append(statement)
    return found

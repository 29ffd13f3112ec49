"""The configuration of a host's rsyslogd, in the order in which rsyslogd reads it.

This does not parse the whole language. It finds objects (``module(load="imudp")``), old
directives (``$ModLoad imudp``) and includes, which decide whether our rules can work,
and skips everything else. Pure except for ``ConfigReader``.

Rules from rsyslog's documentation: "Configuration formats", "include", "RainerScript".
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
from typing import TYPE_CHECKING, Protocol

from omprog_panic.host.machine import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_DEPTH = 10  # of includes; rsyslogd itself has no limit but memory
MAX_FILES = 1000


class ConfigReader(Protocol):
    """Access to files; ``host.machine.Machine`` has it."""

    def read(self, path: str) -> str | None:
        """Return the text of a file, None if there is none."""
        ...

    def names(self, folder: str) -> list[str] | None:
        """Return the names in a folder, None if there is none."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class RsyslogStatement:
    """One object or old directive.

    ``name`` is in lower case: "module", "input", "$modload". ``values`` has the
    parameters by their names in lower case, with backticks resolved; the argument of
    a directive is under "".
    """

    name: str
    values: Mapping[str, str]
    file: str
    line: int

    @property
    def where(self) -> str:
        """FILE:LINE, as in error messages."""
        return f"{self.file}:{self.line}"

    def is_off(self) -> bool:
        """Return whether ``config.enabled`` disables it."""
        return self.values.get("config.enabled", "on") != "on"


_QUOTED = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`[^`]*`'
# The star in a path begins no comment: /etc/rsyslog.d/*.conf.
_COMMENT = re.compile(rf"({_QUOTED})|#[^\n]*|(?<![\w.-])/\*.*?\*/", re.DOTALL)
_OBJECT = re.compile(
    r"(?<![\w.$])(module|input|global|include|action|ruleset|lookup_table|main_queue)"
    rf"\s*\(((?:[^()\"'`]|{_QUOTED})*)\)",
    re.IGNORECASE,
)
_DIRECTIVE = re.compile(r"^[ \t]*(\$[A-Za-z]\w*)[ \t]+([^\n]*)$", re.MULTILINE)
_PARAMETER = re.compile(rf"([\w.]+)\s*=\s*({_QUOTED}|\[[^\]]*\])")
_CAT = re.compile(r"^\s*cat\s+(\S+)\s*$")


def read_statements(
    reader: ConfigReader, file: str = "/etc/rsyslog.conf"
) -> list[RsyslogStatement]:
    """Return all statements of a configuration, with includes expanded in place.

    A file that cannot be read is skipped.
    """
    return list(_IncludeWalker(reader).statements(file, 0))


class _IncludeWalker:
    def __init__(self, reader: ConfigReader) -> None:
        self._reader = reader
        self._files = 0

    def statements(self, file: str, depth: int) -> Iterator[RsyslogStatement]:
        text = _text_of(self._reader, file)
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
            for name in sorted(self._names(folder))
            if matches(name) and not name.startswith(".")
        ]

    def _names(self, folder: str) -> list[str]:
        try:
            return self._reader.names(folder) or []
        except UnreadableError:
            return []


def _text_of(reader: ConfigReader, path: str) -> str | None:
    try:
        return reader.read(path)
    except UnreadableError:
        return None


def _translate(pattern: str) -> str:
    kinds = {"*": "[^/]*", "?": "[^/]"}
    return "".join(kinds.get(letter) or re.escape(letter) for letter in pattern)


def parse(file: str, text: str, reader: ConfigReader) -> Iterator[RsyslogStatement]:
    """Return the statements of one file in order, its includes among them."""
    # Line feeds stay, so that line numbers do not change.
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
            yield RsyslogStatement(name, {"": body.strip().strip('"')}, file, line)
        else:
            yield RsyslogStatement(name, _parameters(body, reader), file, line)


def _parameters(body: str, reader: ConfigReader) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, raw in _PARAMETER.findall(body):
        inner = raw[1:-1]
        if raw.startswith("`") and (cat := _CAT.match(inner)):
            inner = _text_of(reader, cat.group(1)) or ""
        values[name.lower()] = inner
    return values


def module_loads(
    statements: list[RsyslogStatement], module: str
) -> list[RsyslogStatement]:
    """Return the statements that load a module and are not disabled."""
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

"""Which modules an rsyslog configuration loads, and where. Pure.

rsyslogd refuses a second load of a module: an error, and with abortOnUncleanConfig
the end of all logging. So whoever writes our values must know what the host's own
files load, and whether that stands above our rules (an input or action needs its
module loaded further up) or below them. This follows the includes in rsyslogd's
order, in the old form (``$ModLoad``) and the new one (``module(load=...)``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 16  # rsyslogd itself follows 20; a file that includes itself ends here

_NAME = r"(?:[^\s\"']*/)?(?P<{}>[a-z0-9_]+)(?:\.so)?"
_TEXT = r'"(?:\\.|[^"\\])*"'
_STATEMENT = re.compile(
    rf"""
      /\*.*?\*/ | \#[^\n]*                             # comments
    | (?i:^[ \t]*\$modload[ \t]+{_NAME.replace("{}", "old")})
    | (?i:^[ \t]*\$includeconfig[ \t]+(?P<old_include>\S+))
    | \b(?i:(?P<object>module|include))\s*\((?P<parameters>(?:{_TEXT}|[^)"])*)\)
    | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'         # text of other rules
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_PARAMETER = re.compile(
    r"""(?P<key>[\w.]+)\s*=\s*(?:"(?P<text>(?:\\.|[^"\\])*)"|`(?P<command>[^`]*)`)"""
)
_MODULE = re.compile(_NAME.replace("{}", "name"), re.IGNORECASE)


class Load(NamedTuple):
    """One module that a file loads; ``above`` tells whether our rules come after."""

    module: str
    file: str
    line: int
    above: bool


class Host(Protocol):
    """The files of a host."""

    def read(self, path: str) -> str:
        """Give the text of a file; an empty one where it cannot be read."""
        ...

    def expand(self, pattern: str) -> list[str]:
        """Give the files that a pattern names, in rsyslogd's order."""
        ...


def find_loads(host: Host, main: str, ours: str) -> list[Load]:
    """Find every module that the configuration ``main`` loads outside of ``ours``."""
    found: list[Load] = []
    above = True
    for file, line, module in _walk(host, main, ours, 0):
        if module is None:
            above = False
        else:
            found.append(Load(module, file, line, above))
    return found


def is_included(host: Host, main: str, ours: str) -> bool:
    """Tell whether the configuration ``main`` comes to read ``ours``."""
    return any(module is None for _, _, module in _walk(host, main, ours, 0))


def _walk(
    host: Host, path: str, ours: str, depth: int
) -> Iterator[tuple[str, int, str | None]]:
    """Give file, line and module of each load; None for the module where we are."""
    if path == ours:
        yield path, 1, None
        return
    text = host.read(path)
    for match in _STATEMENT.finditer(text):
        if match["old"]:
            yield path, _line(text, match), match["old"].lower()
            continue
        parameters = _parameters(host, match["parameters"] or "")
        if (match["object"] or "").lower() == "module":
            name = _MODULE.fullmatch(parameters.get("load", ""))
            if name and parameters.get("config.enabled", "on") == "on":
                yield path, _line(text, match), name["name"].lower()
            continue
        pattern = match["old_include"] or parameters.get("file", "")
        if pattern and depth < MAX_DEPTH:
            for file in host.expand(pattern):
                yield from _walk(host, file, ours, depth + 1)


def _parameters(host: Host, text: str) -> dict[str, str]:
    found = {}
    for match in _PARAMETER.finditer(text):
        value = match["text"] or ""
        words = (match["command"] or "").split()
        if len(words) == 2 and words[0] == "cat":
            value = host.read(words[1])
        elif words:
            continue  # `echo $NAME`: what rsyslogd's environment says is not known
        found[match["key"].lower()] = value
    return found


def _line(text: str, match: re.Match[str]) -> int:
    start = match.end() - len(match.group().lstrip())
    return text.count("\n", 0, start) + 1

"""Targets that files of modprobe.d(5) give netconsole, and how to disable them. Pure.

modprobe reads every file of these folders; of two files with one name, only the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDERS = (
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
)
DISABLED = "# disabled by omprog-panic-client: "  # a line below may continue it
_OPTIONS = re.compile(r"\s*options\s+netconsole\s.*\bnetconsole=", re.DOTALL)
_RECEIVER = re.compile(r",\d*@([0-9a-fA-F.:]+)")


@dataclass(frozen=True)
class ForeignOption:
    """A line of modprobe.d that is not ours and gives netconsole targets."""

    path: str
    line: int  # from 1
    text: str
    receivers: tuple[str, ...]  # addresses, as they are written there

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.path}, line {self.line}"


def parse_options(path: str, text: str) -> Iterator[ForeignOption]:
    r"""Return the lines of a file that give netconsole targets.

    >>> [found] = parse_options("old", "#\noptions netconsole netconsole=@/e,@1.2.3.4/")
    >>> found.line, found.receivers
    (2, ('1.2.3.4',))
    """
    for number, line in _logical_lines(text):
        if _OPTIONS.match(line):
            words = " ".join(line.replace("\\\n", " ").split())
            yield ForeignOption(path, number, words, tuple(_RECEIVER.findall(words)))


def disable(text: str) -> str:
    r"""Return a file with these lines commented out; ``enable`` reverses it.

    >>> disable("options netconsole netconsole=@/,@1.2.3.4/\n")
    '# disabled by omprog-panic-client: options netconsole netconsole=@/,@1.2.3.4/\n'
    """
    lines = text.splitlines(keepends=True)
    for number, logical in _logical_lines(text):
        if _OPTIONS.match(logical):
            last = number + logical.rstrip("\n").count("\n")
            for index in range(number - 1, last):
                lines[index] = DISABLED + lines[index]
    return "".join(lines)


def enable(text: str) -> str:
    """Return a file as it was before ``disable``."""
    return re.sub(f"(?m)^{re.escape(DISABLED)}", "", text)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    r"""Return each line with its number; one that ends in ``\`` goes on below."""
    start, parts = 1, list[str]()
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        start = start if parts else number
        parts.append(line)
        if not line.endswith("\\\n"):
            yield start, "".join(parts)
            parts = []
    if parts:
        yield start, "".join(parts)

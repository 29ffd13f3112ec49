"""The pages that people read, and what in them is to be typed or written into a file.

The words after a fence's language say where its commands run; CONTRIBUTING.md has the
list. ``tools/package-test`` runs those of the monitor, page by page.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PLACES = {
    "monitor": "run on a booted monitor by tools/package-test",
    "removal": "the same, after everything else",
    "build": "run in a clean tree by tools/package-test",
    "checkout": "scripts of the checkout, which CI runs",
    "hardware": "another machine is needed, with a network card of its own",
}
# As a new administrator reads them; the others follow by name.
FIRST = (
    "README.md",
    "docs/install.md",
    "docs/configuration.md",
    "docs/senders.md",
    "docs/firewall.md",
    "docs/alerts.md",
    "docs/templates.md",
    "docs/tasks.md",
)
_FENCE = re.compile(r"^ *```(.*)$")
_SPAN = re.compile(r"`((?:[^`\n]|\n(?!\n))+)`")  # may be wrapped


@dataclasses.dataclass(frozen=True)
class Line:
    """One command, and where it is."""

    page: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.number}: {self.text}"


@dataclasses.dataclass(frozen=True)
class Fence:
    """One block between back-ticks; ``words`` is what follows the first ones."""

    page: str
    number: int  # of its first line of text
    words: tuple[str, ...]
    text: str

    @property
    def place(self) -> str:
        """Where its commands run; "" for what is no command."""
        known = self.words[:1] in {("sh",), ("console",)}
        return " ".join(self.words[1:]) if known else ""

    @property
    def file(self) -> str:
        """The file that the reader writes this into; "" for a mere example."""
        *_, last = ("", *self.words)
        return last if last.startswith("/") else ""

    def commands(self) -> Iterator[Line]:
        """Return what is to be typed: in a transcript, what follows ``$``."""
        for number, line in enumerate(self.text.splitlines(), self.number):
            if self.words[0] == "console":
                if line.startswith("$ "):
                    yield Line(self.page, number, line[2:])
            elif line.strip() and not line.startswith("#"):
                yield Line(self.page, number, line)


def names() -> list[str]:
    """Return the pages, in the order of reading."""
    found = [*ROOT.glob("README*.md"), *ROOT.glob("docs/**/*.md")]
    rest = sorted(str(path.relative_to(ROOT)) for path in found)
    return [*FIRST, *(name for name in rest if name not in FIRST)]


def fences(page: str) -> list[Fence]:
    """Return the blocks of a page, in order."""
    found: list[Fence] = []
    words: tuple[str, ...] | None = None
    lines: list[str] = []
    text = (ROOT / page).read_text("utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        fence = _FENCE.match(line)
        if fence and words is None:
            words, lines = tuple(fence[1].split()), []
        elif fence and words is not None:
            found.append(Fence(page, number - len(lines), words, "\n".join(lines)))
            words = None
        elif words is not None:
            lines.append(line)
    assert words is None, f"{page}: a block does not end"
    return found


def spans(page: str) -> Iterator[Line]:
    """Return what is between single back-ticks outside of blocks."""
    inside = False
    lines = []
    for line in (ROOT / page).read_text("utf-8").splitlines():
        fence = _FENCE.match(line) is not None
        inside ^= fence
        lines.append("" if inside or fence else line)
    text = "\n".join(lines)
    for found in _SPAN.finditer(text):
        number = text.count("\n", 0, found.start()) + 1
        yield Line(page, number, found[1].replace("\n", " "))

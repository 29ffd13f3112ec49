"""A message as HTML, made from its text. Pure.

The templates of a message decide what it says; HTML shows the same, so that one text
in one language is all that an administrator has to change. What the lines of a text are
shows in their form: ``Name:  value`` is a fact, ``> function+0x1/0x2`` a guilty frame,
lines with columns stay in a monospace font. The trace is known, and shown apart.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.notification.effect import (
    EFFECTS,
    Effect,
    Importance,
    importance,
)
from omprog_panic.render.template_set import TemplateSet, TemplateSources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from omprog_panic.render.context import MessageContext

NAME = "message.html.j2"
# Gmail cuts a message of more than 102,400 bytes: this leaves room for the mark-up.
MAX_TRACE = 60_000  # characters
MAX_HEADING = 2  # lines of words above facts
_FACT = re.compile(r"(\S[^:\n]{0,30}):  +(\S.*)|(\S[^:\n]{8,30}): (\S.*)")
_MORE = re.compile(r" {6,}(\S.*)")  # of the fact above
_BLAMED = re.compile(r"> \S")
_COLUMNS = re.compile(r"\S {2,}\S|\+0x[0-9a-f]+/0x", re.MULTILINE)

_WHITE = "#ffffff"
_RED, _ORANGE, _GREY = "#b3261e", "#a14a00", "#4b5563"
_BLUE, _GREEN = "#1a56a5", "#1b6e3c"
_OF_EFFECT = {Effect.ACKNOWLEDGE: _BLUE, Effect.RESOLVE: _GREEN}
_OF_IMPORTANCE = {
    Importance.CRITICAL: _RED,
    Importance.ERROR: _ORANGE,
    Importance.WARNING: _ORANGE,
    Importance.INFO: _GREY,
}


class Colours(NamedTuple):
    """Of the head of a message, as CSS writes them."""

    background: str
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of frames or of the trace; ``blamed``: of the function to blame."""

    text: str
    blamed: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together; one of the three is not empty.

    ``facts``: names and values. ``columns``: lines for a monospace font. ``words``:
    lines of ordinary text, and lists, which a narrow window may wrap.
    """

    facts: tuple[tuple[str, str], ...] = ()
    columns: tuple[ShownLine, ...] = ()
    words: tuple[str, ...] = ()


class HtmlWriter:
    """Writes messages with the one template that comes with the program."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, subject: str, body: str, context: MessageContext) -> str:
        """Return the document of a message, whose text is given.

        Raises:
            TemplateError: the installation is broken.

        """
        head, trace, foot = body.partition(context.trace.text or "\0")
        crash = context.trace.crash if trace else ()
        return self._template.render(
            NAME,
            {
                "subject": subject,
                "colours": colours_of(context),
                "blocks": [*read_blocks(head), *([] if trace else read_blocks(foot))],
                "crash": mark_blamed(crash, context.facts.get("function")),
                "context_mark": context.trace.context_mark.strip("- "),
                "context": context.trace.context if trace else (),
                "foot": read_blocks(foot) if trace else (),
            },
        )

    @functools.cached_property
    def _template(self) -> TemplateSet:
        text = (self._folder / NAME).read_text(encoding="utf-8")
        return TemplateSet([TemplateSources(self._folder, {NAME: text})])


def colours_of(context: MessageContext) -> Colours:
    """Return the colours of a message's head: how bad it is, at a glance.

    The contrast of both is at least 4.5:1 (WCAG 2.1, AA).
    """
    level = str(context.facts.get("level", ""))
    of_effect = _OF_EFFECT.get(EFFECTS[context.kind])
    background = of_effect or _OF_IMPORTANCE[importance(context.kind, level)]
    return Colours(background, _WHITE)


def read_blocks(text: str) -> list[Block]:
    """Return the parts of a message's text, which blank lines separate."""
    return [
        block
        for part in re.split(r"\n\s*\n", text)
        if part.strip()
        for block in _blocks([line.rstrip() for line in part.strip("\n").split("\n")])
    ]


def _blocks(lines: Sequence[str]) -> list[Block]:
    """Return facts, with the words above them, or all lines as one."""
    for first in range(min(len(lines), MAX_HEADING + 1)):
        if facts := _facts(lines[first:]):
            block = Block(facts=tuple(facts))
            return [_lines(lines[:first]), block] if first else [block]
    return [_lines(lines)]


def _lines(lines: Sequence[str]) -> Block:
    if _COLUMNS.search("\n".join(lines)) or any(map(_BLAMED.match, lines)):
        return Block(columns=tuple(ShownLine(x, bool(_BLAMED.match(x))) for x in lines))
    return Block(words=tuple(lines))


def _facts(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return names and values; nothing if any line is none of both."""
    facts: list[tuple[str, str]] = []
    for line in lines:
        if found := _FACT.fullmatch(line):
            name, value = found[1] or found[3], found[2] or found[4]
            facts.append((name, value))
        elif facts and (more := _MORE.fullmatch(line)):
            name, value = facts[-1]
            facts[-1] = (name, f"{value}\n{more[1]}")
        else:
            return []
    return facts


def mark_blamed(lines: Sequence[str], function: object) -> tuple[ShownLine, ...]:
    """Mark the lines of a trace that show where the function to blame was.

    >>> [line.blamed for line in mark_blamed([" a+0x1/0x2", " b+0x1/0x2"], "b")]
    [False, True]
    """
    at = re.compile(rf"(?<![\w.]){re.escape(str(function))}\+0x") if function else None
    return tuple(ShownLine(line, bool(at and at.search(line))) for line in lines)

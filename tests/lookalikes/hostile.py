"""A panic that tries everything: 300 lines, and what of them a reader must see."""

from __future__ import annotations

from omprog_panic.model import Record
from omprog_panic.spool.record import IncidentRecord
from tests.builders import make_incident

LINES = 300
# (what the kernel printed, what is shown of it)
TRICKS = [
    ("<IRQ>", "<IRQ>"),
    ("</TASK>", "</TASK>"),
    ("```\nout of the block", "```\nout of the block"),
    ("`code` and ``more``", "`code` and ``more``"),
    ("@channel @here @everyone <!channel> <!here>", None),
    ("<@U024BE7LH> <@&123456789> <#C024BE7LR> <at>all</at>", None),
    ("<https://evil.example/|click> [click](https://evil.example/)", None),
    ("http://evil.example/a?b=1&c=2 www.evil.example mailto:a@evil.example", None),
    ("/shutdown #tag someone@evil.example @somebody", None),
    ("*bold* _it_ ~gone~ **loud** __under__ ||hidden||", None),
    ("- item\n1. first\n# heading\n> quote", None),
    ("{{DATE(2017-02-14T06:08:00Z,SHORT)}} {{app_body}} {% raw %}", None),
    ("<b>bold</b><script>alert(1)</script><img src=x>&lt;&amp;&#64;", None),
    (":skull: \\*no\\* \\u0040 ${HOME} %n %s", None),
    ("\x1b[31mred\x1b[0m \x07bell\x9b2J", r"\x1b[31mred\x1b[0m \x07bell\x9b2J"),
    ("\u202eevil\u202c \u200fmark", r"\u202eevil\u202c \u200fmark"),
    ("bytes \udcff\udc80 no text", r"bytes \udcff\udc80 no text"),
    ("Subject: x\r\nBcc: all@evil.example", "Subject: x\\x0d\nBcc: all@evil.example"),
    ("\U0001f4a5 beyond the first plane \u00e4", "\U0001f4a5 beyond the first plane ä"),
]
TITLE = (
    "Kernel panic - not syncing: <b>@channel</b> <!here> `x` *b* http://evil.example/"
    "\r\nBcc: all@evil.example \x1b[31m\u202e"
)
HOST = "db@everyone.<!here>"
LAST = "---[ end Kernel panic - not syncing: the last line of it ]---"


def _line(number: int) -> tuple[str, str]:
    raw, shown = TRICKS[number % len(TRICKS)]
    return f"L{number:03d}  {raw}", f"L{number:03d}  {raw if shown is None else shown}"


def hostile_incident() -> IncidentRecord:
    texts = ["before it", TITLE, *(_line(n)[0] for n in range(LINES - 3)), LAST]
    return make_incident(
        source="10.0.0.9",
        host=HOST,
        records=tuple(
            Record(text, 1_000_000 + i, i, at="2026-11-22T22:15:42.500000+00:00")
            for i, text in enumerate(texts)
        ),
    )


def shown_lines() -> list[str]:
    """Return every line of it that must be found in a whole copy, in order."""
    shown = [line for n in range(LINES - 3) for line in _line(n)[1].split("\n")]
    return [*shown, LAST]

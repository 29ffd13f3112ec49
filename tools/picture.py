"""Draws README's picture of an alert: ``tools/picture.py > docs/pictures/alert.svg``.

The text is that of a real crash, as the tests of the templates hold it; of the context
before the crash they leave all but the last lines out.
tests/packaging/test_pictures.py holds the picture.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
ALERT = ROOT / "tests/golden/alert-init-killed-basic-reboots.en.txt"
COLUMNS = 112
LINE, COLUMN = 16, 7.25  # pixels, of a line and of a character
LEFT, TOP = 20, 62
STYLE = """\
    .window { fill: #ffffff; stroke: #d1d5db; }
    .bar { fill: #f3f4f6; }
    .subject { font: bold 14px Helvetica, Arial, sans-serif; fill: #111827; }
    .text { font: 12px "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2937; }
    .label { fill: #6b7280; }
    .time { fill: #9ca3af; }
    .crash { fill: #b3261e; font-weight: bold; }"""
_LABEL = re.compile(r"([A-Z][a-z]+:)( +.*)")
_STAMP = re.compile(r"(\[ *\d+\.\d+\])(.*)")


def draw(alert: str) -> str:
    """Return the picture of an alert: its first line is the subject."""
    subject, _, body = alert.partition("\n")
    lines = [part for line in body.strip().splitlines() for part in _wrap(line)]
    width = round(2 * LEFT + COLUMNS * COLUMN)
    height = TOP + LINE * len(lines) + 16
    rows = "\n".join(
        f'    <text x="{LEFT}" y="{TOP + LINE * (number + 1)}"'
        f' xml:space="preserve">{_spans(line)}</text>'
        for number, line in enumerate(lines)
        if line
    )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"
    role="img" aria-labelledby="title">
  <title id="title">{escape(subject)}</title>
  <style>
{STYLE}
  </style>
  <rect class="window" x="1" y="1" width="{width - 2}" height="{height - 2}" rx="8"/>
  <path class="bar" d="M2 44 V9 a7 7 0 0 1 7 -7 H{width - 9} a7 7 0 0 1 7 7 V44 z"/>
  <text class="subject" x="{LEFT}" y="28">{escape(subject)}</text>
  <g class="text">
{rows}
  </g>
</svg>
"""


def _wrap(line: str) -> list[str]:
    return textwrap.wrap(
        line,
        COLUMNS,
        subsequent_indent=" " * 15,
        drop_whitespace=False,
        break_on_hyphens=False,
    ) or [""]


def _spans(line: str) -> str:
    if line.startswith("----") or "Kernel panic" in line:
        return f'<tspan class="crash">{escape(line)}</tspan>'
    for pattern, name in ((_LABEL, "label"), (_STAMP, "time")):
        if found := pattern.fullmatch(line):
            first, rest = map(escape, found.groups())
            return f'<tspan class="{name}">{first}</tspan>{rest}'
    return escape(line)


if __name__ == "__main__":
    sys.stdout.write(draw(ALERT.read_text()))

"""Parse one line of console text: cut the prefixes off the kernel's text. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from omprog_panic.model import Record

MAX_LINE_BYTES = 16 * 1024
"""A longer line is cut here: no kernel prints one, and time must stay linear."""

MAX_TEXT_CHARS = 2048
"""The kernel's text is cut here: its record has at most 1024 bytes (LOG_LINE_MAX)."""


class Line(NamedTuple):
    """The kernel's text of one line, with what its prefixes say.

    ``stamped``: it had a printk time stamp, an extended netconsole header or a syslog
    header of the kernel. ``foreign``: its prefix names another program or facility.
    """

    number: int
    text: str
    time_us: int | None = None
    caller: str | None = None
    stamped: bool = False
    foreign: bool = False


# [  123.456789][ T1234] text, with a priority before it or not. printk.c: print_prefix.
# The second column may be Android's "[2:  kworker/2:1: 1608]".
_STAMP = (
    r"\[ *(\d{1,9})\.(\d{6})\]"
    r"(?:\[ *([TC]\d+)\])?[ \t]*"
    r"(?:\[\d+: *[^\]\n]{1,32}: *\d+\][ \t]*)?"
)
_PRINTK = re.compile(r"(?:<\d{1,3}>)?" + _STAMP).match
_INNER = re.compile(_STAMP)
# level,sequence,microseconds,flags[,key=value...];text
_EXTENDED = re.compile(r"(\d{1,4}),\d{1,20},(\d{1,18}),[-c+][^;\n]{0,200};")
_CALLER_KEY = re.compile(r",caller=([TC]\d+)")
# Nov 22 10:15:42 host kernel: or 2026-11-22T10:15:42.123456+01:00 host kernel:
_SYSLOG = re.compile(
    r"(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|"
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^ ]{0,16}) [^ ]{1,255} "
    r"(?P<program>[^ :\[]{1,64})(?:\[\d+\])?: ",
)
# 2018/01/09 14:28:48: the date that programs which relay a console put before a line.
_DATED = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")
_PRIORITY = re.compile(r"<\d{1,3}>")
# Without Android's column.
_STAMP_ONLY = re.compile(
    rb"\[ *\d{1,9}\.\d{6}\](?:\[ *[TC]\d+\])?[ \t]*+(?!\[\d)",
).match
_new = tuple.__new__
_JUNK = str.maketrans("", "", "\r\0")


def _stamped(number: int, text: str, stamp: re.Match[str]) -> Line:
    seconds, micros, caller = stamp.groups()
    return Line(
        number,
        text[stamp.end() : stamp.end() + MAX_TEXT_CHARS],
        int(seconds + micros),
        caller,
        True,
    )


def parse_line(number: int, raw: bytes) -> Line:
    """Cut the prefixes off; any bytes are a line.

    >>> parse_line(1, b"<4>[   12.345678][  T31] BUG: Bad page state")[1:4]
    ('BUG: Bad page state', 12345678, 'T31')
    """
    if len(raw) > MAX_LINE_BYTES:
        raw = raw[:MAX_LINE_BYTES]
    text = raw.decode("utf-8", "replace").rstrip("\r\n")
    if "\r" in text or "\0" in text:
        text = text.translate(_JUNK)
    stamp = _PRINTK(text)
    if stamp is None:
        return _parse_unusual(number, text)
    seconds, micros, caller = stamp.groups()
    micros = int(seconds + micros)
    # Once for every line of a log: a plain tuple saves a call.
    return _new(
        Line,
        (
            number,
            text[stamp.end() : stamp.end() + MAX_TEXT_CHARS],
            micros,
            caller,
            True,
            False,
        ),
    )


def _parse_unusual(number: int, text: str) -> Line:
    head = text[:1]
    if head.isdigit() and (match := _EXTENDED.match(text)):
        caller = _CALLER_KEY.search(match.group())
        return Line(
            number,
            text[match.end() :][:MAX_TEXT_CHARS],
            int(match.group(2)),
            caller.group(1) if caller else None,
            stamped=True,
            foreign=int(match.group(1)) > 7,
        )
    if match := _SYSLOG.match(text):
        rest = text[match.end() :][:MAX_TEXT_CHARS]
        if match.group("program") != "kernel":
            return Line(number, rest, stamped=True, foreign=True)
        stamp = _PRINTK(rest)
        return (
            _stamped(number, rest, stamp)
            if stamp
            else Line(number, rest, None, None, stamped=True)
        )
    # A login prompt or a program's half line may stand before the time stamp.
    if "[" in text and (stamp := _INNER.search(text)):
        return _stamped(number, text, stamp)
    match = _DATED.match(text) or _PRIORITY.match(text)
    return Line(number, text[match.end() if match else 0 :][:MAX_TEXT_CHARS])


def line_of_record(number: int, record: Record, text: str) -> Line:
    """Return a line for one line of a record that the collector rebuilt."""
    return _new(
        Line,
        (
            number,
            text[:MAX_TEXT_CHARS],
            record.time_us,
            record.caller,
            True,
            bool(record.facility),
        ),
    )


def text_offset(raw: bytes) -> int:
    """Return where the text begins in a line with a time stamp and no other prefix.

    -1 for any other line. Much cheaper than parsing the line.
    """
    stamp = _STAMP_ONLY(raw)
    return stamp.end() if stamp is not None else -1

"""Parse one line of console text: cut the prefixes off the kernel's text. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.kernel import prefix

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


_PRINTK = re.compile(r" ?(?:<\d{1,3}>)?" + prefix.STAMP + prefix.VENDOR_COLUMN).match
_INNER = re.compile(prefix.STAMP + prefix.VENDOR_COLUMN)
# level,sequence,microseconds,flags[,key=value...];text
_EXTENDED = re.compile(r"(\d{1,4}),\d{1,20},(\d{1,18}),[-c+][^;\n]{0,200};")
_CALLER_KEY = re.compile(r",caller=([TC]\d+)")
STAMP_ONLY = re.compile(
    rb"\[ *\d{1,12}\.\d{6}\](?: ?\[ *[TC] {0,8}\d+ *\])?[ \t]*+"
    rb"(?![\[(<.\x00-\x1f-]|[cC]\d)",
)
"""A time stamp without any other prefix or a vendor's column: the usual line."""
_INDENTED = frozenset("[cC(<-. \t")
_new = tuple.__new__
_JUNK = str.maketrans("", "", "\r\0")


def _stamped(number: int, text: str, stamp: re.Match[str]) -> Line:
    seconds, micros, sort, caller = stamp.groups()
    return Line(
        number,
        text[stamp.end() : stamp.end() + MAX_TEXT_CHARS],
        int(seconds + micros),
        sort + caller if sort else None,
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
    if " kernel: " in text:
        return _parse_unusual(number, text)  # journalctl -o short-monotonic
    seconds, micros, sort, caller = stamp.groups()
    micros = int(seconds + micros)
    # Once for every line of a log: a plain tuple saves a call.
    return _new(
        Line,
        (
            number,
            text[stamp.end() : stamp.end() + MAX_TEXT_CHARS],
            micros,
            sort + caller if sort else None,
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
    if match := prefix.SYSLOG.match(text):
        rest = text[match.end() :][:MAX_TEXT_CHARS]
        if match.group("program") != "kernel":
            return Line(number, rest, stamped=True, foreign=True)
        return _after_header(number, rest)
    if match := prefix.DECODED.match(text):
        rest = text[match.end() :][:MAX_TEXT_CHARS]
        if match.group("facility") != "kern":
            return Line(number, rest, stamped=True, foreign=True)
        return _after_header(number, rest)
    if (match := prefix.CALENDAR.match(text)) and match.end():
        return _after_header(number, text[match.start() :], match)
    # A login prompt or a program's half line may stand before the time stamp.
    if "[" in text and (stamp := _INNER.search(text)):
        return _stamped(number, text, stamp)
    match = prefix.DATED.match(text) or prefix.PRIORITY.match(text)
    rest = text[match.end() if match else 0 :][:MAX_TEXT_CHARS]
    return Line(number, prefix.without_vendor_prefix(rest))


def _after_header(
    number: int, text: str, calendar: re.Match[str] | None = None
) -> Line:
    """Return the line whose header (syslog, dmesg) says that the kernel printed it."""
    if calendar is None and (stamp := _PRINTK(text)):
        return _stamped(number, text, stamp)
    calendar = calendar or prefix.CALENDAR.match(text)
    sort = number_text = None
    if calendar:
        sort, number_text = calendar.groups()
        text = text[calendar.end() :]
    caller = sort + number_text if sort and number_text else None
    text = prefix.without_vendor_prefix(text)[:MAX_TEXT_CHARS]
    return Line(number, text, None, caller, stamped=True)


def line_of_record(number: int, record: Record, text: str) -> Line:
    """Return a line for one line of a record that the collector rebuilt."""
    if text[:1] in _INDENTED:
        text = prefix.without_vendor_prefix(text)
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

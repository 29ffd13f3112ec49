"""One datagram's text to a packet: basic or extended netconsole format. Pure.

Formats: Documentation/networking/netconsole.rst, kernel/printk/printk.c
(``info_print_prefix``, ``info_print_ext_header``) of Linux 2.6.32 to 7.x.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from omprog_panic.errors import MalformedPacketError
from omprog_panic.model import Record

# console_msg_format=syslog prints <facility*8+level>, printk.time the time, and
# CONFIG_PRINTK_CALLER the caller; each may be missing. One space ends the prefix:
# what follows it is indentation, which carries meaning. More than 11 digits are not
# seconds: the kernel's clock counts nanoseconds in 64 bits.
_BASIC = re.compile(
    r"(?:<(\d{1,4})>)?"
    r"(?:(?:\[ *(\d{1,11})\.(\d{6})\](?:\[ *([TC]\d+)\])?|\[ *([TC]\d+)\]) )?",
    re.ASCII,
)
# A stamped line cut right after its prefix ("[   11.480276] " with the space gone).
_BARE_STAMP = re.compile(
    r"(?:<(\d{1,4})>)?\[ *(\d{1,11})\.(\d{6})\](?:\[ *([TC]\d+)\])?$",
    re.ASCII,
)
# A release has a dot, no comma and at most 64 bytes (__NEW_UTS_LEN). The length also
# keeps the search short in a datagram that is nothing but dots.
_EXTENDED = re.compile(
    r"(?:(?=[^,;\n]{0,64}\.)([^,;\n]{1,65}),)?"
    r"(\d{1,4}),(\d{1,20}),(\d{1,20}),([-+c])((?:,[^,;\n]*)*);",
    re.ASCII,
)
_LOOKS_EXTENDED = re.compile(
    r"(?:(?=[^,;\n ]{0,64}\.)[^,;\n ]{1,65},)?\d{1,4},\d+,\d+,[^;\n ]*;",
    re.ASCII,
)
_FRAGMENT = re.compile(r",ncfrag=(\d{1,6})/(\d{1,6})(?=,|$)", re.ASCII)
_CALLER = re.compile(r",caller=([TC]\d+)(?=,|$)")
_ESCAPE = re.compile(r"(?:\\x[0-9a-f]{2})+")
_DROPPED = re.compile(r"\*\* (\d{1,19}) printk messages dropped \*\* ?\n?", re.ASCII)

# A fragmented record: 2 KiB of text, at worst escaped to four times that, and 256
# items of userdata with 255 bytes each (drivers/net/netconsole.c of 7.3).
MAX_BODY_BYTES = 128 * 1024


class Packet(NamedTuple):
    """The content of one datagram.

    ``body`` of an extended packet is still escaped and may be a fragment; of a
    basic one it is the text after the prefix. ``prefix`` is facility * 8 + level.
    ``fragment`` is (offset, total) in bytes of the escaped body.
    """

    body: str
    extended: bool = False
    prefix: int | None = None
    time_us: int | None = None
    caller: str | None = None
    sequence: int | None = None
    flag: str = "-"
    release: str | None = None
    fragment: tuple[int, int] | None = None

    @property
    def is_user(self) -> bool:
        """Whether a program wrote this to /dev/kmsg; it cannot forge facility 0."""
        return self.prefix is not None and self.prefix > 7


def parse_packet(payload: str) -> Packet:
    r"""Parse the text of one datagram, without its final line feed.

    >>> parse_packet("[    8.404286] sysrq: Trigger a crash").time_us
    8404286
    >>> parse_packet("6,383,9827437,-;netconsole: started").sequence
    383
    >>> parse_packet(" sysrq_handle_crash+0x16/0x20").time_us is None
    True

    Raises:
        MalformedPacketError: it has the form of an extended header, but a number is
            out of range or the flag unknown.

    """
    if payload[:1] != "[" and ";" in payload[:1024]:
        match = _EXTENDED.match(payload)
        if match is not None:
            return _extended(payload, match)
        if _LOOKS_EXTENDED.match(payload):
            raise MalformedPacketError(f"extended header: {payload[:80]!r}")
    return parse_basic(payload)


def parse_basic(payload: str) -> Packet:
    """Parse a payload, or one line of it, as basic format; any text is valid."""
    match = _BASIC.match(payload)
    assert match is not None  # every part is optional
    prefix, seconds, micros, caller, lone_caller = match.groups()
    if seconds is None and payload[-1:] == "]":
        bare = _BARE_STAMP.match(payload)
        if bare is not None:
            match = bare
            prefix, seconds, micros, caller = bare.groups()
    if seconds is None:
        if prefix is not None and lone_caller is None and not _plain_prefix(payload):
            # "<48> " is an opcode byte in a Code line of 4.x, not a priority.
            return Packet(payload)
        time_us = None
    else:
        time_us = int(seconds + micros)
    return Packet(
        payload[match.end() :],
        False,
        None if prefix is None else int(prefix),
        time_us,
        caller or lone_caller,
    )


_OPCODE = re.compile(r"<[0-9a-f]{2}> ?$")


def _plain_prefix(payload: str) -> bool:
    return _OPCODE.match(payload) is None


def _extended(payload: str, match: re.Match[str]) -> Packet:
    release, prefix, sequence, micros, flag, keys = match.groups()
    caller, fragment = None, None
    if keys:
        found = _CALLER.search(keys)
        caller = found.group(1) if found else None
        fragment = _fragment(keys)
    if int(sequence) >= 1 << 64 or int(micros) >= 1 << 63:
        raise MalformedPacketError(f"extended header: {payload[:80]!r}")
    return Packet(
        payload[match.end() :],
        True,
        int(prefix),
        int(micros),
        caller,
        int(sequence),
        flag,
        release,
        fragment,
    )


def _fragment(keys: str) -> tuple[int, int] | None:
    found = _FRAGMENT.search(keys)
    if found is None:
        return None
    offset, total = int(found.group(1)), int(found.group(2))
    if offset >= total or total > MAX_BODY_BYTES:
        raise MalformedPacketError(f"fragment {offset}/{total}")
    return offset, total


def render_extended(packet: Packet) -> str:
    """Return the text of an unfragmented extended packet."""
    release = "" if packet.release is None else f"{packet.release},"
    caller = "" if packet.caller is None else f",caller={packet.caller}"
    return (
        f"{release}{packet.prefix},{packet.sequence},{packet.time_us},"
        f"{packet.flag}{caller};{packet.body}"
    )


def record_of(packet: Packet, at: str) -> Record:
    """Return the record that the kernel logged, from a complete packet."""
    facility = level = None
    if packet.prefix is not None:
        facility, level = packet.prefix >> 3, packet.prefix & 7
    text, keys = (
        _split_body(packet.body) if packet.extended else (_strip_lines(packet), None)
    )
    return Record(
        text,
        packet.time_us,
        packet.sequence,
        level,
        facility,
        packet.caller,
        at,
        keys,
    )


def _strip_lines(packet: Packet) -> str:
    # Every line of a multi-line record repeats the prefix (printk.c,
    # record_print_text); the packet's header is only the first of them.
    head, *rest = packet.body.split("\n")
    return "\n".join([head, *(parse_basic(line).body for line in rest)])


def _split_body(body: str) -> tuple[str, dict[str, str] | None]:
    text, _, tail = body.partition("\n")
    keys: dict[str, str] = {}
    for line in tail.split("\n"):
        key, equals, value = line.strip(" ").partition("=")
        if equals:
            keys.setdefault(unescape(key), unescape(value))
    return unescape(text), keys or None


def unescape(text: str) -> str:
    r"""Undo the kernel's ``\xNN`` of extended records (msg_add_ext_text).

    >>> unescape(r"caf\xc3\xa9\x0atwo")
    'café\ntwo'
    """
    if "\\x" not in text:
        return text
    return _ESCAPE.sub(_decode_escapes, text)


def _decode_escapes(match: re.Match[str]) -> str:
    return bytes.fromhex(match.group().replace("\\x", "")).decode("utf-8", "replace")


def split_dropped(payload: str) -> tuple[int, str]:
    """Remove "** N printk messages dropped **" from the front of a basic payload.

    Returns the number of dropped records and the rest; (0, payload) without it.
    """
    dropped, start = 0, 0
    while payload.startswith("** ", start):
        match = _DROPPED.match(payload, start)
        if match is None:
            break
        dropped += int(match.group(1))
        start = match.end()
    return dropped, payload[start:]

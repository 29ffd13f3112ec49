"""Parses a line from rsyslogd into address, reception time and payload. Pure.

The template of rsyslog.d writes one JSON object a line: ``{"ip","at","raw"}`` from
fromhost-ip, timegenerated and rawmsg. What rsyslogd changes in a datagram is undone
here (runtime/parser.c, SanitizeMsg; parser.* parameters).
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from omprog_panic.address import plain
from omprog_panic.errors import MalformedEnvelopeError

# Nearly every line: the template's own order, and nothing escaped but slashes, which
# rsyslogd's jsonf writes as "\\/".
_PLAIN = re.compile(
    rb'\{"ip":"([0-9A-Fa-f.:]{2,45})", ?"at":"([0-9T:.+Z-]{19,40})", ?'
    rb'"raw":"([^"\\]*(?:\\/[^"\\]*)*)"\}\Z',
)
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]{2,45}(?:%[0-9A-Za-z_.-]{1,32})?\Z")
# rsyslogd writes a byte below 0x20 as "#" and three octal digits. "#177" may be the
# kernel's own "CPU#177": only what can be a control byte is undone.
_CONTROL = re.compile(r"#0[0-3][0-7]")
# Extended text has its control bytes escaped by the kernel, so a "#012" in it was
# written there by somebody, unless a dictionary line (" KEY=value") follows.
_DICTIONARY = re.compile(r"#012(?= [^\s=#;]+=)")
# A fragment may end within the key; there every "#012 " is taken for a line end,
# because the offsets of the other fragments depend on it.
_FRAGMENT_LINE = re.compile(r"#012(?= )")
_HEADER = re.compile(
    r"(?:(?=[^,;\n ]{0,64}\.)[^,;\n ]{1,65},)?\d{1,4},\d+,\d+,[-+c][^;\n]*;",
)
_MAX_AT = 64


class Envelope(NamedTuple):
    """One datagram as it reached rsyslogd."""

    ip: str
    at: str
    payload: str


def parse_envelope(line: bytes) -> Envelope:
    """Parse one line.

    Raises:
        MalformedEnvelopeError: our template does not write such a line.

    """
    match = _PLAIN.match(line)
    if match is not None:
        ip, at, raw = match.groups()
        text = raw.decode("utf-8", "replace")
        if "\\" in text:
            text = text.replace("\\/", "/")
        return Envelope(
            plain(ip.decode("ascii")),
            at.decode("ascii"),
            restore(text) if "#0" in text else text,
        )
    return _parse_json(line)


def _parse_json(line: bytes) -> Envelope:
    try:
        # rsyslogd passes on bytes that are not UTF-8: decode before parsing.
        body = json.loads(line.decode("utf-8", "replace"))
        ip, at, raw = body["ip"], body["at"], body["raw"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MalformedEnvelopeError(f"{type(error).__name__}: {error}") from error
    if not (isinstance(ip, str) and isinstance(at, str) and isinstance(raw, str)):
        raise MalformedEnvelopeError("ip, at and raw must be strings")
    if not _ADDRESS.match(ip):
        raise MalformedEnvelopeError(f"not an address: {ip[:60]!r}")
    if len(at) > _MAX_AT or not at.isprintable():
        raise MalformedEnvelopeError("at is not a time")
    # A lone surrogate cannot be written to a file.
    raw = raw.encode("utf-8", "replace").decode("utf-8")
    return Envelope(plain(ip), at.replace("\t", " "), restore(raw))


def restore(raw: str) -> str:
    r"""Return a rawmsg with its control bytes, without one final line feed.

    >>> restore("[    1.5] A#012[    1.5] B")
    '[    1.5] A\n[    1.5] B'
    >>> restore("6,1,5,-;a #012 literal#012 SUBSYSTEM=usb")
    '6,1,5,-;a #012 literal\n SUBSYSTEM=usb'
    """
    if "#0" in raw:
        header = _HEADER.match(raw)
        if header is not None:
            raw = _restore_dictionary(raw, ",ncfrag=" in header.group())
        else:
            raw = _CONTROL.sub(_control_byte, raw)
    # parser.dropTrailingLFOnReception="off" leaves it in.
    return raw[:-1] if raw[-1:] == "\n" else raw


def _control_byte(match: re.Match[str]) -> str:
    return chr(int(match.group()[1:], 8))


def _restore_dictionary(raw: str, fragment: bool) -> str:  # noqa: FBT001
    raw = (_FRAGMENT_LINE if fragment else _DICTIONARY).sub("\n", raw)
    return raw.removesuffix("#012")

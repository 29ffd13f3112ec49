"""A record as the one string that memory and journal keep. Pure.

Ten thousand hosts may panic at once. So a record is kept as its reception time, a tab
and the packet's text, and parsed again only when its trace is closed. Notes about
missing records begin with a NUL, as no reception time does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.errors import MalformedPacketError
from omprog_panic.model import Record
from omprog_panic.netconsole.packet import (
    Packet,
    parse_basic,
    parse_packet,
    record_of,
    render_extended,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_HOLE = "\0hole"  # first and last missing sequence number
_DROPPED = "\0dropped"  # number of records that the kernel dropped
_ELIDED = "\0elided"  # number of records and bytes cut to keep a limit


def store_basic(payload: str, at: str) -> str:
    """Return a basic payload, with its prefix, as a stored line."""
    return f"{at}\t{payload}"


def store_extended(packet: Packet, at: str) -> str:
    """Return a complete extended packet, with its header, as a stored line."""
    return f"{at}\t{render_extended(packet)}"


def continued(line: str, text: str) -> str:
    r"""Append the text of a continuation to the stored record that it continues.

    Dictionary lines stay at the end.

    >>> continued("t\t6,1,5,c;PGD 1\n SUBSYSTEM=x", " PUD 2")
    't\t6,1,5,c;PGD 1 PUD 2\n SUBSYSTEM=x'
    """
    head, feed, tail = line.partition("\n ")
    if feed and "=" in tail and ";" in head:
        return f"{head}{text}{feed}{tail}"
    return line + text


def note_hole(first: int, last: int) -> str:
    """Return the note that these sequence numbers are missing here."""
    return f"{_HOLE}\t{first}\t{last}"


def note_dropped(count: int) -> str:
    """Return the note that the kernel dropped so many records here."""
    return f"{_DROPPED}\t{count}"


def note_elided(records: int, size: int) -> str:
    """Return the note that so many records and bytes were cut here."""
    return f"{_ELIDED}\t{records}\t{size}"


def hole(line: str) -> tuple[int, int] | None:
    """Return the numbers of a :func:`note_hole`; None for any other line."""
    if line[:1] != "\0" or not line.startswith(_HOLE):
        return None
    _, first, last = line.split("\t")
    return int(first), int(last)


def payload_of(line: str) -> str:
    """Return the packet's text of a stored record."""
    return line.partition("\t")[2]


def is_note(line: str) -> bool:
    """Return whether a stored line is a note about missing records."""
    return line[:1] == "\0"


def is_stored(packet: Packet, lines: Iterable[str]) -> bool:
    """Return whether an extended packet, or fragment, is in one of these lines.

    What continues the record before it was appended to that one. A fragment must be
    that part of a record of its length: other records may begin with the same text.
    """
    body = packet.body.rstrip("\n")
    numbers = f"{packet.prefix},{packet.sequence},{packet.time_us},"
    joined = packet.flag != "-"
    for line in lines:
        if body in line and (joined or (numbers in line and not is_note(line))):
            if joined:
                return True
            known = payload_of(line).partition(";")[2].rstrip("\n")
            if packet.fragment is not None:
                offset, total = packet.fragment
                # rsyslogd may have removed a line feed; what is lost moves the rest.
                is_part = known.startswith(body, offset) and len(known) >= total - 1
                if is_part or " bytes lost]" in known:
                    return True
            # Or it begins so, and was continued.
            elif known == body or (body and known.startswith(body)):
                return True
    return False


def packet_of(line: str) -> Packet:
    """Parse a stored record, not a note, into its packet."""
    payload = payload_of(line)
    try:
        return parse_packet(payload)
    except MalformedPacketError:
        return parse_basic(payload)


def expand(line: str) -> Record:
    """Parse a stored line into the record, or the gap notice, that it is."""
    at, _, numbers = line.partition("\t")
    if is_note(line):
        return _expand_note(at, numbers)
    return record_of(packet_of(line), at)


def _expand_note(kind: str, numbers: str) -> Record:
    values = [int(number) for number in numbers.split("\t")]
    if kind == _HOLE:
        count = values[1] - values[0] + 1
        return Record(_records(count, "lost"), lost=count)
    if kind == _DROPPED:
        return Record(_records(values[0], "dropped by the kernel"), lost=values[0])
    count, size = values
    text = _records(count, f"({size} bytes) left out to keep the size limit")
    return Record(text, lost=count)


def _records(count: int, what: str) -> str:
    return f"... {count} record{'' if count == 1 else 's'} {what} ..."

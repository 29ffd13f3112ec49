"""Which datagrams continue the record before them, or repeat it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.collector.boot_time import seconds_between
from omprog_panic.netconsole.stored import is_note, payload_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.netconsole.packet import Packet

LOOK_BACK = 64  # lines in which a doubled or swapped datagram is searched
_MAX_CONTINUED = 4096  # characters; a longer record is not continued
_DOUBLED_WITHIN_S = 2.0  # another boot may print the same at the same time
_STAMP = 16  # characters: the time stamp and the first one of the text
# Kernels that do not join the fragments of a line while an extended console is there.
_UNJOINED = (4, 10), (5, 4)


def can_be_continued(line: str | None) -> bool:
    """Return whether this stored line is a record that may be continued."""
    return line is not None and not is_note(line) and len(line) < _MAX_CONTINUED


def is_continuation(packet: Packet, kernel: str | None) -> bool:
    """Return whether an extended packet appends to the record before it.

    The flag "+" always means that. "c" does only on kernels from 4.10 to 5.3. Before
    them it opens a line; after them it marks what pr_cont printed after a whole line
    (thousands of times in the scheduler's dump of panic_print): a line of its own, as
    consoles show it. The release is known from the banner, the header or the client.
    """
    if packet.flag == "+":
        return True
    return packet.flag == "c" and _joins_with_c(packet.release or kernel)


def _joins_with_c(release: str | None) -> bool:
    if release is None:
        return False
    numbers = release.split(".", 2)[:2]
    try:
        major, minor = (int(number) for number in numbers)
    except ValueError:
        return False
    first, end = _UNJOINED
    return first <= (major, minor) < end


def is_doubled(payload: str, at: str, newest: Sequence[str]) -> bool:
    """Return whether the network delivered a basic datagram twice, within seconds.

    While the kernel's clock stands still (interrupts off, TCG) equal lines with equal
    stamps are no repeats: then nothing is dropped.
    """
    payloads = [payload_of(line) for line in newest]
    if payload not in payloads:
        return False
    last = len(payloads) - 1 - payloads[::-1].index(payload)
    if abs(seconds_between(newest[last].partition("\t")[0], at)) > _DOUBLED_WITHIN_S:
        return False
    stamps = [line[:_STAMP] for line in payloads]
    return stamps.count(payload[:_STAMP]) == payloads.count(payload)

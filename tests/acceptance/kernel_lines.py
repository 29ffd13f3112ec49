"""Parse datagrams without any of the product's code, and return the kernel's lines.

Documentation/networking/netconsole.rst and printk.c's ``msg_print_ext_*`` are the
sources. A line is written as a console has it: stamp, then text. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_EXTENDED = re.compile(
    r"(?:[^,;]*,)?(?P<level>\d+),(?P<number>\d+),(?P<us>\d+),[-c+](?P<more>[^;]*);"
)
_FRAGMENT = re.compile(r"ncfrag=(\d+)/(\d+)")
_CALLER = re.compile(r"caller=([^,;]+)")
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
_STAMP = re.compile(r"\[ *\d+\.\d{6}\]")


class KernelRecord(NamedTuple):
    """One record: its lines, and its number in the extended format."""

    lines: tuple[str, ...]
    number: int | None = None


def read_all(payloads: Iterable[bytes]) -> list[KernelRecord]:
    """Put records together, each once and in the kernel's order.

    Basic text has no numbers: it stays as it came.
    """
    basic: list[KernelRecord] = []
    numbered: dict[int, KernelRecord] = {}
    fragments: dict[int, dict[int, bytes]] = {}
    for payload in payloads:
        head = _EXTENDED.match(payload.decode("latin-1"))
        if head is None:
            basic.append(_basic(payload))
            continue
        number, body = int(head["number"]), payload[head.end() :]
        if fragment := _FRAGMENT.search(head["more"]):
            parts = fragments.setdefault(number, {})
            parts[int(fragment[1])] = body
            if sum(map(len, parts.values())) < int(fragment[2]):
                continue
            body = b"".join(parts[offset] for offset in sorted(parts))
        numbered[number] = _extended(head, body, number)
    return [numbered[number] for number in sorted(numbered)] or basic


def _basic(payload: bytes) -> KernelRecord:
    text = payload.decode("utf-8", "replace").removesuffix("\n")
    return KernelRecord(tuple(text.split("\n")))


def _extended(head: re.Match[str], body: bytes, number: int) -> KernelRecord:
    text = body.removesuffix(b"\n").split(b"\n")[0]  # behind it: keys and values
    plain = _ESCAPED.sub(lambda m: bytes.fromhex(m[1].decode()), text)
    seconds, micros = divmod(int(head["us"]), 1_000_000)
    caller = _CALLER.search(head["more"])
    stamp = f"[{seconds:5d}.{micros:06d}]"
    stamp += f"[{caller[1]:>6}] " if caller else " "
    lines = plain.decode("utf-8", "replace").split("\n")
    return KernelRecord(tuple(stamp + line for line in lines), number)


def console_lines(text: str) -> list[str]:
    """Return the kernel's lines of a serial console."""
    return [line for line in text.replace("\r", "").split("\n") if _STAMP.match(line)]

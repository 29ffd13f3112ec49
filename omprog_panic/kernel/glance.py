"""A glance at a raw line: can it mean anything? Pure.

Most lines of a log are ordinary, and this spares them the parsing. What it lets pass is
looked at properly.
"""

from __future__ import annotations

from omprog_panic.kernel.line import STAMP_ONLY
from omprog_panic.kernel.scanner import STATE_KEYS
from omprog_panic.kernel.signatures import SIGNATURES
from omprog_panic.kernel.start_line import START_KEYS

FORGET_EVERY = 4096
"""Lines after which repeated events are looked at again, for their time."""

_DIGITS = b"0123456789"


def _literals(rows: tuple[tuple[str, ...], ...]) -> dict[bytes, tuple[bytes, ...]]:
    table: dict[bytes, list[bytes]] = {}
    for starts in rows:
        for start in starts:
            table.setdefault(start[:3].encode(), []).append(start.encode())
    return {key: tuple(starts) for key, starts in table.items()}


_CRASHES = _literals(
    tuple(r.starts for r in SIGNATURES if r.role != "event" and r.starts != ("{",))
)
_EVENTS = _literals(
    tuple(r.starts for r in SIGNATURES if r.role == "event" and not r.after_prefix)
)
_AFTER_PREFIX = _literals(tuple(r.starts for r in SIGNATURES if r.after_prefix))
# Keys of lines that are no start lines (terminators, the boot banner) or have digits.
_OTHER = frozenset(
    key.encode()
    for key in STATE_KEYS
    if key not in START_KEYS or (key.startswith("{") and key.encode() not in _CRASHES)
)
# Words of signatures/info.py: at the beginning, or after the first ": ".
_ALWAYS = _OTHER | {b"tra", b"Use", b"pot"}
_BEGINNINGS = _ALWAYS | _CRASHES.keys() | _EVENTS.keys()
_INFO_REST = frozenset({b"unh", b"sen", b"seg", b"pag", b"gfp", b"pot"})


_stamp = STAMP_ONLY.match


class Glance:
    """Tells ordinary lines from those that must be parsed."""

    def __init__(self) -> None:
        self._events: set[bytes] = set()

    def is_ordinary(self, raw: bytes) -> bool:
        """Return whether a line can mean nothing while no report is open.

        The same event again (digits apart) counts as ordinary for a while: a failing
        disk prints thousands of them.
        """
        stamp = _stamp(raw)
        if stamp is None:
            return False
        at = stamp.end()
        key = raw[at : at + 3]
        if key in _BEGINNINGS:
            if key in _ALWAYS or raw.startswith(_CRASHES.get(key, ()), at):
                return False
            if raw.startswith(_EVENTS.get(key, ()), at):
                return self._is_repeated(raw[at:])
        after = raw.find(b": ", at) + 2
        rest = raw[after : after + 3]
        if rest in _AFTER_PREFIX and raw.startswith(_AFTER_PREFIX[rest], after):
            return self._is_repeated(raw[at:])
        # What no key finds: a start line behind an unterminated one, and die().
        return not (
            rest in _INFO_REST or b"BUG" in raw or b"[#" in raw or b"anic - not" in raw
        )

    def _is_repeated(self, text: bytes) -> bool:
        bare = text.translate(None, _DIGITS)
        if bare in self._events:
            return True
        self._events.add(bare)
        return False

    def forget(self) -> None:
        """Look at repeated events again."""
        self._events.clear()

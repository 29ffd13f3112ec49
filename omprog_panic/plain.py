"""Makes text from the network harmless: special characters are escaped.

Pure. Everything that a kernel (or somebody who forges datagrams) sends is escaped here
before it reaches a database, a terminal or a message.
"""

from __future__ import annotations

import re
import unicodedata

# Cc: ANSI escapes, bells; Cf: right-to-left marks, zero-width letters; Cs: bytes that
# could not be decoded; Zl, Zp: line separators that we do not treat as such.
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SPACES = re.compile(r"\s+")


def visible(text: str) -> str:
    r"""Escape every character that could have an effect; keep line feeds and tabs.

    >>> visible("\x1b[31mred\u202e")
    '\\x1b[31mred\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _HARMFUL:
        return character  # a no-break space is unprintable for Python, but harmless
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def one_line(text: str, limit: int) -> str:
    r"""Return one escaped line of at most ``limit`` characters, as for a title.

    >>> one_line("a\n b" + "c" * 9, 8)
    'a bcc...'
    """
    line = _SPACES.sub(" ", visible(text)).strip()
    return line if len(line) <= limit else f"{line[: limit - 3]}..."

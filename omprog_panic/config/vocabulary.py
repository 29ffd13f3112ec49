"""The words that routes, silences and ``kinds`` may name. Pure."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from omprog_panic.kernel.signatures import INFO_SIGNATURES, SIGNATURES
from omprog_panic.model import Severity
from omprog_panic.notification.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = sorted({row.kind for row in (*SIGNATURES, *INFO_SIGNATURES)} | {"other"})
DRILL = "drill"  # the severity of a planned crash
# Messages about a crash have its severity; the others are routed by their kind.
SEVERITIES = (
    *(severity.value for severity in Severity),
    DRILL,
    *(kind.value for kind in Kind if not kind.format.about_crash),
)
_WORDS = {"kind": (KINDS, "kind of crash"), "severity": (SEVERITIES, "severity")}
_GLOB = frozenset("*?[")


def why_unknown(word: str, known: Sequence[str], sort: str) -> str:
    """Explain that a word is not known, with the one that was probably meant.

    >>> why_unknown("opps", ["ops"], "tag")
    "unknown tag 'opps': did you mean 'ops'?"
    """
    close = difflib.get_close_matches(word.lower(), known, 1, 0.6)
    if close:
        return f"unknown {sort} {word!r}: did you mean {close[0]!r}?"
    return f"unknown {sort} {word!r}: remove it; known here: {', '.join(known)}"


def why_no_match(key: str, pattern: str) -> str | None:
    """Explain that a pattern is empty, or that no alert has this kind or severity.

    None: an alert may match it.

    >>> why_no_match("severity", "panik")
    "unknown severity 'panik': did you mean 'panic'?"
    """
    known, sort = _WORDS.get(key, ((), ""))
    word = pattern.lstrip("! ")
    if not word.strip():
        return f"{pattern!r} is empty: is a variable not set? Write a value"
    if not known or word in known or _GLOB & set(pattern):
        return None
    return why_unknown(word, known, sort)

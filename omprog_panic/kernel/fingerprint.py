"""The fingerprint: equal for two incidents of the same bug. Pure."""

from __future__ import annotations

import hashlib

from omprog_panic.kernel.title import bare

FINGERPRINT_VERSION = 2


def fingerprint_of(form: str, function: str | None, place: str | None = None) -> str:
    """Return a hash over what is the same on every host and in every run.

    ``form`` is the title without its function; ``place`` is the source file, used where
    no function is known.
    """
    name = bare(function).lower() if function else f"({place or ''})"
    content = f"{FINGERPRINT_VERSION}\n{form.lower()}\n{name}"
    return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:16]

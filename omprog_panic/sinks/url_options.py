"""The options of a URL of ours, ``?name=value``, checked. Pure."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from omprog_panic.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Collection

    from omprog_panic.config.service_url import ServiceUrl

# Options that apprise has for every URL, and that a sink of ours does not need. Those
# that matter here are named by the sinks: verify.
_IGNORED = frozenset(
    {"cto", "emojis", "format", "overflow", "rto", "store", "tag", "tags", "tz"}
)
_YES = frozenset({"yes", "true", "on", "1"})
_NO = frozenset({"no", "false", "off", "0"})
_PAGE = "see omprog-panic-apprise.yml(5)"


def options_of(url: ServiceUrl, known: Collection[str]) -> dict[str, str]:
    """Return the options that a sink knows.

    A known name that ends in ``*`` stands for all that begin like it.

    Raises:
        DeliveryError: one is not known; names it, and the one that may be meant.

    """
    found = {}
    starts = tuple(name[:-1] for name in known if name.endswith("*"))
    for raw, value in parse_qsl(url.query.reveal(), keep_blank_values=True):
        name = _name(raw)
        if name in known or (starts and name.startswith(starts)):
            found[name] = value
        elif name not in _IGNORED:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]}?" if close else f"remove it, {_PAGE}"
            reason = f"{url.scheme}:// has no option {name[:40]!r}: {hint}"
            raise DeliveryError(reason, permanent=True)
    return found


def _name(raw: str) -> str:
    """Return the name of an option; what an administrator named keeps its case."""
    if raw.startswith(" "):  # parse_qsl reads "+" as a space
        return f"+{raw[1:]}"
    return raw if raw[:1] in {"+", "-", ":"} else raw.lower()


def flag(options: dict[str, str], name: str, *, default: bool) -> bool:
    """Return an option that is yes or no.

    Raises:
        DeliveryError: it is neither.

    """
    value = options.get(name, "").lower()
    if not value:
        return default
    if value not in _YES | _NO:
        raise DeliveryError(f"?{name}= is neither yes nor no", permanent=True)
    return value in _YES


def choice(options: dict[str, str], name: str, among: Collection[str]) -> str:
    """Return one of several words; the first one where the option is missing.

    Raises:
        DeliveryError: it is none of them.

    """
    value = options.get(name, "").lower() or next(iter(among))
    if value not in among:
        words = ", ".join(among)
        raise DeliveryError(f"?{name}= is none of: {words}", permanent=True)
    return value


def http_link(options: dict[str, str], name: str) -> str:
    """Return an address of a page that an option gives; empty where it is missing.

    Raises:
        DeliveryError: it is no address of a page.

    """
    value = options.get(name, "")
    if value and not value.startswith(("https://", "http://")):
        raise DeliveryError(f"?{name}= is no http:// or https:// URL", permanent=True)
    return value

"""Recipients of a URL that apprise leaves out without an error. Pure.

It logs most of them, in words that differ little between versions; addresses of mail
that are none it does not even log.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from omprog_panic.plain import one_line
from omprog_panic.sinks.url_template import is_public_recipient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from omprog_panic.config.service_url import ServiceUrl
    from omprog_panic.sinks.url_template import UrlTemplate

_LOGGED = re.compile(
    r"(?:(?:Dropp(?:ed|ing)|Ignoring) invalid [^()]*|ntfy topic |target )"
    r"\((?P<name>.+?)\) (?:specified|is invalid)"
)
_ADDRESSES = frozenset({"to", "cc", "bcc"})
_MAIL = frozenset({"mailto", "mailtos"})
_TOKEN = re.compile(r"(?=.*[0-9])(?=.*[a-zA-Z])[\w-]{20,}", re.ASCII)
_HIDDEN = "****"
MAX_SHOWN = 60  # characters of one recipient


def dropped(
    logged: Iterable[str], url: ServiceUrl | None, template: UrlTemplate
) -> tuple[str, ...]:
    """Return the recipients that a URL names and that would get nothing.

    ``logged``: what apprise logged when it parsed the URL. ``template``: the forms of
    its scheme.
    """
    names = [found["name"] for line in logged if (found := _LOGGED.search(line))]
    if url is not None and url.scheme in _MAIL:
        names += _no_addresses(url)
    secret = _before_at(url)
    shown = (
        _shown(name, secret) if is_public_recipient(name, url, template) else _HIDDEN
        for name in names
    )
    return tuple(dict.fromkeys(shown))


def _no_addresses(url: ServiceUrl) -> Iterator[str]:
    values = [v for k, v in parse_qsl(url.query.reveal()) if k.lower() in _ADDRESSES]
    parts = [part.strip() for value in values for part in value.split(",")]
    parts += map(unquote, url.path)
    for part in filter(None, parts):
        # "Ops <ops@example.org>" is one, "ops@example.org gone" are two.
        for one in [part] if "<" in part else part.split():
            if "@" not in one:
                yield one


def _before_at(url: ServiceUrl | None) -> tuple[str, ...]:
    """Return the segments up to the last ``@``: a token with a raw ``/``, perhaps."""
    path = [] if url is None else [unquote(part) for part in url.path]
    last = max((n for n, part in enumerate(path, 1) if "@" in part), default=0)
    return tuple(path[:last])


def _shown(name: str, secret: Iterable[str]) -> str:
    may_be_secret = any(name in part or part in name for part in secret)
    if may_be_secret or _TOKEN.fullmatch(name):
        return _HIDDEN
    return one_line(name, MAX_SHOWN)

"""Parses the URL of a service strictly, before apprise does, and masks it. Pure.

apprise cuts a password at the second ``:`` or ``@`` without a word, and shows the rest
as if it were a host. So a URL in which user name and password are not certain is
refused, and what is shown is made from the parts found here: password and query never
are, and other parts only where apprise shows them, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

import yaml

from omprog_panic.errors import DeliveryError
from omprog_panic.plain import one_line
from omprog_panic.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Collection

_URL = re.compile(r"\s*([a-zA-Z][a-zA-Z0-9+.-]*)://(.*)", re.DOTALL)
_TEXT_LINE = re.compile(r"(?:[\w\s,:-]*=)?\s*([a-zA-Z0-9]+://.*)", re.ASCII)
_BAD_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
# What may not stand in a user name or password as it is, besides ":" and "@".
_RESERVED = re.compile(r"[\s;&\[\]\"'<>\\^`{|}]")
_PORT = re.compile(r"[0-9]{1,5}")
_MAIL = frozenset({"mailto", "mailtos"})
_HOST = re.compile(r"\[[0-9a-fA-F:.]+\]|[\w.-]*", re.ASCII)
_TOKEN = re.compile(r"(?=.*[0-9])(?=.*[a-zA-Z])[\w-]{20,}", re.ASCII)
_HIDDEN = "****"
_LONGEST_ESCAPE = 10  # characters that one_line makes of one: \U0010ffff
_PAGE = "see omprog-panic-apprise.yml(5)"


class ServiceUrl(NamedTuple):
    """The parts of a URL as they are written, still percent-encoded.

    ``host`` contains a port that is no number, too: some tokens have a colon.
    """

    scheme: str
    user: str | None
    password: Secret | None
    host: str
    port: str | None
    path: tuple[str, ...]  # segments that are not empty
    query: Secret


def url_in(form: str, document: Secret) -> Secret | None:
    """Return the URL in a piece of an apprise file; None where there is none.

    ``form`` is "text" or "yaml".
    """
    text = document.reveal()
    if form == "text":
        lines = [line.strip() for line in text.splitlines()]
        found = [m[1] for line in lines if (m := _TEXT_LINE.fullmatch(line))]
        return Secret(found[-1].strip()) if found else None
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    entries = data.get("urls") if isinstance(data, dict) else None
    if not isinstance(entries, list) or not entries:
        return None
    keys = list(entries[-1]) if isinstance(entries[-1], dict) else [entries[-1]]
    urls = [key for key in keys if isinstance(key, str) and _URL.fullmatch(key)]
    return Secret(urls[-1].strip()) if urls else None


def options_beside(form: str, document: Secret) -> list[str]:
    """Return the names of options that stand below the URL, which YAML allows.

    Only apprise's plug-ins get them. Tags are none.
    """
    if form == "text":
        return []
    data = yaml.safe_load(document.reveal())
    [*_, entry] = data["urls"]
    below = list(entry.values()) if isinstance(entry, dict) else []
    settings = [one for part in below for one in _as_settings(part)]
    names = {str(name).lower() for one in settings for name in one}
    return sorted(names - {"tag", "tags"})


def _as_settings(part: object) -> list[dict[object, object]]:
    found = part if isinstance(part, list) else [part]
    return [one for one in found if isinstance(one, dict)]


def with_url(form: str, document: Secret, placeholder: str) -> Secret:
    """Return a piece of an apprise file with another URL, tags and options kept."""
    url = url_in(form, document)
    text = document.reveal()
    if url is None:
        return document
    if form == "text":
        start = text.rindex(url.reveal())
        return Secret(text[:start] + placeholder)
    data = yaml.safe_load(text)
    [*_, entry] = data["urls"]
    if isinstance(entry, dict):
        options = entry[next(k for k in entry if str(k).strip() == url.reveal())]
        entry = {placeholder: options}
    else:
        entry = placeholder
    return Secret(yaml.safe_dump({**data, "urls": [entry]}))


def parse_service_url(url: Secret) -> ServiceUrl:
    """Return the parts of a URL.

    Raises:
        DeliveryError: it can be read in more than one way; names the characters to
            write as %XX, and nothing else of the URL.

    """
    found = _URL.fullmatch(url.reveal())
    if not found:
        raise _refused(f"no URL: write SCHEME://..., {_PAGE}")
    scheme, rest = found[1].lower(), found[2].strip()
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    after = rest[len(authority) :]
    _check_end(scheme, authority, after)
    info, at, place = authority.rpartition("@")
    user, password = _user_info(info) if at else (None, None)
    host, _, port = place.rpartition(":")
    if not _PORT.fullmatch(port) or place.endswith("]"):
        host, port = place, ""
    if at and not _HOST.fullmatch(host) and scheme in _MAIL:
        raise _refused(f"no host name after @: check it, {_PAGE}")
    path, _, query = after.partition("?")
    _check_query(query)
    segments = tuple(part for part in path.split("/") if part)
    return ServiceUrl(
        scheme, user, password, host, port or None, segments, Secret(query)
    )


def masked(url: ServiceUrl, visible: Collection[str]) -> str:
    """Return a URL that shows nothing secret.

    ``visible`` are the parts, not percent-encoded, that apprise itself would show.

    >>> masked(parse_service_url(Secret("json://u:pw%40x@h:80/a/b?c=d")), {"u", "h"})
    'json://u:****@h:80/****/****'
    """
    secret = unquote(url.password.reveal()) if url.password else None
    # Without a password the user may be a token.
    is_named = url.password is not None or url.scheme in _MAIL

    def shown(part: str) -> str:
        plain = unquote(part)
        if plain not in visible or plain == secret or _TOKEN.fullmatch(plain):
            return _outline(plain)
        name, at, domain = plain.partition("@")
        if at and name and url.user is None:
            return f"{_outline(name)}@{domain}"
        return plain

    info = ""
    if url.user is not None:
        user = url.user
        info = (shown(user) if is_named else _outline(user)) if user else ""
        info += f":{_HIDDEN}@" if url.password else "@"
    host = shown(url.host) if url.host else ""
    port = f":{url.port}" if url.port and host == unquote(url.host) else ""
    parts = [f"{info}{host}{port}"]
    # An encoded control character is none where it is shown.
    text = f"{url.scheme}://{'/'.join([*parts, *map(shown, url.path)])}"
    return one_line(text, len(text) * _LONGEST_ESCAPE)


def _outline(part: str) -> str:
    """Return what is left of a secret part: enough to tell two long ones apart."""
    return f"{part[0]}...{part[-1]}" if len(part) >= 8 else _HIDDEN


def _refused(reason: str) -> DeliveryError:
    return DeliveryError(reason, permanent=True)


def _encoded(characters: str) -> DeliveryError:
    pairs = ", ".join(
        f"{'space' if one == ' ' else one} as %{ord(one):02X}"
        for one in dict.fromkeys(characters)
    )
    return _refused(
        f"the user name or password has a reserved character: write {pairs}, {_PAGE}"
    )


def _check_end(scheme: str, authority: str, after: str) -> None:
    """Refuse a URL in which ``/``, ``?`` or ``#`` may belong to the password."""
    if after.startswith("#"):
        raise _encoded("#")
    if not after or "@" not in after:
        return
    path, _, query = after.partition("?")
    first = after[0]
    host, _, port = authority.rpartition(":")
    names = [part.partition("=")[0] for part in query.split("&")]
    if "@" in authority:
        # "u:p@x/y@host": the host would be "x", which no mail server is called.
        host = authority.rpartition("@")[2].partition(":")[0]
        is_host = "." in host or host == "localhost" or host.startswith("[")
        if scheme in _MAIL and not is_host and "@" in path:
            raise _refused(
                "no full host name before /: write recipients as ?to=, and @ and / in "
                f"a password as %40 and %2F, {_PAGE}"
            )
        return
    is_port = bool(host) and bool(_PORT.fullmatch(port))
    inside = any("@" in part[1:] for part in path.split("/"))
    if ":" in authority and not is_port and (inside or first == "?"):
        raise _encoded(first)
    if any("@" in name for name in names) or (scheme in _MAIL and inside):
        raise _encoded(first)


def _user_info(info: str) -> tuple[str, Secret | None]:
    user, colon, password = info.partition(":")
    wrong = "".join(re.findall(r"[:@]", password)) + "".join(re.findall("@", user))
    wrong += "".join(_RESERVED.findall(info))
    if _BAD_PERCENT.search(info):
        wrong += "%"
    if wrong:
        raise _encoded(wrong)
    return user, Secret(password) if colon else None


def _check_query(query: str) -> None:
    """Refuse what apprise would cut from a value."""
    if ";" in query:
        raise _refused("a value after ? has a reserved character: write ; as %3B")
    if any(part and "=" not in part for part in query.split("&")):
        raise _refused(
            "a part after ? has no =: write NAME=VALUE, and & in a value as %26"
        )

"""URLs of every scheme that the installed apprise knows, with a known secret in each.

Made from apprise's own templates. A token is cut in two, with a character between:
neither half may be shown, wherever the URL is parsed differently because of it.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import apprise

# What RFC 3986 reserves, and what else has a meaning in text, YAML or a shell.
RESERVED = ":/?#[]@!$&'()*+,;=%\"<>\\^`{|} "
_TOKEN = re.compile(r"\{(\w+)\}")
# Not marked as private by all plug-ins that have one.
_SECRET_NAME = re.compile("token|secret|pass|auth|apikey|webhook", re.IGNORECASE)
_ALPHABETS = (
    string.ascii_letters + string.digits,
    "0123456789abcdef",
    string.ascii_uppercase + string.digits,
    string.digits,
)
_LENGTHS = (20, 24, 32, 30, 40, 36, 64, 68, 48, 16, 12, 10, 11, 9, 8)
_PLACES = {
    "host": "h.example.org",
    "port": "8080",
    "from_phone": "15551230000",
    "from_email": "me@example.org",
    "from_addr": "me@example.org",
    "email": "me@example.org",
    "user": "alerts",
    "region": "us-east-1",
}
_TARGETS = ("15551234567", "#chan", "a@example.org", "word")


class SecretUrl(NamedTuple):
    """A URL, and the two parts of it that nobody may see."""

    url: str
    halves: tuple[str, str]


def secret_urls(
    characters: str, *, encoded: bool = False, seed: int = 15
) -> Iterator[SecretUrl]:
    """Yield a URL for each private token of each form, with each of the characters.

    An empty character gives the URL itself.
    """
    for scheme, template, tokens, name in _private_tokens():
        chance = random.Random(f"{seed} {scheme} {template} {name}")
        values = _values(template, tokens, chance)
        secret = values[name]
        halves = secret[: len(secret) // 2], secret[len(secret) // 2 :]
        for one in [*characters] or [""]:
            between = quote(one, safe="") if encoded else one
            written = {**values, name: between.join(halves)}
            url = _TOKEN.sub(lambda found: written[found[1]], template)  # noqa: B023
            yield SecretUrl(f"{scheme}{url.removeprefix('{schema}')}", halves)


def _private_tokens() -> Iterator[tuple[str, str, Mapping[str, Any], str]]:
    for service in apprise.Apprise().details()["schemas"]:
        details = service["details"]
        tokens: Mapping[str, Any] = details["tokens"]
        schemes = sorted(
            {*(service["protocols"] or ()), *(service["secure_protocols"] or ())}
        )
        for template in details["templates"]:
            for name in sorted(set(_TOKEN.findall(template)) - {"schema", "targets"}):
                if tokens[name].get("private") or _SECRET_NAME.search(name):
                    yield schemes[0], template, tokens, name


def _values(
    template: str, tokens: Mapping[str, Any], chance: random.Random
) -> dict[str, str]:
    names = set(_TOKEN.findall(template)) - {"schema"}
    found = {"schema": "{schema}"}
    for name in sorted(names):
        entry = tokens.get(name, {})
        if name == "targets":
            found[name] = _target(tokens, chance)
        elif name in _PLACES and not entry.get("private"):
            found[name] = _PLACES[name]
        elif name in {"path", "fullpath"}:
            found[name] = "/way/" if name == "path" else "way"
        elif entry.get("values"):
            found[name] = str(min(entry["values"]))
        else:
            found[name] = _made(entry.get("regex"), chance)
    return found


def _target(tokens: Mapping[str, Any], chance: random.Random) -> str:
    kinds = [(n, t) for n, t in tokens.items() if t.get("map_to") == "targets"]
    for name, entry in kinds:
        if name == "targets":
            continue
        mark = str(entry.get("prefix") or "")
        if "phone" in name or mark == "+":
            return _TARGETS[0]
        if "email" in name:
            return _TARGETS[2]
        if entry.get("regex"):
            return mark + _made(entry["regex"], chance)
        return f"{mark}word"
    return "word"


def _made(regex: object, chance: random.Random) -> str:
    """Return a value that the plug-in accepts, with random letters if it may have."""
    pattern = _pattern(regex)
    for alphabet in _ALPHABETS:
        for length in _LENGTHS:
            value = "".join(chance.choice(alphabet) for _ in range(length))
            forms = (
                value,
                f"xoxb-{value}",
                f"{'1' * 9}:{value}",
                f"AC{value}",
                uuid(value),
            )
            for form in forms:
                if pattern.fullmatch(form) or pattern.match(form):
                    return form
    return "".join(chance.choice(_ALPHABETS[0]) for _ in range(20))


def _pattern(regex: object) -> re.Pattern[str]:
    if not isinstance(regex, tuple):
        return re.compile(".*")
    try:
        return re.compile(str(regex[0]), re.IGNORECASE if "i" in regex else 0)
    except re.error:  # 1.2.0 has some that are none
        return re.compile(".*")


def uuid(value: str) -> str:
    """Return a value in the groups of a UUID."""
    long = (value * 4)[:32].lower()
    return "-".join((long[:8], long[8:12], long[12:16], long[16:20], long[20:]))

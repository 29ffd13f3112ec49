"""Which parts of a URL may be shown, by apprise's own templates of its scheme. Pure.

Each plug-in lists the forms of its URL (``{schema}://{token}@{host}/{targets}``) and
which parts are private. A ``/`` that should have been written ``%2F`` moves the rest of
a token to where a host or a recipient stands, so a part is shown only where none of
the forms has something private before it, or where it has the form of a recipient.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, unquote

from omprog_panic.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from omprog_panic.config.service_url import ServiceUrl

    _Entry = Mapping[str, object]  # what apprise says of one part

# Parts that are public unless the plug-in says "private". Whatever else the many
# plug-ins call a part is taken for a secret: some have tokens that they show.
_PUBLIC = frozenset(
    {
        "botname",
        "component",
        "email",
        "events",
        "facility",
        "from_addr",
        "from_email",
        "from_phone",
        "host",
        "language",
        "organization",
        "port",
        "region",
        "schema",
        "sender",
        "short_code",
        "source",
        "targets",
        "topic",
        "user",
    }
)
_TOKEN = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"[+-]?[0-9]+(?::[0-9]+)?")  # of a telephone, of a chat
_ADDRESS = re.compile(
    r"[\w.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}", re.IGNORECASE | re.ASCII
)
MARKS = "#@!+*^"  # what recipients begin with, in all plug-ins
_SPLIT = re.compile(r"[\s,;:/#@&+=]+")
_LONG = 6  # from this length on, a part of a secret does not occur elsewhere by chance
_MAIL = frozenset({"mailto", "mailtos"})
_SLACK_TOKEN = 24  # characters of the last one of a webhook


class UrlTemplate(NamedTuple):
    """What the forms of a scheme have in common.

    ``hosts``: for each form whether it has an ``@`` and whether what follows is public.
    ``patterns``: of recipients; none where a token may consist of digits.
    """

    secret_before_at: bool
    secret_after_at: bool
    lone_secret: bool  # before @ without a user name, or in place of the host
    public_user: bool
    hosts: tuple[tuple[bool, bool], ...]
    has_addresses: bool  # mail addresses are recipients
    patterns: tuple[re.Pattern[str], ...]
    secret_targets: bool


def url_template(plugin: object) -> UrlTemplate:
    """Return what a plug-in of apprise says about its URLs; strict where it is silent.

    Its ``templates`` and ``template_tokens`` are the same in all versions.
    """
    tokens: Mapping[str, _Entry] = getattr(plugin, "template_tokens", {})
    options: Mapping[str, _Entry] = getattr(plugin, "template_args", {})
    private = {name for name in {*tokens, *_PUBLIC} if _is_private(name, tokens)}
    before, after = set[str](), set[str]()
    hosts, is_lone = list[tuple[bool, bool]](), False
    for template in getattr(plugin, "templates", ()):
        info, at, place = template.partition("://")[2].rpartition("@")
        infos, places = _TOKEN.findall(info), _TOKEN.findall(place)
        before.update(infos)
        after.update(places)
        hosts.append((bool(at), not private & set(places[:1])))
        is_lone |= bool(private & {*infos[:1], *places[:1]})
    targets = {name for name, entry in tokens.items() if _is_target(name, entry)}
    alias = str(options.get("to", {}).get("alias_of", ""))
    return UrlTemplate(
        secret_before_at=bool(before & private),
        secret_after_at=bool(after & private),
        lone_secret=is_lone,
        public_user="user" in before and "user" not in private,
        hosts=tuple(hosts),
        has_addresses=any("email" in name for name in targets),
        patterns=_number_patterns(tokens, targets, after & private),
        secret_targets=bool(private & {*targets, alias}),
    )


def _is_private(name: str, tokens: Mapping[str, _Entry]) -> bool:
    if tokens.get(name, {}).get("private"):
        return True
    return name not in _PUBLIC and not _is_target(name, tokens[name])


def _is_target(name: str, entry: _Entry) -> bool:
    return name == "targets" or entry.get("map_to") == "targets"


def _number_patterns(
    tokens: Mapping[str, _Entry], targets: set[str], private: set[str]
) -> tuple[re.Pattern[str], ...]:
    def patterns(names: Iterable[str]) -> list[re.Pattern[str]]:
        found = (tokens.get(name, {}).get("regex") for name in sorted(names))
        return [one for entry in found if entry for one in _compiled(entry)]

    if any(not one.match("aBcDeF") for one in patterns(private) if one.match("1" * 12)):
        return ()
    return tuple(patterns(targets))


def _compiled(regex: object) -> Iterator[re.Pattern[str]]:
    text = regex[0] if isinstance(regex, tuple) else regex
    with contextlib.suppress(re.error):  # 1.2.0 has some that are none
        yield re.compile(str(text), re.IGNORECASE | re.ASCII)


def check_at(url: ServiceUrl, template: UrlTemplate) -> None:
    """Refuse an ``@`` in the path behind which the host may really stand.

    Raises:
        DeliveryError: names the characters to write as %XX.

    """
    if url.scheme not in _MAIL and template.secret_before_at:
        check_path(url)


def check_path(url: ServiceUrl) -> None:
    """Refuse an ``@`` in the path of a URL that may have a password or token before it.

    Raises:
        DeliveryError: names the characters to write as %XX.

    """
    for part in url.path:
        # "@name" is a recipient where a host stands before it.
        at = part.find("@")
        if at < 0 or ((at == 0 or url.user is not None) and _is_host(url)):
            continue
        raise DeliveryError(
            "the path has an @, which may end a token or password: write / in these as "
            "%2F, and @ in a path or recipient as %40, see omprog-panic-apprise.yml(5)",
            permanent=True,
        )


def check_slack(url: ServiceUrl) -> None:
    """Refuse a webhook of Slack whose last token may go on behind a ``/``.

    Raises:
        DeliveryError: names what to write.

    """
    # As a URL of its own the three tokens are in the path, as one of apprise's they
    # begin in place of the host.
    parts = [unquote(part) for part in (url.host, *url.path)]
    if len(parts) > 3 and len(parts[2]) != _SLACK_TOKEN and parts[3][0] not in MARKS:
        raise DeliveryError(
            f"the third token has {len(parts[2])} characters instead of {_SLACK_TOKEN}:"
            " correct it; if a channel follows it, write #CHANNEL",
            permanent=True,
        )


def public_parts(url: ServiceUrl, template: UrlTemplate) -> frozenset[str]:
    """Return the parts that hold no secret, decoded."""
    found = {part for part in map(unquote, url.path) if _may_show(part, template)}
    if url.user and template.public_user and not template.lone_secret:
        found.add(unquote(url.user))
    if url.host and _is_public_host(url, template):
        found.add(unquote(url.host))
    return frozenset(found)


def shown_recipient(
    name: str, number: int, url: ServiceUrl | None, template: UrlTemplate
) -> str:
    """Return how people see a recipient; its number if it may be a part of a secret."""
    if is_public_recipient(name, url, template):
        return name
    return f"recipient {number}"


def is_public_recipient(
    name: str, url: ServiceUrl | None, template: UrlTemplate
) -> bool:
    """Return whether a recipient cannot be a part of a secret."""
    if template.secret_targets:
        return False
    if url is None:
        return True
    plain = _bare(name)
    public = public_parts(url, template)
    asked = [v for k, v in parse_qsl(url.query.reveal()) if k.lower() == "to"]
    if plain in {_bare(one) for part in (*public, *asked) for one in _pieces(part)}:
        return True
    written = {unquote(part) for part in (url.user or "", url.host, *url.path)}
    written.add(unquote(url.password.reveal()) if url.password else "")
    return not any(_overlap(plain, part) for part in written - public if part)


def _may_show(part: str, template: UrlTemplate) -> bool:
    if template.secret_targets:
        return False
    if not template.secret_after_at:
        return True
    if part[0] in MARKS:
        return True
    if template.has_addresses and _ADDRESS.fullmatch(part):
        return True
    return bool(_NUMBER.fullmatch(part)) and any(
        pattern.match(part) for pattern in template.patterns
    )


def _is_public_host(url: ServiceUrl, template: UrlTemplate) -> bool:
    alike = [public for at, public in template.hosts if at == (url.user is not None)]
    found = alike or [public for _, public in template.hosts]
    if all(found) and not template.lone_secret:
        return True
    return any(found) and _is_host(url)


def _is_host(url: ServiceUrl) -> bool:
    """Return whether what stands in place of the host cannot be a part of a token."""
    host = url.host
    return "." in host or host == "localhost" or host[:1] == "[" or bool(url.port)


def _bare(name: str) -> str:
    return name.strip().lstrip(MARKS)


def _pieces(part: str) -> Collection[str]:
    return {part, *filter(None, _SPLIT.split(part))}


def _overlap(plain: str, secret: str) -> bool:
    if plain in {_bare(one) for one in _pieces(secret)}:
        return True
    long = min(len(plain), len(secret)) >= _LONG
    return long and (plain in secret or secret in plain)

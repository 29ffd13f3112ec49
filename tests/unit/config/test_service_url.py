from __future__ import annotations

import string
from urllib.parse import quote

import pytest

from omprog_panic.config.service_url import (
    masked,
    parse_service_url,
    url_in,
    with_url,
)
from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret

# What RFC 3986 reserves, and what else has a meaning in text, YAML or a shell.
CHARACTERS = f"{string.punctuation} "
# Read alike by all versions of apprise, and by us.
PLAIN = "!$()*+,-.=_~"


def parts(url: str) -> tuple[str | None, str | None, str]:
    found = parse_service_url(Secret(url))
    password = found.password.reveal() if found.password else None
    return found.user, password, found.host


@pytest.mark.parametrize("character", CHARACTERS)
@pytest.mark.parametrize("scheme", ["mailtos", "json"])
def test_a_reserved_character_in_a_password_is_refused(
    scheme: str, character: str
) -> None:
    url = f"{scheme}://alerts:S3cr{character}tTail9@mail.example.org/"
    if character in PLAIN:
        assert parts(url) == ("alerts", f"S3cr{character}tTail9", "mail.example.org")
        return
    with pytest.raises(DeliveryError) as caught:
        parse_service_url(Secret(url))

    assert f"as %{ord(character):02X}" in caught.value.reason
    assert "S3cr" not in caught.value.reason
    assert "Tail9" not in caught.value.reason


@pytest.mark.parametrize("character", CHARACTERS)
def test_a_percent_encoded_character_is_not(character: str) -> None:
    encoded = f"S3cr{quote(character, safe='')}tTail9"
    url = parse_service_url(Secret(f"mailtos://al:{encoded}@mail.example.org:25"))

    assert url.password == Secret(encoded)
    assert (url.host, url.port) == ("mail.example.org", "25")
    everything = {"al", f"S3cr{character}tTail9", "mail.example.org"}
    assert masked(url, everything) == "mailtos://al:****@mail.example.org:25"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mailto://me@example.org:pw@example.org", "@ as %40"),
        ("mailtos://al:12/x@mail.example.org", "/ as %2F"),
        ("mailtos://al:S@3cr/Tail9@mail.example.org", "no full host name"),
        ("json://al?x@mail.example.org", "? as %3F"),
        ("mailto://h.org?user=u&pass=a;b", "; as %3B"),
        ("mailto://h.org?user=u&pass=a&b", "& in a value as %26"),
        ("mailto://u:p@?to=a@b.org", ""),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(url: str, why: str) -> None:
    if not why:
        assert parts(url) == ("u", "p", "")
        return
    with pytest.raises(DeliveryError) as caught:
        parse_service_url(Secret(url))
    assert why in caught.value.reason


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("tgram://123456789:abc/-100:5/@channel", (None, None, "123456789:abc")),
        ("slack://bot@T1/B1/C1/#chan", ("bot", None, "T1")),
        ("mailto://u:p@[::1]:25/", ("u", "p", "[::1]")),
        ("mailto://u:p@h.org/a@b.org/c@d.org", ("u", "p", "h.org")),
        ("pbul://token/me@example.org/#chan", (None, None, "token")),
        ("json://h:80/x?to=a@b.org&+X-Key=p@w", (None, None, "h")),
        ("matrix://u:p@h.org/#room/!id:h.org", ("u", "p", "h.org")),
        ("mailto://", (None, None, "")),
    ],
)
def test_usual_urls_are_understood(
    url: str, expected: tuple[str | None, str | None, str]
) -> None:
    assert parts(url) == expected


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("slack://T1JJ3T3L2/A1BRTD4JD/#chan", "slack://T...2/A...D/#chan"),
        ("ntfy://tk_abc123@h.org/topic", "ntfy://t...3@h.org/topic"),
        ("mailto://ops@h.org/a@b.org", "mailto://ops@h.org/a@b.org"),
        ("pbul://token/me@example.org", "pbul://****/****@example.org"),
        ("json://h.org/topic?x=SECRET", "json://h.org/topic"),
        ("json://u:topic@h.org/topic", "json://****:****@h.org/****"),
        ("json://h.org/abcdefghij0123456789", "json://h.org/a...9"),
    ],
)
def test_only_what_apprise_shows_is_shown(url: str, shown: str) -> None:
    visible = {"#chan", "h.org", "topic", "ops", "a@b.org", "me@example.org"}
    visible.add("abcdefghij0123456789")
    assert masked(parse_service_url(Secret(url)), visible) == shown


@pytest.mark.parametrize("url", ["memory:///SECRET?a=1", "json://u:p'q\"@h"])
def test_a_url_is_found_in_text_and_yaml_and_replaced(url: str) -> None:
    escaped = url.replace("'", "''")
    for form, document in (
        ("text", f"ops, night = {url}"),
        ("text", f"team = ops\nops, night={url}\n"),
        ("yaml", f"urls:\n- '{escaped}':\n    tag: ops night\n"),
        ("yaml", f"urls:\n- '{escaped}'\n"),
    ):
        found = url_in(form, Secret(document))
        assert found == Secret(url)
        other = with_url(form, Secret(document), "json://other")
        assert url_in(form, other) == Secret("json://other")
        assert ("night" in document) == ("night" in other.reveal())


def test_a_file_may_have_none() -> None:
    for document in ("", "urls:\n", "urls: x", "x: y", "- a", "a: [", "urls: [x]"):
        assert url_in("yaml", Secret(document)) is None
    assert url_in("text", Secret("# json://x")) is None
    assert with_url("text", Secret("ops"), "json://x") == Secret("ops")


def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(DeliveryError, match="no URL"):
        parse_service_url(Secret("SECRETTOKEN"))


def test_an_encoded_control_character_is_not_shown_as_it_is() -> None:
    url = parse_service_url(Secret("mailtos://a%0Ab:pw@mail.example.org"))

    assert "\n" not in masked(url, {"a\nb", "mail.example.org"})

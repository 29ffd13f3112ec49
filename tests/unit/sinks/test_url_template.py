"""The URLs that strangers wrote, with the installed version's own templates."""

from __future__ import annotations

import pytest

from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks import registry
from omprog_panic.sinks.apprise import read_services
from omprog_panic.sinks.url_template import url_template

TELEGRAM = "tgram://123456789:AAFxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD"
BOT = "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d"


def shown(url: str) -> list[str]:
    found = read_services("text", Secret(f"ops={url}"))
    return [f"{one.shown} {one.shown_recipient}".rstrip() for one in found]


@pytest.mark.parametrize(
    "url",
    [
        "matrixs://SecA/SecB@host/#room",
        "matrixs://SecA/@host/#room",
        "ntfys://SecA/SecB@ntfy.example.org/topic",
        "ntfys://SecA/x/SecB@ntfy.example.org/topic",
        "ntfys://u:SecA@SecB/SecC@ntfy.example.org/topic",
        "json://SecA/SecB@h.example.org/",
        "json://u:12/SecB@h.example.org/",
        "alertmanager://u:12/SecB@h.example.org/",
    ],
)
def test_a_path_with_an_at_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        registry.read_services("text", Secret(f"ops={url}"))

    assert "%2F" in caught.value.reason
    assert "%40" in caught.value.reason
    assert "Sec" not in caught.value.reason


def test_a_webhook_of_slack_with_a_short_token_is_refused() -> None:
    with pytest.raises(DeliveryError) as caught:
        read_services("text", Secret(f"ops={SLACK}/TIiajkdnlazkcOXrI/nlazk"))

    assert "17 characters instead of 24" in caught.value.reason
    assert "nlazk" not in caught.value.reason


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("gotify://h/SecTok/en@x", ["gotify://h/****/****"]),
        (
            f"{TELEGRAM}/SecB/42",
            [
                "tgram://1...x/****/42 42",
                "tgram://1...x/****/42 recipient 2",
            ],
        ),
        (f"{BOT}/SecB", ["slack://x...d/****"]),
        ("ntfys://t0ken/SecB/topic", None),
    ],
)
def test_what_may_be_the_rest_of_a_token_is_not_shown(
    url: str, expected: list[str] | None
) -> None:
    if expected is not None:
        assert sorted(shown(url)) == sorted(expected)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{TELEGRAM}/-100567", ["tgram://1...x/-100567"]),
        (f"{BOT}/%23ops", ["slack://x...d/#ops"]),
        (
            f"{SLACK}/TIiajkdnlazkcOXrIdevi7FQ/%23ops",
            ["slack://T...2/A...D/T...Q/#ops"],
        ),
        ("ntfys://ntfy.example.org/topic", ["ntfys://ntfy.example.org/topic"]),
        ("json://h/x", ["json://h/..."]),
        (
            "matrixs://u:pw@m.example.org/@dba/%23ops",
            [
                "matrixs://****:****@m.example.org/@dba/#ops @dba",
                "matrixs://****:****@m.example.org/@dba/#ops #ops",
            ],
        ),
    ],
)
def test_what_is_certain_to_be_public_is_shown(url: str, expected: list[str]) -> None:
    assert sorted(shown(url)) == sorted(expected)


def test_a_plugin_that_says_nothing_shows_nothing() -> None:
    template = url_template(object())

    assert not template.public_user
    assert template.hosts == ()

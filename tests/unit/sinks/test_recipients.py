from __future__ import annotations

import types
from typing import Any

import pytest

from omprog_panic.secret import Secret
from omprog_panic.sinks.apprise import AppriseChannel, read_services
from omprog_panic.sinks.recipients import narrow, recipients
from tests.builders import make_service

_MAIL = "mailtos://u:pw@example.org?from=a@example.org&to=ops@example.org"
_BOT = "xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d"
_TWILIO = f"twilio://AC{'0' * 32}:{'1' * 32}@15005550006"
_DISCORD = f"discord://123456789012345678/{'a' * 68}"
_TELEGRAM = "tgram://123456789:AAFxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"


@pytest.mark.parametrize(
    ("url", "names"),
    [
        (f"{_MAIL},dba@example.org", ["dba@example.org", "ops@example.org"]),
        (
            f"{_MAIL}&cc=boss@example.org&bcc=log@example.org",
            ["boss@example.org", "log@example.org", "ops@example.org"],
        ),
        (f"slack://{_BOT}/%23a/%23b", ["#a", "#b"]),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/%23a/%23b", ["a", "b"]),
        (f"{_TELEGRAM}/1234/-100567", ["-100567", "1234"]),
        (
            f"{_TWILIO}/15005550010/15005550011",
            ["+15005550010", "+15005550011"],
        ),
        ("ntfy://localhost/one/two", ["one", "two"]),
    ],
    ids=["mail", "mail-copies", "slack-bot", "slack-hook", "telegram", "sms", "ntfy"],
)
def test_each_recipient_of_a_url_is_a_service(url: str, names: list[str]) -> None:
    document = Secret(f"ops={url}")
    found = read_services("text", document)

    assert sorted(one.recipient.lstrip("#") for one in found) == sorted(
        name.lstrip("#") for name in names
    )
    for one in found:
        service = make_service(
            scheme=one.scheme, document=document, recipient=one.recipient
        )
        left: Any = AppriseChannel(service)._instance()
        assert recipients(left, one.scheme) == ()
        for name in ("cc", "bcc"):
            assert not getattr(left, name, ())


@pytest.mark.parametrize(
    ("url", "count"),
    [
        ("rocket://u:p@localhost/%23ops/@ops/%23dba", 3),
        (f"{_MAIL}&cc=ops@example.org", 0),
        ("pover://" + "u" * 30 + "@" + "t" * 30 + "/one/two", 0),
    ],
    ids=["a room and a person of one name", "mail and its copy", "one request"],
)
def test_recipients_of_one_name_are_told_apart(url: str, count: int) -> None:
    found = read_services("text", Secret(f"ops={url}"))

    assert len({one.recipient for one in found if one.recipient}) == count
    assert len(found) == max(count, 1)


def test_devices_beside_topics_get_nothing_of_what_is_sent_to_these() -> None:
    plugin = types.SimpleNamespace(devices=["phone"], topics=["a", "b"])
    names = recipients(plugin, "pushy")
    narrow(plugin, "a")

    assert sorted(names) == ["a", "b", "phone"]
    assert (plugin.devices, plugin.topics) == ([], ["a"])


@pytest.mark.parametrize(
    "url",
    [
        _MAIL,
        f"{_TELEGRAM}/1234",
        f"slack://{_BOT}/%23a",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "json://localhost/a/b",
        _DISCORD,
        "opsgenie://01234567-89ab-cdef-0123-456789abcdef/%23ops/@somebody",
    ],
)
def test_a_url_with_one_answer_stays_one_service(url: str) -> None:
    [found] = read_services("text", Secret(f"ops={url}"))
    assert found.recipient == ""


def test_a_recipient_that_is_named_twice_gets_one_message() -> None:
    found = read_services("text", Secret(f"{_MAIL},dba@example.org,ops@example.org"))
    assert len(found) == 2


def test_a_copy_becomes_the_only_recipient() -> None:
    plugin = types.SimpleNamespace(targets=[("Ops", "a@h")], cc={"c@h"}, bcc=set())
    narrow(plugin, "c@h")

    assert (plugin.targets, plugin.cc) == ([(False, "c@h")], set())


def test_lists_of_another_sort_are_emptied() -> None:
    plugin = types.SimpleNamespace(channels={"a", "b"}, users=["a", "c"])
    assert recipients(plugin, "x") == ("a", "b", "a (users)", "c")
    narrow(plugin, "a")

    assert (plugin.channels, plugin.users) == ({"a"}, [])

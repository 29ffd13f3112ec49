from __future__ import annotations

from types import SimpleNamespace

import apprise
import pytest

from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks.apprise import read_services
from omprog_panic.sinks.unsupported import why_unsupported

BOT = "tgram://123456789:AAFxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
IDS = "8b799edf-6f98-4d3a-9be7-2862fb4e5752@aa799edf-6f98-4d3a-9be7-2862fb4e5752"
HOOK = "8e799edf6f984d3a9be72862fb4e5752/8e799edf-6f98-4d3a-9be7-2862fb4e5752"
OLD = tuple(map(int, apprise.__version__.split(".")[:2])) < (1, 8)


@pytest.mark.parametrize(
    ("target", "targets", "why"),
    [
        ("/-100123?topic=5", ["-100123"], "topics of Telegram need apprise 1.8.1"),
        ("/-100123?thread=5", ["-100123"], "topics of Telegram"),
        ("/-100123:5", ["-100123:5"], "topics of Telegram"),
        ("/@channel", ["@channel"], "write the name without @"),
        ("/-100123", ["-100123"], None),
        ("/channel", ["channel"], None),
    ],
)
def test_topics_need_a_version_that_has_them(
    target: str, targets: list[str], why: str | None
) -> None:
    document = Secret(f"ops={BOT}{target}")
    old = why_unsupported(SimpleNamespace(targets=targets), "tgram", document)
    assert (why or "") in (old or "")
    assert (why is None) == (old is None)

    new = SimpleNamespace(targets=[(-100123, 5)], topic=5)
    assert why_unsupported(new, "tgram", document) is None
    # The installed one is judged by what it made of the URL.
    if why is None or not OLD:
        assert read_services("text", document)
    else:
        with pytest.raises(DeliveryError, match=why):
            read_services("text", document)


def test_an_option_in_yaml_is_seen() -> None:
    document = Secret(f"urls:\n- {BOT}/-100123:\n    topic: 5\n")
    old = SimpleNamespace(targets=["-100123"])

    assert why_unsupported(old, "tgram", document)
    assert why_unsupported(SimpleNamespace(targets=[]), "tgram", document)
    assert why_unsupported(SimpleNamespace(targets=[], topic=5), "tgram", document) is (
        None
    )


@pytest.mark.parametrize(
    "url",
    [
        f"msteams://{IDS}/{HOOK}",
        f"https://outlook.office.com/webhook/{IDS}/IncomingWebhook/{HOOK}",
        f"https://team.webhook.office.com/webhookb2/{IDS}/IncomingWebhook/{HOOK}",
    ],
)
def test_connectors_of_teams_are_refused_with_every_version(url: str) -> None:
    with pytest.raises(DeliveryError, match="retired") as caught:
        read_services("text", Secret(f"ops={url}"))
    assert "workflows://" in caught.value.reason
    assert "8b799edf" not in caught.value.reason

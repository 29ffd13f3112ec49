"""What the policy raises is what the templates read: nothing gets lost in between."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.alerter.dispatch import _typed
from omprog_panic.notification.codec import decode, encode
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.policy.evaluation import Message
from omprog_panic.policy.event import ProbeReturned, ProbeSent
from omprog_panic.render.languages import LANGUAGES
from omprog_panic.render.notice import notice
from omprog_panic.render.templates import load_templates
from tests.policies import Scene

HOUR = 3600.0
NOT_POLICY = {Kind.UNDELIVERED, Kind.TEST}  # raised by the outbox, and by people
SENDERS = [
    {"name": "db-07", "address": "10.0.0.2"},
    {"name": "gone", "address": "10.0.0.9"},
]


def everything_that_is_told() -> dict[str, Message]:
    """Live through a bad day; give one message of each kind."""
    scene = Scene(
        senders=SENDERS,
        digest={"at": "08:00"},
        grouping={"ceiling_per_hour": 4},
    )
    scene.hear("alive", boot="id-1", kernel="6.1", next_s=900)
    scene.hear("farewell")
    scene.boot(announced=True)
    scene.wait(HOUR / 2, 60)
    scene.crash()
    scene.boot(kernel="6.12.0")
    for host in range(3, 9):
        scene.crash(host)
    for _ in range(5):
        scene.wait(700, 10)
        scene.crash()
    for cause in range(9):
        scene.crash(20 + cause, f"cause-{cause}")
    scene.wait(2 * HOUR, 10)
    scene.crash(40, "cause-w", severity="warning", kind="warning")
    scene.silence(600, host=["10.0.0.50"])
    scene.crash(50, "cause-s")
    scene.hear("alive", boot="id-2", next_s=900)
    scene.wait(HOUR / 2, 60)
    scene.boot()
    scene.wait(3 * HOUR, 60)
    scene.hear("alive")
    for token in "abcd":
        scene.feed(ProbeSent(token))
        scene.wait(60)
    scene.feed(ProbeReturned("d"))
    scene.wait(86400, 600)
    quiet = Scene(senders=SENDERS)
    quiet.wait(2 * HOUR, 10)
    messages = [*scene.messages, *quiet.messages]
    return {message.kind: message for message in messages}


@pytest.fixture(scope="module")
def told() -> dict[Kind, Message]:
    return {Kind(kind): message for kind, message in everything_that_is_told().items()}


def lost(raised: Any, read: Any, where: str) -> list[str]:
    """Name what is in the details and not in what was read of them."""
    if isinstance(raised, dict):
        return [
            name
            for key, value in raised.items()
            if key != "word"  # is called "status" now
            for name in (
                lost(value, read[key], f"{where}.{key}")
                if key in read
                else [f"{where}.{key}"]
            )
        ]
    if isinstance(raised, list):
        inner = list(read.values()) if isinstance(read, dict) else list(read)
        if len(raised) != len(inner):
            return [where]
        pairs = zip(raised, inner, strict=True)
        return [name for a, b in pairs for name in lost(a, b, f"{where}[]")]
    return [] if raised == read else [where]


def test_every_kind_is_raised(told: dict[Kind, Message]) -> None:
    assert set(told) == set(Kind) - NOT_POLICY


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in NOT_POLICY])
def test_every_detail_that_is_raised_can_be_said(
    kind: Kind, told: dict[Kind, Message]
) -> None:
    details = json.loads(json.dumps(told[kind].details))
    details.pop("templates", None)
    read = FORMATS[kind].encode(_typed(told[kind]).facts)

    assert lost(details, read, kind.value) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_raised_is_rendered_without_a_fault(
    told: dict[Kind, Message], language: str, tmp_path: Path
) -> None:
    templates = load_templates(tmp_path, language)
    for kind in set(told) - {Kind.INCIDENT}:
        facts = decode(encode(_typed(told[kind]))).facts
        made = notice(facts, told[kind].id[:12], catalog=templates.catalog)
        assert templates.render(made).subject
    assert templates.failures == {}

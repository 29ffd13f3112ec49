"""What the policy sends is what the templates read: nothing gets lost in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.notification.codec import decode, encode
from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.notification import Notification
from omprog_panic.policy.event import ProbeReturned, ProbeSent
from omprog_panic.render.languages import LANGUAGES
from omprog_panic.render.notice import notice
from omprog_panic.render.templates import load_templates
from tests.policies import Scene

HOUR = 3600.0
# Sent by the outbox, when a database is replaced, and by people.
NOT_POLICY = {Kind.UNDELIVERED, Kind.DATABASE_DAMAGED, Kind.TEST}
SENDERS = [
    {"name": "db-07", "address": "10.0.0.2"},
    {"name": "gone", "address": "10.0.0.9"},
]


def everything_that_is_sent() -> dict[Kind, Notification]:
    """Live through a bad day; return one message of each kind."""
    scene = Scene(
        senders=SENDERS,
        digest={"at": "08:00"},
        grouping={"messages_per_hour": 4},
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
    step = {"after": "15m", "to": ["ops"]}
    held = Scene(default_route={"escalate": step}, lifecycle={"resolve_after_s": 600})
    held.crash()
    held.wait(1000, 10)
    held.ack(seconds=600)
    held.crash(kernel="6.12.0")
    held.wait(700, 10)
    held.boot()
    held.wait(HOUR, 10)
    messages = [*scene.messages, *quiet.messages, *held.messages]
    return {message.kind: message for message in messages}


@pytest.fixture(scope="module")
def sent() -> dict[Kind, Notification]:
    return everything_that_is_sent()


def test_every_kind_is_sent(sent: dict[Kind, Notification]) -> None:
    assert set(sent) == set(Kind) - NOT_POLICY


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in NOT_POLICY])
def test_every_fact_survives_the_store(
    kind: Kind, sent: dict[Kind, Notification]
) -> None:
    assert decode(encode(sent[kind])) == sent[kind]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_sent_is_rendered_without_a_fault(
    sent: dict[Kind, Notification], language: str, tmp_path: Path
) -> None:
    templates = load_templates(tmp_path, language)
    for kind in set(sent) - {Kind.INCIDENT}:
        facts = decode(encode(sent[kind])).facts
        made = notice(facts, sent[kind].id[:8], catalog=templates.catalog)
        assert templates.render(made).subject
    assert templates.failures == {}

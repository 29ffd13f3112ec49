from __future__ import annotations

import dataclasses

import pytest

from omprog_panic.notification.acknowledged import Acknowledged
from omprog_panic.notification.cause import FollowUp
from omprog_panic.notification.format import MessageFacts
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.notification import Labels
from omprog_panic.notification.resolved import Resolved
from omprog_panic.render.fitting import Attachment
from omprog_panic.sinks.first_message import FirstMessage, encode_first_message
from omprog_panic.sinks.sink import Alert, Outcome
from omprog_panic.sinks.text import REFUSED, Attachments
from omprog_panic.sinks.threaded import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    Post,
    Posted,
    ThreadedSink,
    colour_of,
)
from tests.alerts import LABELS, FixedRenderer, make_alert

FIRST = FirstMessage("c", "1")
KEY = "omprog-panic:cause-1:e"
YES = Posted(Outcome(delivered=True), FirstMessage("c", "9"))
NO = Outcome(delivered=False, reason="no")


class FakeChannel:
    attachments = Attachments.NONE

    def __init__(self, *answers: Posted) -> None:
        self.posts: list[Post] = []
        self.colours: list[str] = []
        self.files: list[tuple[str, str]] = []
        self._answers = iter(answers)

    def excess(self, subject: str, body: str) -> int:
        return max(0, len(subject) + len(body) - 1000)

    def warm_up(self) -> None:
        raise NotImplementedError

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        raise NotImplementedError

    def send_file(self, subject: str, file: Attachment) -> Outcome:
        raise NotImplementedError

    def reply_file(
        self, subject: str, file: Attachment, first: FirstMessage
    ) -> Outcome:
        assert subject
        self.files.append((file.name, first.id))
        return NO

    def post(self, post: Post) -> Posted:
        self.posts.append(post)
        return next(self._answers, YES)

    def recolour(self, first: FirstMessage, alert_id: str, colour: str) -> None:
        assert first == FIRST
        assert alert_id
        self.colours.append(colour)


def alert(facts: MessageFacts, *, known: bool = True, labels: Labels = LABELS) -> Alert:
    made = make_alert(facts=facts)
    notification = dataclasses.replace(made.notification, episode="e", labels=labels)
    threads = {KEY: encode_first_message(FIRST)} if known else {}
    return dataclasses.replace(made, notification=notification, threads=threads)


def test_the_first_message_is_remembered() -> None:
    outcome = ThreadedSink(FakeChannel()).deliver(alert(IncidentNotes(), known=False))

    [memory] = outcome.memories
    assert (memory.key, memory.is_open) == (KEY, True)
    assert memory.content == encode_first_message(FirstMessage("c", "9"))


def test_a_reply_is_not() -> None:
    channel = FakeChannel()
    outcome = ThreadedSink(channel).deliver(alert(Resolved()))

    assert outcome == Outcome(delivered=True)
    assert [post.first for post in channel.posts] == [FIRST]
    assert channel.colours == [GREEN]


def test_what_is_gone_is_replaced() -> None:
    channel = FakeChannel(Posted(NO, first_is_gone=True))
    outcome = ThreadedSink(channel).deliver(alert(FollowUp()))

    assert [post.first for post in channel.posts] == [FIRST, None]
    assert outcome.memories[0].content == encode_first_message(FirstMessage("c", "9"))
    assert channel.colours == []


def test_a_refused_text_goes_as_its_title() -> None:
    channel = FakeChannel(Posted(NO, refused_content=True))
    outcome = ThreadedSink(channel).deliver(alert(IncidentNotes(), known=False))

    assert outcome.reason == "title only: no"
    assert [post.body for post in channel.posts] == ["b", REFUSED]
    assert len(outcome.memories) == 1


def test_a_failure_changes_no_colour() -> None:
    channel = FakeChannel(Posted(NO))

    assert ThreadedSink(channel).deliver(alert(Acknowledged())) == NO
    assert channel.colours == []


@pytest.mark.parametrize(
    ("facts", "severity", "colour"),
    [
        (IncidentNotes(), "panic", RED),
        (IncidentNotes(), "warning", ORANGE),
        (IncidentNotes(drill=True), "panic", GREY),
        (Acknowledged(), "panic", BLUE),
        (Resolved(), "panic", GREEN),
    ],
)
def test_the_colour_is_the_state(
    facts: MessageFacts, severity: str, colour: str
) -> None:
    assert colour_of(alert(facts, labels=Labels(severity))) == colour


@pytest.mark.parametrize(("known", "first"), [(True, "1"), (False, "9")])
def test_a_file_goes_into_the_thread(known: bool, first: str) -> None:
    channel = FakeChannel()
    channel.attachments = Attachments.AFTER
    sink = ThreadedSink(channel)
    made = alert(IncidentNotes(), known=known)
    file = Attachment("trace.txt", "text")
    made = dataclasses.replace(made, renderer=FixedRenderer("s", "b", file))
    sink.deliver(made)

    assert sink.complete(made) == NO
    assert channel.files == [("trace.txt", first)]

"""Laws of the life cycle: of acknowledgement, escalation, resolution and windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.clock import rfc3339
from omprog_panic.config.time_span import parse_span
from omprog_panic.notification.format import Lifecycle
from omprog_panic.notification.kinds import Kind
from omprog_panic.policy.event import CauseAction, CauseCommand, Crash, Event
from omprog_panic.policy.event_codec import decode_evaluation
from omprog_panic.policy.timestamps import wall_of
from tests.policies import (
    DBA,
    LEAD,
    OPS,
    Scene,
    facts,
    replay_log,
    services_of,
)

if TYPE_CHECKING:
    from omprog_panic.notification.notification import Notification

HOSTS = st.integers(2, 5)
CAUSES = st.sampled_from(["cause-a", "cause-b"])
WINDOW = "daily 12:05-13:05 UTC"
MATCH = {"host": ["10.0.0.2", "10.0.0.3"]}
SETTINGS: dict[str, Any] = {
    "default_route": {
        "to": ["ops"],
        "escalate": [
            {"after": "10m", "to": ["lead"], "repeat": "20m"},
            {"after": "40m", "to": ["ops"]},
        ],
    },
    "routes": [
        {"match": {"host": "10.0.0.4"}, "to": ["dba"], "continue": True},
        {"match": {"host": "10.0.0.4"}, "to": ["ops"]},
    ],
    "lifecycle": {"resolve_after_s": 900},
    "life_signs": {"never_seen_after_s": 0},
    "senders": [],
}
WINDOWS = [{"name": "patches", "match": MATCH, "every": WINDOW}]
CRASH = st.tuples(st.sampled_from(["crash", "crash", "late crash"]), HOSTS, CAUSES)
WAIT = st.tuples(st.just("wait"), st.sampled_from([5, 320, 700, 4000]), st.just(0))
ACK = st.tuples(st.just("ack"), HOSTS, CAUSES)
OTHERS = (
    st.tuples(st.just("oops"), HOSTS, CAUSES),
    st.tuples(st.just("back"), HOSTS, st.sampled_from(["booted", "heard"])),
    st.tuples(st.sampled_from(["ack for", "unack", "resolve"]), HOSTS, CAUSES),
    st.tuples(st.just("silence"), st.sampled_from([30, 900]), HOSTS),
)
CLOCK = st.tuples(st.just("clock"), st.sampled_from([-5000.0, 5000.0]), st.just(0))
STEPS = st.one_of(CRASH, CRASH, CRASH, WAIT, WAIT, WAIT, ACK, ACK, *OTHERS, CLOCK)
LIVES = st.lists(STEPS, min_size=5, max_size=25)  # short ones say little
ACTIONS = {
    "ack": CauseAction.ACKNOWLEDGE,
    "ack for": CauseAction.ACKNOWLEDGE,
    "unack": CauseAction.UNACKNOWLEDGE,
    "resolve": CauseAction.RESOLVE,
}


class Life(Scene):
    """A scene that knows when each message was sent, and what people did.

    ``held``: the causes that somebody has, or has resolved, as far as that is certain.
    """

    def __init__(self, **settings: Any) -> None:
        self.sent: list[tuple[float, float, Notification]] = []
        self.held: set[str] = set()
        self.escalated_although_held: list[Notification] = []
        super().__init__([OPS, DBA, LEAD], **{**SETTINGS, **settings})
        self.sent.clear()

    def feed(self, *events: Event) -> list[Notification]:
        for event in events:
            if isinstance(event, CauseCommand):
                self._note(event)
        made = super().feed(*events)
        self.sent += [(self.t, self.wall, message) for message in made]
        self.escalated_although_held += [
            m for m in made if m.kind is Kind.ESCALATED and m.cause in self.held
        ]
        self.held &= set(self.engine.memory.causes.rows)
        return made

    def _note(self, command: CauseCommand) -> None:
        is_open = command.cause in self.engine.memory.causes.rows
        if is_open and command.action is CauseAction.ACKNOWLEDGE:
            self.held.add(command.cause)
        if command.action is CauseAction.UNACKNOWLEDGE or command.until is not None:
            self.held.discard(command.cause)  # from now on, or at some time


def play(scene: Life, steps: list[tuple[Any, ...]]) -> Life:
    for step in steps:
        match step:
            case ("crash", host, cause):
                scene.crash(host, cause)
            case ("late crash", host, cause):
                at = rfc3339(scene.wall - 700)
                scene.crash(host, cause, at=at, ended_at=at)
            case ("oops", host, cause):
                scene.crash(host, cause, severity="oops", panicked=False)
            case ("back", host, how):
                scene.hear("heard", host) if how == "heard" else scene.boot(host)
            case ("wait", seconds, _):
                scene.wait(seconds, 20)
            case ("silence", seconds, host):
                scene.silence(seconds, host=[f"10.0.0.{host}"])
            case ("clock", by, _):
                scene.wall += by
            case (word, _, cause):
                seconds = 1000.0 if word == "ack for" else None
                scene.order(ACTIONS[word], cause, seconds=seconds)
    return scene


def threads(scene: Life) -> dict[tuple[str, str], list[tuple[float, Notification]]]:
    """The messages that a service joins by each key, in their order."""
    found: dict[tuple[str, str], list[tuple[float, Notification]]] = {}
    for t, _, message in scene.sent:
        for service in services_of(message):
            if message.dedup_key is not None:
                found.setdefault((service, message.dedup_key), []).append((t, message))
    return found


@given(LIVES, st.sampled_from([1, 2, 30]))
def test_nothing_is_acknowledged_or_resolved_before_it_fires(
    steps: list[Any], per_hour: int
) -> None:
    scene = play(Life(grouping={"messages_per_hour": per_hour}), steps)
    scene.wait(4000, 20)

    for messages in threads(scene).values():
        first = messages[0][1].lifecycle
        assert first in {Lifecycle.FIRING, Lifecycle.UPDATED}, messages[0]


@given(LIVES)
def test_after_resolved_a_key_is_never_used_again(steps: list[Any]) -> None:
    scene = play(Life(), steps)
    scene.wait(4000, 20)

    for messages in threads(scene).values():
        steps_of = [message.lifecycle for _, message in messages]
        assert steps_of.count(Lifecycle.RESOLVED) <= 1
        assert Lifecycle.RESOLVED not in steps_of[:-1]


@given(LIVES)
def test_threads_never_cross(steps: list[Any]) -> None:
    scene = play(Life(), steps)

    for (_, key), messages in threads(scene).items():
        assert {m.cause for _, m in messages} == {messages[0][1].cause}
        assert {m.episode for _, m in messages} == {messages[0][1].episode}
        assert f":{messages[0][1].cause}:" in key
    for _, _, message in scene.sent:
        about_cause = message.cause is not None
        assert about_cause == (message.dedup_key is not None)


@given(LIVES)
def test_escalation_stops_at_acknowledge(steps: list[Any]) -> None:
    scene = play(Life(), steps)
    scene.wait(4000, 20)

    assert scene.escalated_although_held == []


@given(LIVES)
def test_escalation_never_exceeds_the_rate_limit(steps: list[Any]) -> None:
    scene = play(Life(grouping={"messages_per_hour": 3}), steps)

    for t, _, _ in scene.sent:
        for service in ("ops", "dba", "lead"):
            counted = [
                m
                for at, _, m in scene.sent
                if t - 3600 < at <= t
                and service in services_of(m)
                and m.kind not in {Kind.SUPPRESSED, Kind.DIGEST}
            ]
            assert len(counted) <= 3


@given(LIVES)
def test_with_time_and_room_everybody_knows_who_has_what(steps: list[Any]) -> None:
    scene = play(Life(), steps)
    scene.wait(4 * 3600, 60)

    memory = scene.engine.memory
    for row in memory.lifecycles.rows.values():
        assert not row.fired or row.told == memory.causes.rows[row.cause].holder
    for cause in memory.causes.rows.values():
        assert cause.services
        assert cause.closing is None
    for (service, key), messages in threads(scene).items():
        last = messages[-1][1]
        is_open = any(
            row.service == service and key.endswith(row.start.episode)
            for row in memory.lifecycles.rows.values()
        )
        escalated = all(m.kind is Kind.ESCALATED for _, m in messages)
        if not is_open and not escalated and service != "lead":
            assert last.lifecycle is Lifecycle.RESOLVED


@given(LIVES)
def test_a_replay_gives_every_step_again(steps: list[Any]) -> None:
    scene = play(Life(maintenance=WINDOWS), steps)

    assert replay_log(scene.log) == scene.decided


@given(LIVES)
def test_a_restart_changes_no_step(steps: list[Any]) -> None:
    once = play(Life(maintenance=WINDOWS), steps)
    often = play(Life(maintenance=WINDOWS, restarts=True), steps)

    assert often.decided == once.decided
    assert often.messages == once.messages


NEARBY = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["crash", "late crash"]),
            HOSTS,
            st.sampled_from([f"cause-{number}" for number in range(6)]),
        ),
        st.tuples(st.just("wait"), st.sampled_from([5, 100, 320, 2000]), st.just(0)),
        ACK,
        *OTHERS,
    ),
    min_size=8,
    max_size=25,
)


@given(st.sampled_from([0, 290, 320, 700]), NEARBY)
def test_a_window_never_hides_what_began_outside_it_without_saying_so(
    seconds: int, steps: list[Any]
) -> None:
    scene = play(Life(maintenance=WINDOWS), [("wait", seconds, 0), *steps])
    scene.wait(2 * 86400, 600)

    span = parse_span(WINDOW)
    named = {
        incident.id
        for message in scene.of_kind("silence-ended")
        for incident in facts(message).incidents
    }
    hidden = [
        (d.subject.partition(":")[2], d.reason)
        for d in scene.decided
        if d.decision.value == "STORE_SILENCED" and "maintenance" in d.reason
    ]
    crashes = {
        event.id: event
        for entry in scene.log
        for event in decode_evaluation(entry)[1]
        if isinstance(event, Crash)
    }
    for id_, reason in hidden:
        crash = crashes.get(id_)
        if crash is None:
            continue  # the state of a host
        began_at = wall_of(crash.at)
        assert began_at is not None
        occurrence = span.covering(began_at)
        assert occurrence is not None, reason
        assert id_ in named
        open_then = opened(scene, crash, occurrence.starts_at, began_at)
        assert not open_then, (crash, open_then)


def opened(scene: Life, crash: Crash, since: float, until: float) -> list[Notification]:
    """The keys of a crash's cause that fired before one time and are open at another.

    A cause that a person resolves in the window begins anew in it.
    """
    found: dict[str, Notification] = {}
    for _, at, message in scene.sent:
        if at > until:
            break
        if message.cause != crash.fingerprint or message.dedup_key is None:
            continue
        for service in services_of(message):
            key = f"{service} {message.dedup_key}"
            if message.lifecycle is Lifecycle.RESOLVED:
                found.pop(key, None)
            elif at < since and message.kind is not Kind.ESCALATED:
                found[key] = message
    return list(found.values())

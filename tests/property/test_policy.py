"""Laws of the policy: order, restarts and replays change nothing; matchers agree."""

from __future__ import annotations

import dataclasses
import fnmatch
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.clock import rfc3339
from omprog_panic.config.policy import parse_policy
from omprog_panic.config.routing import MATCH_KEYS, Matcher, parse_match
from omprog_panic.notification.notification import Labels
from omprog_panic.policy.decision import DecisionRecord
from omprog_panic.policy.event import (
    Boot,
    Crash,
    Event,
    ProbeReturned,
    ProbeSent,
    SignOfLife,
    SilenceChanged,
)
from omprog_panic.policy.event_codec import (
    decode_evaluation,
    decode_event,
    encode_event,
)
from omprog_panic.policy.match import all_match, matches
from omprog_panic.policy.route import explain_routes, find_routes
from tests.policies import DBA, NOON, OPS, Scene, make_crash, replay_log, services_of

WORDS = st.text("ab-07*?!", max_size=6)
HOSTS = st.integers(2, 6)
CAUSES = st.sampled_from(["cause-a", "cause-b", "cause-c"])
ROUTES = [
    {"match": {"host": "10.0.0.3"}, "to": ["dba"], "continue": True},
    {"match": {"severity": ["panic", "oops", "back"]}, "to": ["ops"]},
    {"match": {"host": "10.0.0.4"}, "to": []},
]


@st.composite
def crashes(draw: st.DrawFn, within_s: float = 1.0) -> list[Crash]:
    drawn = draw(st.lists(st.tuples(HOSTS, CAUSES), min_size=1, max_size=12))
    events = []
    for number, (host, cause) in enumerate(drawn, 1):
        at = rfc3339(NOON + within_s * number / 100)
        crash = make_crash(number, host, fingerprint=cause, at=at, ended_at=at)
        events.append(crash)
    return events


def learned(scene: Scene) -> set[tuple[Any, ...]]:
    """What the readers of each service learn, over all its messages."""
    sent = set()
    for message in scene.messages:
        cause = next(d.cause for d in scene.decided if d.message_id == message.id)
        for service in services_of(message):
            sent.add((message.kind.value, service, cause))
    hosts = {
        (group.service, group.cause, source, host.crashes)
        for group in scene.engine.memory.groups.rows.values()
        for source, host in group.totals.hosts.items()
    }
    return sent | hosts


@given(crashes(), st.randoms(use_true_random=False), st.booleans())
def test_any_order_of_arrival_gives_the_same_messages(
    events: list[Crash], chance: Any, one_by_one: bool
) -> None:
    answers: list[Any] = []
    for shuffled in (False, True):
        scene = Scene([OPS, DBA], routes=ROUTES)
        scene.t, scene.wall = 0.5, NOON + 0.5
        arriving = list(events)
        if shuffled:
            chance.shuffle(arriving)
        for batch in [[e] for e in arriving] if one_by_one else [arriving]:
            scene.feed(*batch)
        scene.wait(1300, 10)
        answers.append(learned(scene))
        # One crash that is the first for two services is one message to both.
        counted = sorted(
            (m.kind.value, s) for m in scene.messages for s in services_of(m)
        )
        answers.append(counted)

    assert answers[:2] == answers[2:]


@given(crashes(), st.randoms(use_true_random=False))
def test_arriving_together_the_messages_are_equal_to_the_letter(
    events: list[Crash], chance: Any
) -> None:
    answers = []
    for shuffled in (False, True):
        scene = Scene([OPS, DBA], routes=ROUTES)
        arriving = list(events)
        if shuffled:
            chance.shuffle(arriving)
        scene.feed(*arriving)
        scene.wait(700, 10)
        answers.append((scene.messages, scene.decided))

    assert answers[0] == answers[1]
    subjects = {decided.subject for decided in answers[0][1]}
    assert {f"incident:{event.id}" for event in events} <= subjects


@given(crashes(), st.randoms(use_true_random=False))
def test_with_group_wait_any_order_is_equal_to_the_letter(
    events: list[Crash], chance: Any
) -> None:
    answers = []
    for shuffled in (False, True):
        scene = Scene([OPS, DBA], grouping={"group_wait_s": 2})
        arriving = list(events)
        if shuffled:
            chance.shuffle(arriving)
        for event in arriving:
            scene.feed(event)
        scene.wait(700, 1)
        answers.append([dataclasses.replace(m, id="") for m in scene.messages])

    assert answers[0] == answers[1]


STEPS = st.one_of(
    st.tuples(st.just("crash"), HOSTS, CAUSES),
    st.tuples(st.just("boot"), HOSTS, st.booleans()),
    st.tuples(
        st.just("hear"),
        HOSTS,
        st.sampled_from(["alive", "heard", "farewell", "drill", "verify"]),
    ),
    st.tuples(st.just("wait"), st.sampled_from([1, 40, 320, 4000]), st.just(0)),
    st.tuples(st.just("silence"), st.sampled_from([30, 500]), HOSTS),
    st.tuples(st.just("probe"), st.booleans(), st.just(0)),
    st.tuples(st.just("clock"), st.sampled_from([-5000.0, 5000.0]), st.just(0)),
)


def play(scene: Scene, steps: list[tuple[Any, ...]]) -> Scene:
    for step in steps:
        match step:
            case ("crash", host, cause):
                scene.crash(host, cause)
            case ("boot", host, announced):
                scene.boot(host, announced=announced)
            case ("hear", host, says):
                scene.hear(says, host, boot="id")
            case ("wait", seconds, _):
                scene.wait(seconds, 20)
            case ("silence", seconds, host):
                scene.silence(seconds, host=[f"10.0.0.{host}"])
            case ("probe", answered, _):
                scene.feed(ProbeSent(f"p{scene.t}"))
                if answered:
                    scene.feed(ProbeReturned(f"p{scene.t}"))
            case ("clock", by, _):
                scene.wall += by
    return scene


SETTINGS: dict[str, Any] = {
    "routes": ROUTES,
    "digest": {"at": "13:00"},
    "grouping": {"messages_per_hour": 4},
}


@given(st.lists(STEPS, max_size=25))
def test_a_restart_at_any_point_changes_no_decision(steps: list[Any]) -> None:
    once = play(Scene([OPS, DBA], **SETTINGS), steps)
    often = play(Scene([OPS, DBA], restarts=True, **SETTINGS), steps)

    assert often.decided == once.decided
    assert often.messages == once.messages


@given(st.lists(STEPS, max_size=25))
def test_a_replay_of_the_log_gives_every_decision_again(steps: list[Any]) -> None:
    scene = play(Scene([OPS, DBA], **SETTINGS), steps)

    decided: list[DecisionRecord] = replay_log(scene.log)
    assert decided == scene.decided


@given(st.lists(STEPS, max_size=25))
def test_every_crash_is_decided_and_none_is_sent_twice_as_first(
    steps: list[Any],
) -> None:
    scene = play(Scene([OPS, DBA], **SETTINGS), steps)

    fed = [
        event.id
        for entry in scene.log
        for event in decode_evaluation(entry)[1]
        if isinstance(event, Crash)
    ]
    subjects = [d.subject for d in scene.decided]
    assert all(f"incident:{id_}" in subjects for id_ in fed)
    firsts = [m.incident_id for m in scene.of_kind("incident")]
    assert len(firsts) == len(set(firsts))
    assert all(d.reason for d in scene.decided)


@given(st.lists(STEPS, max_size=25))
def test_no_service_gets_more_than_its_rate_limit(steps: list[Any]) -> None:
    scene = play(Scene([OPS, DBA], **SETTINGS), steps)

    for row in scene.engine.memory.rate_limits.rows.values():
        assert len(row.sent) <= 4


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4), WORDS)
def test_a_matcher_is_any_of_its_patterns_and_none_that_it_excludes(
    pairs: list[tuple[str, str]], value: str
) -> None:
    patterns = [wanted.lstrip("!") for wanted, _ in pairs]
    excluded = ["!" + unwanted.lstrip("!") for _, unwanted in pairs]
    matcher = Matcher("title", (*patterns, *excluded))

    def fits(pattern: str) -> bool:
        return fnmatch.fnmatchcase(value, pattern)

    wanted = any(map(fits, patterns))
    unwanted = any(fits(pattern[1:]) for pattern in excluded)
    assert matches(matcher, Labels("panic", title=value)) == (wanted and not unwanted)


@given(
    st.dictionaries(
        st.sampled_from(["severity", "host", "title"]),
        st.lists(WORDS.filter(bool), min_size=1, max_size=3),
        max_size=3,
    ),
    WORDS,
)
def test_a_match_holds_when_all_of_it_does(
    asked: dict[str, list[str]], value: str
) -> None:
    match = parse_match(dict(asked))

    labels = Labels(value, host=value, title=value)
    assert all_match(match, labels) == all(matches(m, labels) for m in match)


TREES = st.recursive(
    st.fixed_dictionaries(
        {"match": st.dictionaries(st.just("host"), WORDS.filter(bool), max_size=1)},
        optional={"continue": st.booleans(), "to": st.just(["x"])},
    ),
    lambda inner: st.fixed_dictionaries(
        {"routes": st.lists(inner, max_size=3)},
        optional={"continue": st.booleans()},
    ),
    max_leaves=8,
)


@given(st.lists(TREES, max_size=4), WORDS)
def test_somebody_always_answers_and_the_explanation_says_who(
    routes: list[Any], host: str
) -> None:
    root = parse_policy({"routes": routes}).root
    labels = Labels("panic", host=host)
    fired = find_routes(root, labels, NOON)
    steps = explain_routes(root, labels, NOON)

    assert fired
    assert [s.name for s in steps if s.fired] == [f.name for f in fired]
    assert all(step.words for step in steps)


TIMES = st.floats(allow_nan=False, allow_infinity=False)
MATCHES = st.dictionaries(
    st.sampled_from(MATCH_KEYS), st.lists(st.text(), min_size=1, max_size=3), max_size=3
).map(parse_match)
SILENCES = st.builds(
    SilenceChanged,
    id=st.text(),
    match=MATCHES,
    author=st.text(),
    comment=st.text(),
    starts_at=TIMES,
    ends_at=TIMES,
    revision=st.integers(),
)
EVENTS = st.one_of(
    SILENCES,
    *(st.from_type(cls) for cls in (Crash, Boot, SignOfLife, ProbeSent, ProbeReturned)),
).filter(lambda event: "nan" not in repr(event))  # NaN is not equal to itself


@given(EVENTS)
def test_events_survive_the_log(event: Event) -> None:
    assert decode_event(json.loads(json.dumps(encode_event(event)))) == event


ATTACKS = st.one_of(
    st.tuples(st.just("crash"), st.just(3), st.sampled_from("abcdefghijklmnop")),
    st.tuples(
        st.just("hear"), st.just(3), st.sampled_from(["alive", "farewell", "drill"])
    ),
    st.tuples(st.just("boot"), st.just(3), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([1, 320, 700]), st.just(0)),
)


@given(st.lists(ATTACKS, max_size=40))
def test_whatever_one_host_does_the_first_panic_of_another_is_sent(
    steps: list[Any],
) -> None:
    limits = {"messages_per_hour": 8, "group_interval_s": 1, "repeat_s": [1]}
    scene = play(Scene([OPS, DBA], grouping=limits), steps)
    scene.messages.clear()
    scene.crash(6, "a cause of its own")

    [message] = [m for m in scene.of_kind("incident") if m.labels.address == "10.0.0.6"]
    assert set(services_of(message)) == {"ops", "dba"}


CLOCKS = st.lists(
    st.tuples(
        st.floats(-1e9, 1e9),  # by which the clock is wrong
        st.integers(1, 30),  # for so many hours
    ),
    max_size=4,
)


@given(CLOCKS, st.booleans())
def test_after_any_steps_of_the_clock_there_is_one_digest_a_day(
    steps: list[tuple[float, int]], restarts: bool
) -> None:
    scene = Scene(
        restarts=restarts,
        digest={"at": "08:00"},
        life_signs={"never_seen_after_s": 0},
    )
    for wrong_s, hours in steps:
        scene.wall += wrong_s
        scene.wait(hours * 3600, 1800)
        scene.wall -= wrong_s
    scene.wait(86400, 1800)  # the last one may have been sent at another hour
    for _ in range(2):
        scene.messages.clear()
        scene.crash(severity="warning", panicked=False)
        scene.wait(86400, 1800)
        assert len(scene.of_kind("digest")) == 1

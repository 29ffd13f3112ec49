"""What every event of a sender says of it, in fake time."""

from __future__ import annotations

from dataclasses import replace

from omprog_panic.policy.sender import DRILL_WITHIN_S, is_drill
from omprog_panic.policy.state.sender import LastHeard, SenderState
from tests.policies import (
    DBA,
    NOON,
    OPS,
    Scene,
    configured,
    facts,
    make_crash,
    services_of,
)


def test_every_event_of_a_sender_is_a_sign_of_life() -> None:
    scene = Scene()
    scene.hear("heard", host=2, kernel="6.1")
    scene.crash(3)
    scene.boot(4)

    senders = scene.engine.memory.senders.rows
    assert set(senders) == {"10.0.0.2", "10.0.0.3", "10.0.0.4"}
    assert senders["10.0.0.2"].kernel == "6.1"
    assert senders["10.0.0.3"].heard == LastHeard(0.0, NOON, 0.0)


def test_an_old_event_that_arrives_late_changes_no_time() -> None:
    scene = Scene()
    scene.wait(100)
    scene.hear("heard")
    heard = scene.engine.memory.senders.rows["10.0.0.2"].heard
    scene.crash(2, at="2026-09-21T12:00:00+00:00", ended_at="2026-09-21T12:00:00+00:00")

    assert scene.engine.memory.senders.rows["10.0.0.2"].heard == heard


def test_a_sender_that_is_heard_again_is_reported() -> None:
    scene = Scene(life_signs={"never_seen_after_s": 60})
    scene.wait(70)
    assert scene.kinds() == ["never-heard"]
    scene.crash(2)

    assert "sender-speaks" in scene.kinds()
    assert scene.engine.memory.unheard.rows == {}


def test_a_drill_is_announced_shortly_before() -> None:
    sender = SenderState("10.0.0.2", drill_t=100.0)

    assert is_drill(sender, 100.0)
    assert is_drill(sender, 100.0 + DRILL_WITHIN_S)
    assert not is_drill(sender, 99.0)
    assert not is_drill(sender, 101.0 + DRILL_WITHIN_S)
    assert not is_drill(SenderState("10.0.0.2"), 100.0)


BOTH = [{"name": "db-07", "address": ["10.0.0.2", "2001:db8::2"]}]


def test_a_machine_has_one_state_whichever_of_its_addresses_speaks() -> None:
    scene = Scene(senders=BOTH, life_signs={"never_seen_after_s": 60})
    scene.hear("alive", source="2001:db8::2")
    assert set(scene.engine.memory.senders.rows) == {"10.0.0.2"}
    assert scene.engine.memory.unheard.rows == {}

    scene.crash(source="2001:db8::2")
    scene.wait(60)
    scene.boot(source="10.0.0.2")
    assert scene.kinds() == ["incident", "back"]
    [host] = facts(scene.messages[1]).hosts
    assert (host.name, host.address) == ("db-07", "10.0.0.2")
    assert scene.messages[0].labels.host == "db-07"


def test_a_route_names_a_machine_by_any_of_its_addresses() -> None:
    routes = [{"match": {"host": "2001:db8::/32"}, "to": ["dba"]}]
    scene = Scene([OPS, DBA], senders=BOTH, routes=routes)
    scene.crash(source="10.0.0.2")

    [message] = scene.messages
    assert services_of(message) == ("dba",)


def test_addresses_that_are_listed_as_one_machine_later_become_one_sender() -> None:
    scene = Scene(senders=[])
    scene.hear("alive", source="2001:db8::2")
    scene.wait(10)
    scene.hear("farewell", source="10.0.0.2")
    scene.feed(configured({"senders": BOTH}, [OPS]))

    [sender] = scene.engine.memory.senders.rows.values()
    assert sender.source == "10.0.0.2"
    assert sender.heartbeat
    assert sender.says_farewell
    assert sender.heard.t == 10.0
    assert scene.engine.memory.unheard.rows == {}


def test_the_name_of_a_listed_sender_is_never_taken_from_the_wire() -> None:
    rack = {"name": "rack-3", "address": "10.3.0.0/24"}
    match = {"match": {"host": "db-07"}, "to": ["dba"]}
    listed = [rack, {"name": "db-07", "address": "10.0.0.2"}]
    scene = Scene([OPS, DBA], senders=listed, routes=[match, {"to": ["ops"]}])
    crash = replace(make_crash(), source="10.3.0.5", host="db-07")
    scene.feed(crash)

    [message] = scene.messages
    assert message.labels.host == "self-named db-07"
    assert message.labels.group == "rack-3"
    assert services_of(message) == ("ops",)


def test_a_drill_is_believed_for_one_crash() -> None:
    scene = Scene()
    scene.hear("drill")
    scene.crash(cause="planned")
    scene.wait(60)
    scene.crash(cause="real")

    assert [m.labels.severity for m in scene.messages] == ["drill", "panic"]


def test_a_drill_is_believed_only_from_the_host_that_announced_it() -> None:
    scene = Scene()
    scene.hear("drill", host=3)
    scene.feed(replace(make_crash(1, 2)))
    scene.hear("drill", host=4)
    scene.engine.memory.senders.rows["10.0.0.4"].drill_host = "a"
    scene.feed(replace(make_crash(2, 4, fingerprint="b"), host="b"))

    assert [m.labels.severity for m in scene.messages] == ["panic", "panic"]


def test_an_old_oops_of_a_replayed_log_is_no_drill() -> None:
    scene = Scene()
    scene.hear("drill")
    scene.crash(cause="old", before_listening=True)
    scene.crash(cause="planned")

    assert [m.labels.severity for m in scene.messages] == ["panic", "drill"]

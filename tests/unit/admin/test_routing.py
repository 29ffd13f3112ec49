from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.admin.routing import RoutingQuestion, explain_routing
from omprog_panic.alerter.policy_settings import receivers_of
from omprog_panic.alerter.setup import load_setup
from omprog_panic.clock import SystemClock
from omprog_panic.config.model import AlerterConfig
from omprog_panic.config.policy import Action
from tests.builders import write_config
from tests.policies import Scene


def make_config(folder: Path, **sections: Any) -> AlerterConfig:
    urls = ["ops=json://127.0.0.1:8000/a", "dba=json://127.0.0.1:8000/b"]
    file = write_config(folder, urls)
    data = json.loads(file.read_text())
    file.write_text(json.dumps({**data, "default_route": {"to": "ops"}, **sections}))
    return load_setup(file).config


@pytest.mark.parametrize(
    ("question", "action", "reason"),
    [
        (RoutingQuestion("panic"), Action.ALERT, "severity panic is alert"),
        (RoutingQuestion("info"), Action.STORE, "severity info is store"),
        (RoutingQuestion("back"), Action.ALERT, "a message that is not about a crash"),
        (
            RoutingQuestion("warning", kind="hung-task"),
            Action.ALERT,
            "kinds.hung-task is alert",
        ),
        (RoutingQuestion("warning"), Action.STORE, "digest.at is never"),
    ],
)
def test_the_action_is_explained(
    tmp_path: Path, question: RoutingQuestion, action: Action, reason: str
) -> None:
    answer = explain_routing(
        make_config(tmp_path, kinds={"hung-task": "alert"}, digest={"at": "never"}),
        question,
    )

    assert answer.action is action
    assert reason in answer.reason
    assert bool(answer.services) is (action is Action.ALERT)


def test_a_listed_name_and_address_stand_for_each_other(tmp_path: Path) -> None:
    config = make_config(tmp_path)

    by_name = explain_routing(config, RoutingQuestion("panic", host="db-07"))
    by_address = explain_routing(config, RoutingQuestion("panic", address="10.0.0.2"))
    assert by_name.labels == by_address.labels
    assert by_name.labels.group == "db-07"


def test_a_digest_is_routed_as_a_message_of_its_own(tmp_path: Path) -> None:
    config = make_config(
        tmp_path,
        digest={"at": "08:00"},
        routes=[{"name": "daily", "match": {"severity": "digest"}, "to": "dba"}],
    )

    answer = explain_routing(config, RoutingQuestion("warning", host="db-07"))
    [notified] = answer.services
    assert (notified.route, answer.action) == ("daily", Action.DIGEST)
    assert "[dba]" in notified.service


@pytest.mark.parametrize(
    ("title", "per_hour", "reason"),
    [
        ("another title", 30, None),
        ("known title", 30, "the same cause is open since "),
        ("another title", 1, "it was sent 1 messages within an hour"),
    ],
)
def test_what_suppresses_an_alert_now_is_named(
    tmp_path: Path, title: str, per_hour: int, reason: str | None
) -> None:
    config = make_config(tmp_path, grouping={"messages_per_hour": per_hour})
    scene = Scene(receivers_of(config.first_services()))
    scene.wall = SystemClock().wall()
    scene.crash(title="known title")
    question = RoutingQuestion("panic", title=title)

    answer = explain_routing(config, question, scene.engine.memory)
    [ops] = answer.services
    assert ops.suppressed is None if reason is None else reason in str(ops.suppressed)
    assert answer.silence is None


def test_a_silence_that_covers_an_alert_is_named(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    scene = Scene()
    scene.wall = SystemClock().wall()
    scene.silence(host=["db-*"])
    memory = scene.engine.memory
    covered = explain_routing(config, RoutingQuestion("panic", host="db-07"), memory)
    monitor = RoutingQuestion("monitor-deaf", host="db-07")

    assert covered.silence == "silence s1 by anna (host=db-*): new kernel"
    assert explain_routing(config, monitor, memory).silence is None

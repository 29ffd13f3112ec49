"""The policy's sections as values, and back as the log holds them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from omprog_panic.config.policy import Action, PolicyConfig, parse_policy
from omprog_panic.config.schema import schema

EVERYTHING: dict[str, Any] = {
    "senders": [
        {"name": "db-07", "address": "10.0.0.2", "source_port": 6665},
        {"name": "rack", "address": ["10.3.0.0/24", "2001:db8::2"]},
        {"name": "web", "address": "10.0.0.3", "silent_after_s": 0},
    ],
    "receive": {"address": "10.0.0.1", "port": 514},
    "severities": {"warning": "alert"},
    "kinds": {"hung-task": "alert"},
    "default_route": {"to": "ops", "template": "short"},
    "routes": [
        {
            "match": {"host": ["db-*", "!db-07"], "severity": "panic"},
            "to": ["dba"],
            "continue": True,
            "routes": [{"name": "night", "to": [], "template": "long"}],
        },
        {},
    ],
    "grouping": {"group_wait_s": 5, "repeat_s": [60]},
    "life_signs": {"silent_after_s": 0},
    "digest": {"at": "08:05"},
    "self_check": {"timeout_s": 30},
}


@pytest.mark.parametrize("data", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_what_is_written_to_the_log_is_read_back(data: dict[str, Any]) -> None:
    config = parse_policy(data)

    assert parse_policy(json.loads(json.dumps(config.to_json()))) == config


def test_the_log_speaks_the_words_of_config_yaml() -> None:
    written = parse_policy(EVERYTHING).to_json()

    properties = schema()["properties"]
    assert set(written) < set(properties)
    for name in ("grouping", "life_signs", "self_check"):
        assert set(written[name]) == set(properties[name]["properties"])


def test_a_section_that_an_older_log_lacks_has_its_defaults() -> None:
    written = parse_policy(EVERYTHING).to_json()
    del written["grouping"]["messages_per_hour"], written["life_signs"]

    config = parse_policy(written)
    assert config.grouping.messages_per_hour == 30
    assert config.grouping.group_wait_s == 5
    assert config.life_signs.silent_after_s == 3600


def test_a_severity_has_an_action_whether_it_is_named_or_not() -> None:
    config = parse_policy({"severities": {"info": "digest"}})

    assert config.severities["panic"] is Action.ALERT
    assert config.severities["info"] is Action.DIGEST


@pytest.mark.parametrize(
    ("receive", "self_check", "expected"),
    [
        ({}, {}, ("127.0.0.1", 6666)),
        ({"address": "10.0.0.1", "port": 514}, {}, ("10.0.0.1", 514)),
        ({"address": "10.0.0.1"}, {"address": "::1", "port": 99}, ("::1", 99)),
    ],
)
def test_the_self_check_goes_where_rsyslogd_listens(
    receive: dict[str, Any], self_check: dict[str, Any], expected: tuple[str, int]
) -> None:
    found = parse_policy({"receive": receive, "self_check": self_check}).self_check

    assert (found.address, found.port) == expected


def test_nothing_can_be_changed_afterwards() -> None:
    config = parse_policy({})

    with pytest.raises(dataclasses.FrozenInstanceError):
        config.digest_at = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        config.severities["panic"] = Action.STORE  # type: ignore[index]
    assert isinstance(config, PolicyConfig)

from __future__ import annotations

import pytest

from omprog_panic.secret import Secret
from omprog_panic.sinks.http_api import HttpAnswer, HttpApi
from tests.fakes import Receiver

API = HttpApi("The tool", Secret("tool://TOKENSECRET@host"))


def test_an_answer_says_what_a_refusal_means() -> None:
    outcome = API.refused(HttpAnswer(429, retry_after_s=7.0), "slow down TOKENSECRET")

    assert outcome.reason == "The tool answered 429 slow down ***"
    assert outcome.retry_after_s == 7.0
    assert not outcome.permanent


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_what_no_further_attempt_changes_is_permanent(status: int) -> None:
    assert API.refused(HttpAnswer(status)).permanent


@pytest.mark.parametrize(("idempotent", "in_doubt"), [(False, True), (True, False)])
def test_a_copy_that_changes_nothing_leaves_no_doubt(
    idempotent: bool, in_doubt: bool
) -> None:
    api = HttpApi("The tool", Secret("tool://x"), idempotent=idempotent)

    assert api.refused(HttpAnswer(502, may_have_arrived=True)).in_doubt is in_doubt


def test_a_dead_address_is_named_without_secrets() -> None:
    answer = API.post("http://127.0.0.1:1/TOKENSECRET", {})
    outcome = API.refused(answer)

    assert answer.status is None
    assert outcome.reason == "no connection to The tool: Connection refused"
    assert not outcome.permanent


def test_json_is_sent_in_ascii_with_every_character() -> None:
    with Receiver() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/x"
        assert API.post(url, {"a": "\udcff\u00e4"}).status == 200

    assert receiver.received[0].alert == {"a": "\udcff\u00e4"}


def test_a_field_of_an_answer_is_text() -> None:
    assert (
        HttpAnswer(400, '{"message": "no", "errors": ["a"]}').field("message") == "no"
    )
    assert HttpAnswer(400, '{"errors": ["a"]}').field("errors") == '["a"]'
    assert HttpAnswer(400, "<html>").field("message") == ""
    assert HttpAnswer(400, "[1]").field("message") == ""


def test_a_header_that_cannot_be_sent_is_a_failure() -> None:
    with Receiver() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/x"
        outcome = API.refused(API.post(url, {}, {"X-Team": "\u0416"}))

    assert not outcome.delivered
    assert outcome.reason == "UnicodeEncodeError"
    assert receiver.received == []

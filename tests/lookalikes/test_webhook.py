"""A receiver of the web hook that does what docs/webhook.md tells it to."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.secret import Secret
from omprog_panic.sinks.registry import open_sink
from omprog_panic.sinks.sink import Sink
from omprog_panic.sinks.webhook import WebhookSink
from tests.alerts import make_alert
from tests.builders import make_service
from tests.fakes import FakeClock
from tests.lookalikes.internet import Answer, Internet, Request
from tools import webhook_schema

KEY = b"0123456789abcdef0123456789abcdef"
URL = f"webhooks://hooks.example.org/panics?secret={KEY.decode()}&-team=kernels"
SCHEMA_FILE = Path(__file__).parents[2] / "docs" / "webhook.schema.json"


class Program:
    """Takes each message once, and only what is signed and valid."""

    def __init__(self, internet: Internet) -> None:
        self.taken: dict[str, dict[str, Any]] = {}
        self.copies = 0
        self.next: list[Answer] = []
        self._schema = json.loads(SCHEMA_FILE.read_text("utf-8"))
        internet.services["hooks.example.org"] = self._answer

    def _answer(self, request: Request) -> Answer:
        if self.next:
            return self.next.pop(0)
        id_ = request.headers["webhook-id"]
        signed = f"{id_}.{request.headers['webhook-timestamp']}.".encode()
        digest = hmac.new(KEY, signed + request.body, hashlib.sha256).digest()
        expected = f"v1,{base64.b64encode(digest).decode()}"
        if request.headers.get("webhook-signature") != expected:
            return Answer(401)
        if request.headers["idempotency-key"] != f'"{id_}"':
            return Answer(400)
        if request.target != "/panics?team=kernels":
            return Answer(404)
        message = request.json()
        jsonschema.validate(message, self._schema)
        self.copies += id_ in self.taken
        self.taken[id_] = message
        return Answer(204)


def opened() -> Sink:
    return open_sink(make_service(scheme="webhooks", document=Secret(f"ops={URL}")))


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_signed_and_valid(kind: Kind, internet: Internet) -> None:
    program = Program(internet)
    facts = FORMATS[kind].sample
    outcome = opened().deliver(make_alert("s", "b", facts=facts, id_="f00d"))

    assert outcome.delivered, outcome.reason
    message = program.taken["f00d"]
    assert message["kind"] == kind.value
    assert message["facts"] == FORMATS[kind].encode(facts)


def test_a_copy_has_the_same_id(internet: Internet) -> None:
    program = Program(internet)
    alert = make_alert(id_="f00d")
    for _ in range(2):
        assert opened().deliver(alert).delivered

    assert (len(program.taken), program.copies) == (1, 1)


def test_text_from_the_wire_arrives_as_it_was(internet: Internet) -> None:
    program = Program(internet)
    alert = make_alert(id_="f00d")
    labels = alert.notification.labels._replace(host="\x1b[31m\udcff</script>")
    notification = dataclasses.replace(alert.notification, labels=labels)
    outcome = opened().deliver(dataclasses.replace(alert, notification=notification))
    assert outcome.delivered

    assert program.taken["f00d"]["labels"]["host"] == "\x1b[31m\udcff</script>"


@pytest.mark.parametrize(
    ("status", "delivered", "permanent"),
    [
        (200, True, False),
        (202, True, False),
        (302, False, True),
        (307, False, True),
        (401, False, True),
        (422, False, True),
        (429, False, False),
        (500, False, False),
    ],
)
def test_2xx_is_success_and_nothing_else(
    status: int, delivered: bool, permanent: bool, internet: Internet
) -> None:
    program = Program(internet)
    program.next = [Answer(status, b"", (("Location", "/else"), ("Retry-After", "35")))]
    outcome = opened().deliver(make_alert())

    assert outcome.delivered is delivered
    assert outcome.permanent is permanent
    assert len(internet.requests) == 1


def test_the_time_is_that_of_the_attempt(internet: Internet) -> None:
    Program(internet)
    clock = FakeClock()
    sink = WebhookSink(Secret(URL), clock)
    assert sink.deliver(make_alert()).delivered
    clock.advance(60)
    assert sink.deliver(make_alert()).delivered

    first, second = (int(one.headers["webhook-timestamp"]) for one in internet.requests)
    assert second == first + 60


def test_the_schema_is_that_of_the_codecs() -> None:
    """To write it anew: tools/webhook_schema.py > docs/webhook.schema.json."""
    assert json.loads(SCHEMA_FILE.read_text("utf-8")) == webhook_schema.schema()

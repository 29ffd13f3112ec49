"""Opsgenie's alert API, and that of Jira Service Management.

https://docs.opsgenie.com/docs/alert-api: limits of each field; requests are accepted
with 202 and processed later, also those about an alert that does not exist. Jira
Service Management's "integration events" create, acknowledge, close and add notes.
https://docs.opsgenie.com/docs/response: 401, 403, 404, 422, 429.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.lookalikes.internet import Answer, Internet, Request, answer_json
from tests.lookalikes.problems import ACKNOWLEDGED, OPEN, Problems

KEY = "eb243592-faa2-4ba2-a551-1afdf565c889"
_LIMITS = {
    "message": 130,
    "alias": 512,
    "description": 15_000,
    "entity": 512,
    "source": 100,
    "user": 100,
    "note": 25_000,
}
_CREATE = {
    *_LIMITS,
    "responders",
    "visibleTo",
    "actions",
    "tags",
    "details",
    "priority",
}
_ACTION = {"user", "source", "note"}


class Opsgenie:
    """One integration."""

    def __init__(self, internet: Internet) -> None:
        self.problems = Problems()
        self.notes: list[str] = []
        self.refused: list[str] = []
        self.next: list[Answer] = []
        self.responders: list[dict[str, str]] = []
        for host in ("api.opsgenie.com", "api.eu.opsgenie.com", "api.atlassian.com"):
            internet.services[host] = self._answer

    def _answer(self, request: Request) -> Answer:
        if self.next:
            return self.next.pop(0)
        if request.headers.get("authorization") != f"GenieKey {KEY}":
            return answer_json(401, message="Key format is not valid!", took=0.0)
        start = "/v2/alerts"
        if request.host == "api.atlassian.com":
            start = "/jsm/ops/integration/v2/alerts"
        path = urlsplit(request.target).path
        if request.method != "POST" or not path.startswith(start):
            return answer_json(404, message="Could not find the resource", took=0.0)
        rest = [unquote(part) for part in path.removeprefix(start).split("/") if part]
        if not rest:
            return self._create(request.json())
        if len(rest) != 2 or request.query().get("identifierType") != "alias":
            return answer_json(404, message="Could not find the resource", took=0.0)
        if rest[1] == "unacknowledge" and request.host == "api.atlassian.com":
            return answer_json(404, message="Could not find the resource", took=0.0)
        return self._act(rest[0], rest[1], request.json())

    def _create(self, alert: dict[str, Any]) -> Answer:
        errors = [*_too_long(alert), *_create_errors(alert)]
        if errors:
            return self._unprocessable(errors)
        self.responders = alert.get("responders", [])
        title, text = alert["message"], alert.get("description", "")
        key = alert.get("alias") or f"random-{len(self.problems.all)}"
        self.problems.open(key, title, alert.get("priority", "P3"), text)
        return _accepted()

    def _act(self, alias: str, action: str, content: dict[str, Any]) -> Answer:
        errors = [*_too_long(content)]
        errors += [f"{name} is unknown" for name in set(content) - _ACTION]
        if errors:
            return self._unprocessable(errors)
        if action == "acknowledge":
            self.problems.acknowledge(alias)
        elif action == "close":
            self.problems.close(alias)
        elif action == "unacknowledge":
            problem = self.problems.current(alias)
            if problem is not None and problem.state == ACKNOWLEDGED:
                problem.state = OPEN
        else:
            return answer_json(404, message="Could not find the resource", took=0.0)
        return _accepted()

    def _unprocessable(self, errors: list[str]) -> Answer:
        self.refused += errors
        found = dict.fromkeys(errors, "is not valid")
        return answer_json(422, message="Request body is not processable", errors=found)


def _accepted() -> Answer:
    return answer_json(202, result="Request will be processed", took=0.1, requestId="1")


def _too_long(content: dict[str, Any]) -> Iterator[str]:
    for name, limit in _LIMITS.items():
        if len(str(content.get(name, ""))) > limit:
            yield f"{name} is longer than {limit}"


def _create_errors(alert: dict[str, Any]) -> Iterator[str]:
    yield from (f"{name} is unknown" for name in set(alert) - _CREATE)
    if not alert.get("message"):
        yield "message is blank"
    if not re.fullmatch("P[1-5]", alert.get("priority", "P3")):
        yield "priority"
    tags = alert.get("tags", [])
    if len(tags) > 20 or any(len(tag) > 50 for tag in tags):
        yield "tags"
    details = alert.get("details", {})
    if not all(isinstance(text, str) for text in details.values()):
        yield "details are no text"
    if sum(len(name) + len(text) for name, text in details.items()) > 8000:
        yield "details are longer than 8000"
    for one in alert.get("responders", []):
        if one.get("type") not in {"team", "user", "escalation", "schedule"}:
            yield "responders.type"
        if not ({"id", "name", "username"} & set(one)):
            yield "responders.id"

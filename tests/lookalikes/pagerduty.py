"""PagerDuty's Events API v2, as its documentation describes it.

https://developer.pagerduty.com/docs/send-alert-event: required fields, lengths, words;
https://developer.pagerduty.com/docs/events-api-v2-overview: 202, 400, 429; at most 512
KB an event. A trigger for an open alert adds to it, acknowledge and resolve of an
unknown one are accepted and ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.lookalikes.internet import Answer, Internet, Request, answer_json
from tests.lookalikes.problems import Problems

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
HOSTS = ("events.pagerduty.com", "events.eu.pagerduty.com")
MAX_BYTES = 512 * 1024
_FIELDS = {
    "routing_key",
    "event_action",
    "dedup_key",
    "payload",
    "images",
    "links",
    "client",
    "client_url",
}
_PAYLOAD = {
    "summary",
    "source",
    "severity",
    "timestamp",
    "component",
    "group",
    "class",
    "custom_details",
}


class PagerDuty:
    """One service with one integration."""

    def __init__(self, internet: Internet) -> None:
        self.problems = Problems()
        self.notes: list[str] = []
        self.refused: list[str] = []
        self.next: list[Answer] = []
        for host in HOSTS:
            internet.services[host] = self._answer

    def _answer(self, request: Request) -> Answer:
        if self.next:
            return self.next.pop(0)
        if request.method != "POST":
            return Answer(405)
        if request.headers["content-type"].partition(";")[0] != "application/json":
            return Answer(415)
        event = request.json()
        if request.path == "/v2/enqueue":
            return self._alert(event, len(request.body))
        if request.path == "/v2/change/enqueue":
            return self._change(event)
        return Answer(404)

    def _alert(self, event: dict[str, Any], size: int) -> Answer:
        errors = list(_errors(event, size))
        if errors:
            return self._invalid(errors)
        key, action = event["dedup_key"], event["event_action"]
        if action == "acknowledge":
            self.problems.acknowledge(key)
        elif action == "resolve":
            self.problems.close(key)
        else:
            payload = event["payload"]
            details = payload.get("custom_details", {})
            text = str(details.get("text", ""))
            self.problems.open(key, payload["summary"], payload["severity"], text)
        return answer_json(
            202, status="success", message="Event processed", dedup_key=key
        )

    def _change(self, event: dict[str, Any]) -> Answer:
        payload = event.get("payload", {})
        if event.get("routing_key") != ROUTING_KEY or not payload.get("summary"):
            return self._invalid(["routing_key or payload.summary"])
        if set(event) - {"routing_key", "payload", "links", "images"}:
            return self._invalid(["unknown field"])
        self.notes.append(payload["summary"])
        return answer_json(202, status="success", message="Change event processed")

    def _invalid(self, errors: list[str]) -> Answer:
        self.refused += errors
        return answer_json(
            400,
            status="invalid event",
            message="Event object is invalid",
            errors=errors,
        )


def _errors(event: dict[str, Any], size: int) -> Iterator[str]:
    if size > MAX_BYTES:
        yield "Event is too large"
    if event.get("routing_key") != ROUTING_KEY:
        yield "'routing_key' is invalid"
    if event.get("event_action") not in {"trigger", "acknowledge", "resolve"}:
        yield "'event_action' is invalid"
    key = event.get("dedup_key")
    if not isinstance(key, str) or not 0 < len(key) <= 255:
        yield "'dedup_key' is missing or longer than 255"
    yield from (f"'{name}' is unknown" for name in set(event) - _FIELDS)
    if event.get("event_action") == "trigger":
        yield from _payload_errors(event.get("payload") or {})
    for link in event.get("links", ()):
        if not str(link.get("href", "")).startswith("http"):
            yield "'links' is invalid"


def _payload_errors(payload: dict[str, Any]) -> Iterator[str]:
    for name in ("summary", "source", "severity"):
        if not isinstance(payload.get(name), str) or not payload[name]:
            yield f"'payload.{name}' is missing or blank"
    if len(payload.get("summary", "")) > 1024:
        yield "'payload.summary' is longer than 1024"
    if payload.get("severity") not in {"critical", "error", "warning", "info"}:
        yield "'payload.severity' is invalid"
    yield from (f"'payload.{name}' is unknown" for name in set(payload) - _PAYLOAD)
    if not isinstance(payload.get("custom_details", {}), dict):
        yield "'payload.custom_details' is no object"
    if "timestamp" in payload:
        try:
            datetime.fromisoformat(payload["timestamp"])
        except ValueError:
            yield "'payload.timestamp' is invalid"

"""Splunk On-Call's REST endpoint, as its page "REST Endpoint integration" says.

``message_type`` is the only field that must be there; ``entity_id`` has at most 512
characters and ``state_message`` 20,480. What is not valid is answered with a failure.
"""

from __future__ import annotations

from typing import Any

from tests.lookalikes.internet import Answer, Internet, Request, answer_json
from tests.lookalikes.problems import Problems

API_KEY = "6a2e4ef5-3c0b-4b66-9c4e-0d2f1a7b8c9d"
ROUTE = "kernels"
_TYPES = {"CRITICAL", "WARNING", "ACKNOWLEDGEMENT", "INFO", "RECOVERY"}


class SplunkOnCall:
    """One organisation."""

    def __init__(self, internet: Internet) -> None:
        self.problems = Problems()
        self.notes: list[str] = []
        self.refused: list[str] = []
        self.next: list[Answer] = []
        internet.services["alert.victorops.com"] = self._answer

    def _answer(self, request: Request) -> Answer:
        if self.next:
            return self.next.pop(0)
        path = f"/integrations/generic/20131114/alert/{API_KEY}/{ROUTE}"
        if request.method != "POST" or request.path != path:
            return answer_json(404, result="failure", message="unknown api key")
        message = request.json()
        errors = _errors(message)
        if errors:
            self.refused += errors
            return answer_json(400, result="failure", message="; ".join(errors))
        self._take(message)
        return answer_json(200, result="success", entity_id=message["entity_id"])

    def _take(self, message: dict[str, Any]) -> None:
        key, title = message["entity_id"], message["entity_display_name"]
        sort = message["message_type"]
        if sort == "ACKNOWLEDGEMENT":
            self.problems.acknowledge(key)
        elif sort == "RECOVERY":
            self.problems.close(key)
        elif sort == "INFO":
            self.notes.append(title)
        else:
            self.problems.open(key, title, sort, message.get("state_message", ""))


def _errors(message: dict[str, Any]) -> list[str]:
    errors = []
    if message.get("message_type") not in _TYPES:
        errors.append("message_type")
    if not 0 < len(message.get("entity_id", "")) <= 512:
        errors.append("entity_id")
    if len(message.get("state_message", "")) > 20_480:
        errors.append("state_message")
    if not isinstance(message.get("state_start_time", 0), int):
        errors.append("state_start_time")
    return errors

"""Twilio's text messages: https://www.twilio.com/docs/messaging/api."""

from __future__ import annotations

from tests.lookalikes.internet import Answer, Internet, Request, answer_json
from tests.lookalikes.reading import Seen, acting

ACCOUNT = "AC735c307c62944b5a71abf4bc4b4f0a2b"
URL = f"twilio://{ACCOUNT}:0123456789abcdef0123456789abcdef@15555550100/15555550199"


class Twilio:
    """One account."""

    def __init__(self, internet: Internet) -> None:
        self.messages: list[Seen] = []
        self.next: list[Answer] = []
        self.refuse_files = False
        internet.services["api.twilio.com"] = self._answer

    def _answer(self, request: Request) -> Answer:
        if self.next:
            return self.next.pop(0)
        assert request.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        text = request.form()["Body"]
        self.messages.append(Seen(text, acting(text)))
        return answer_json(201, sid="SM1", status="queued")

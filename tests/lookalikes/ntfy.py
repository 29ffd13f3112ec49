"""ntfy.sh: https://docs.ntfy.sh/publish/."""

from __future__ import annotations

from tests.lookalikes.internet import Answer, Internet, Request, answer_json
from tests.lookalikes.reading import Seen, acting

MAX_MESSAGE = 4096  # bytes; a longer one arrives as a file that nobody opens


class Ntfy:
    """One topic."""

    def __init__(self, internet: Internet) -> None:
        self.messages: list[Seen] = []
        self.next: list[Answer] = []
        self.refuse_files = False
        internet.services["ntfy.sh"] = self._answer

    def _answer(self, request: Request) -> Answer:
        if self.next:
            return self.next.pop(0)
        message = request.json()
        if message.get("topic") != "kernels":
            return answer_json(400, code=40009, http=400, error="topic invalid")
        text = str(message.get("message", ""))
        if len(text.encode()) > MAX_MESSAGE:
            return answer_json(413, code=41301, http=413, error="message too large")
        markdown = message.get("markdown") or request.headers.get("x-markdown") == "yes"
        title = str(message.get("title", ""))
        acts = (*acting(title), *acting(text), *(["markdown"] if markdown else []))
        self.messages.append(Seen(f"{title}\n{text}", acts))
        return answer_json(200, id="x", event="message", topic="kernels")

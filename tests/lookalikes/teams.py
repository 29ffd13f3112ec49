"""A Teams workflow that posts an adaptive card.

https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features: a part of
Markdown, and {{DATE(...)}}; mentions are entities of the card.
"""

from __future__ import annotations

import json
import re

from tests.lookalikes.internet import Answer, Internet, Request, answer_json
from tests.lookalikes.reading import Seen, acting

HOST = "prod-03.westus.logic.azure.com"
WORKFLOW = "643e69f83c8944438d68119179a10a64"
SIGNATURE = "KODuebWbDGYFr0z0eu_6FvFyvBZ-pjQLN8ZqkvkSANg"
MAX_REQUEST = 28_000
_MARKUP = (
    r"(?<!\\)\*\S[^*\n]*(?<!\\)\*",
    r"(?<![\w\\])_[^_\n]+(?<!\\)_(?!\w)",
    r"(?<!\\)\[[^\]]*\]\([^)]*\)",
    r"\{\{\w+\(.*?\}\}",
    r"</?at>",
    r"^\s*[-+*] ",
    r"^\s*\d+\. ",
)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


class Teams:
    """One channel behind one workflow."""

    def __init__(self, internet: Internet) -> None:
        self.messages: list[Seen] = []
        self.next: list[Answer] = []
        self.refuse_files = False
        internet.services[HOST] = self._answer

    def _answer(self, request: Request) -> Answer:
        if self.next:
            return self.next.pop(0)
        if f"/workflows/{WORKFLOW}/" not in request.path:
            return answer_json(404, error={"code": "WorkflowNotFound"})
        if request.query().get("sig") != SIGNATURE:
            return answer_json(401, error={"code": "DirectApiAuthorizationRequired"})
        if len(request.body) > MAX_REQUEST:
            return answer_json(413, error={"code": "RequestEntityTooLarge"})
        [card] = [one["content"] for one in request.json()["attachments"]]
        acts = [str(one) for one in card.get("msteams", {}).get("entities", ())]
        shown = []
        for element in card["body"]:
            if element["type"] == "TextBlock":
                text = element["text"]
                for paragraph in text.split("\n\n"):
                    acts += acting(paragraph, *_MARKUP)
                    # A single line end is a blank, and so are several blanks.
                    line = re.sub(r"[ \n]+", " ", paragraph)
                    shown.append(_ESCAPE.sub(r"\1", line).replace("\xa0", " "))
        self.messages.append(Seen("\n".join(shown), tuple(acts)))
        return Answer(202, json.dumps({}).encode())

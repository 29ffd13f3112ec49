"""Discord's webhook: https://discord.com/developers/docs/resources/webhook."""

from __future__ import annotations

import re

from tests.lookalikes.internet import Answer, Internet, Request, answer_json
from tests.lookalikes.reading import FENCED, Seen, acting, multipart, outside_code

HOOK = "100000000000000000/abcdefghijklmnopqrstuvwxyz-0123456789"
MAX_CONTENT = 2000
_MENTIONS = (r"@everyone", r"@here", r"<@[!&]?\d+>", r"<#\d+>", r"<a?:\w+:\d+>")
_MARKUP = (r"\*\*.+?\*\*", r"__.+?__", r"\[[^\]]*\]\([^)]*\)", r"^#{1,3} ")


class Discord:
    """One channel."""

    def __init__(self, internet: Internet) -> None:
        self.messages: list[Seen] = []
        self.next: list[Answer] = []
        self.refuse_files = False
        for host in ("discord.com", "discordapp.com"):
            internet.services[host] = self._answer

    @staticmethod
    def limited(retry_after: float) -> Answer:
        """Answer as the limit of one webhook does; the headers are Discord's own."""
        answer = answer_json(
            429,
            message="You are being rate limited.",
            retry_after=retry_after,
            **{"global": False},
        )
        headers = (*answer.headers, ("Retry-After", str(int(retry_after))))
        return Answer(answer.status, answer.body, headers)

    def _answer(self, request: Request) -> Answer:
        if self.next:
            return self.next.pop(0)
        if request.path != f"/api/webhooks/{HOOK}":
            return answer_json(404, message="Unknown Webhook", code=10015)
        files: tuple[tuple[str, bytes], ...] = ()
        if request.headers["content-type"].startswith("multipart/"):
            parts = multipart(request.headers["content-type"], request.body)
            files = tuple((file, content) for _, file, content in parts if file)
            message = {name: part.decode() for name, file, part in parts if not file}
            if self.refuse_files:
                return answer_json(413, message="Request entity too large", code=40005)
        else:
            message = request.json()
        content = str(message.get("content", ""))
        if len(content.encode("utf-16-le")) // 2 > MAX_CONTENT:
            return answer_json(400, content=["Must be 2000 or fewer in length."])
        if not content and not files and not message.get("embeds"):
            return answer_json(400, message="Cannot send an empty message", code=50006)
        # It knows "allowed_mentions"; apprise writes another word, so all are allowed.
        acts = acting(outside_code(content), *_MARKUP)
        # Who knows whether code stops the server that calls people.
        acts += tuple(act for one in _MENTIONS for act in re.findall(one, content))
        shown = re.sub(r"```\n?|`", "", content)
        blocks = tuple(FENCED.findall(content))
        self.messages.append(Seen(shown, acts, files, blocks))
        return answer_json(200, id="1") if message.get("wait", True) else Answer(204)

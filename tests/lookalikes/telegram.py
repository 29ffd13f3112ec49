"""Telegram's Bot API: https://core.telegram.org/bots/api#sendmessage."""

from __future__ import annotations

import html.parser
import json

from tests.lookalikes.internet import Answer, Internet, Request, answer_json
from tests.lookalikes.reading import Seen, acting, multipart

TOKEN = "123456789:AAFxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
MAX_TEXT = 4096  # UTF-16 units, after the mark-up is read
MAX_CAPTION = 1024
_TAGS = frozenset(
    {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "a"}
    | {"code", "pre", "blockquote", "tg-spoiler"}
)
# What it makes entities of outside code.
_ENTITIES = (r"@[a-z]\w{3,}", r"(?<!\w)/[a-z]\w*", r"#[a-z]\w*", r"\S+@\S+\.[a-z]+")


class _BadMarkupError(ValueError):
    pass


class _Html(html.parser.HTMLParser):
    """Reads the subset of HTML that the Bot API takes, and refuses the rest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.open_text = ""  # not in code
        self.acts: list[str] = []
        self.blocks: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise _BadMarkupError(f'Unsupported start tag "{tag}" at byte offset 1')
        if {"code", "pre"} & set(self._open):
            raise _BadMarkupError("code and pre cannot hold other entities")
        if tag == "a":
            self.acts.append(str(dict(attrs).get("href")))
        elif tag not in {"code", "pre"}:
            self.acts.append(f"<{tag}>")
        if tag == "pre":
            self.blocks.append("")
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            raise _BadMarkupError(f'Unmatched end tag "{tag}"')

    def handle_data(self, data: str) -> None:
        self.text += data
        if "pre" in self._open:
            self.blocks[-1] += data
        elif "code" not in self._open:
            self.open_text += data

    def finish(self) -> Seen:
        self.close()
        if self._open:
            raise _BadMarkupError(f"Can't find end tag corresponding to {self._open}")
        acts = (*self.acts, *acting(self.open_text, *_ENTITIES))
        return Seen(self.text, acts, blocks=tuple(self.blocks))


def _read(text: str, mode: str | None) -> Seen:
    if mode == "HTML":
        reader = _Html()
        reader.feed(text)
        return reader.finish()
    if mode is None:
        return Seen(text, acting(text, *_ENTITIES))
    raise _BadMarkupError(f"{mode} is not expected of us")


class Telegram:
    """One bot and its chats."""

    def __init__(self, internet: Internet) -> None:
        self.messages: list[Seen] = []
        self.next: list[Answer] = []
        self.refuse_files = False
        self.gone: set[str] = set()  # chats
        self.replies: dict[int, list[str]] = {}  # texts, by the message replied to
        self.files: dict[int, list[str]] = {}  # names, by the message replied to
        self.chats: list[str] = []  # of messages with text
        internet.services["api.telegram.org"] = self._answer

    @staticmethod
    def flood(retry_after: int) -> Answer:
        return answer_json(
            429,
            ok=False,
            error_code=429,
            description=f"Too Many Requests: retry after {retry_after}",
            parameters={"retry_after": retry_after},
        )

    def _answer(self, request: Request) -> Answer:
        if self.next:
            return self.next.pop(0)
        if not request.path.startswith(f"/bot{TOKEN}/"):
            return _refused(401, "Unauthorized")
        method = request.path.rpartition("/")[2].lower()
        if method == "sendmessage":
            return self._message(request)
        if method == "senddocument":
            return self._document(request)
        return _refused(404, "Not Found")

    def _message(self, request: Request) -> Answer:
        asked = request.json()
        try:
            seen = _read(asked.get("text", ""), asked.get("parse_mode"))
        except _BadMarkupError as error:
            return _refused(400, f"Bad Request: can't parse entities: {error}")
        if not seen.text.strip():
            return _refused(400, "Bad Request: message text is empty")
        if len(seen.text.encode("utf-16-le")) // 2 > MAX_TEXT:
            return _refused(400, "Bad Request: message is too long")
        if str(asked["chat_id"]) in self.gone:
            return _refused(400, "Bad Request: chat not found")
        if "Host:" in seen.text:  # not the note beside a file
            self.chats.append(str(asked["chat_id"]))
        reply = asked.get("reply_parameters", {})
        to = reply.get("message_id")
        if to is not None and not 0 < to <= len(self.messages):
            if not reply.get("allow_sending_without_reply"):
                return _refused(400, "Bad Request: message to be replied not found")
        elif to is not None:
            self.replies.setdefault(to, []).append(seen.text)
        self.messages.append(seen)
        return answer_json(200, ok=True, result={"message_id": len(self.messages)})

    def _document(self, request: Request) -> Answer:
        parts = multipart(request.headers["content-type"], request.body)
        fields = {name: content.decode() for name, file, content in parts if not file}
        files = tuple((file, content) for _, file, content in parts if file)
        if self.refuse_files:
            return _refused(413, "Request Entity Too Large")
        try:
            seen = _read(fields.get("caption", ""), fields.get("parse_mode"))
        except _BadMarkupError as error:
            return _refused(400, f"Bad Request: can't parse entities: {error}")
        if len(seen.text) > MAX_CAPTION:
            return _refused(400, "Bad Request: message caption is too long")
        to = json.loads(fields.get("reply_parameters", "{}")).get("message_id")
        if to is not None:
            self.files.setdefault(to, []).extend(name for name, _ in files)
        self.messages.append(Seen(seen.text, seen.acting, files))
        return answer_json(200, ok=True, result={"message_id": len(self.messages)})


def _refused(status: int, why: str) -> Answer:
    content = {"ok": False, "error_code": status, "description": why}
    return Answer(status, json.dumps(content).encode())

"""Slack: the incoming webhook and the Web API that a bot uses.

https://api.slack.com/messaging/webhooks, chat.postMessage, files.getUploadURLExternal.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any

from tests.lookalikes.internet import Answer, Internet, Request, answer_json
from tests.lookalikes.reading import FENCED, INLINE, Seen, acting, multipart

MAX_TEXT = 40_000  # longer text is cut
MAX_ATTACHMENT_TEXT = 8_000  # measured by others; cut, too
HOOK = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
TOKEN = "xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d"
# <!here>, <@U1>, <#C1>, <https://...|text>: control sequences wherever they stand.
_SEQUENCE = r"<[!@#a-zA-Z][^<>\n]*>"


def read(text: str, *, link_names: bool = False, plain: bool = False) -> Seen:
    """Read a text field of a message."""
    acts = list(acting(text if plain else _outside(text), _SEQUENCE))
    acts += re.findall(_SEQUENCE, text)
    if link_names:
        acts += re.findall(r"@\w+", text)
    blocks = () if plain else tuple(html.unescape(b) for b in FENCED.findall(text))
    return Seen(html.unescape(text), tuple(acts), blocks=blocks)


def _outside(text: str) -> str:
    # Slack makes links within code, too: only mark-up ends there.
    return re.sub(r"`", "", text) if FENCED.search(text) else INLINE.sub(r"\1", text)


class Slack:
    """A workspace with one webhook and one bot."""

    def __init__(self, internet: Internet) -> None:
        self.messages: list[Seen] = []
        self.next: list[Answer] = []  # what is answered before all goes well
        self.refuse_files = False
        self.gone: set[str] = set()  # channels
        self.channels: list[str | None] = []  # of ``messages``
        self.threads: dict[str, list[str]] = {}  # texts of replies, by the first's ts
        self.colours: dict[str, str] = {}  # of first messages
        self.broadcast: list[str] = []  # replies that all of the channel sees
        self.files: dict[str, list[str]] = {}  # in threads
        self._texts: dict[str, str] = {}
        self._uploads: dict[str, list[Any]] = {}
        internet.services["hooks.slack.com"] = self._hook
        for host in ("slack.com", "api.slack.com"):
            internet.services[host] = self._api
        internet.services["files.slack.com"] = self._files

    def _hook(self, request: Request) -> Answer:
        if self.next:
            return self.next.pop(0)
        if request.path != f"/services/{HOOK}":
            return Answer(404, b"no_service")
        try:
            message = request.json()
        except ValueError:
            return Answer(400, b"invalid_payload")
        if not (message.get("text") or message.get("attachments")):
            return Answer(400, b"no_text")
        if message.get("channel") in self.gone:
            return Answer(404, b"channel_not_found")
        self.messages.append(_seen(message))
        if "Host:" in self.messages[-1].text:  # not the note beside a file
            self.channels.append(message.get("channel"))
        return Answer(200, b"ok")

    def _api(self, request: Request) -> Answer:
        if self.next:
            return self.next.pop(0)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return answer_json(200, ok=False, error="invalid_auth")
        method = request.path.rpartition("/")[2]
        if method == "chat.postMessage":
            return self._post(request.json())
        if method == "chat.update":
            return self._update(request.json())
        if method == "files.getUploadURLExternal":
            return self._upload_url(request)
        if method == "files.completeUploadExternal":
            return self._complete(request)
        if method == "files.upload":  # retired on 2025-11-12
            return answer_json(200, ok=False, error="method_deprecated")
        return answer_json(200, ok=False, error="unknown_method")

    def _post(self, message: dict[str, Any]) -> Answer:
        if not (message.get("text") or message.get("attachments")):
            return answer_json(200, ok=False, error="no_text")
        if message.get("channel") in self.gone:
            return answer_json(200, ok=False, error="channel_not_found")
        self.messages.append(_seen(message))
        if "Host:" in self.messages[-1].text:  # not the note beside a file
            self.channels.append(message.get("channel"))
        ts = f"1767261600.{len(self.messages):06d}"
        first = message.get("thread_ts")
        if first is None:
            self.threads[ts], self._texts[ts] = [], str(message.get("text"))
            for attachment in message.get("attachments", ()):
                self.colours[ts] = attachment.get("color", "")
        elif first not in self.threads or message["channel"] != "C0123456789":
            self.messages.pop()
            return answer_json(200, ok=False, error="thread_not_found")
        else:
            self.threads[first].append(str(message.get("text")))
            if message.get("reply_broadcast"):
                self.broadcast.append(str(message.get("text")))
        return answer_json(200, ok=True, channel="C0123456789", ts=ts)

    def _update(self, message: dict[str, Any]) -> Answer:
        ts = message.get("ts")
        if message.get("channel") != "C0123456789":  # it takes ids only
            return answer_json(200, ok=False, error="channel_not_found")
        if ts not in self.threads:
            return answer_json(200, ok=False, error="message_not_found")
        if message.get("text") != self._texts[ts]:
            return answer_json(200, ok=False, error="the_text_would_be_lost")
        self.colours[ts] = message["attachments"][0]["color"]
        return answer_json(200, ok=True, channel="C0123456789", ts=ts)

    def _upload_url(self, request: Request) -> Answer:
        asked = {**request.query(), **request.form()}
        if self.refuse_files:
            return answer_json(200, ok=False, error="storage_limit_reached")
        if not asked.get("filename") or int(asked.get("length", 0)) <= 0:
            return answer_json(200, ok=False, error="invalid_arguments")
        number = f"F{len(self._uploads)}"
        self._uploads[number] = [asked["filename"], int(asked["length"]), None]
        url = f"https://files.slack.com/upload/v1/{number}"
        return answer_json(200, ok=True, upload_url=url, file_id=number)

    def _files(self, request: Request) -> Answer:
        upload = self._uploads[request.path.rpartition("/")[2]]
        content = request.body
        if request.headers["content-type"].startswith("multipart/"):
            [(_, _, content)] = multipart(request.headers["content-type"], content)
        if len(content) != upload[1]:
            return Answer(400, b"length differs")
        upload[2] = content
        return Answer(200, f"OK - {len(content)}".encode())

    def _complete(self, request: Request) -> Answer:
        asked = request.json()
        if not asked.get("channel_id", "").startswith(("C", "D", "G")):
            return answer_json(200, ok=False, error="channel_not_found")
        files = asked["files"]
        files = json.loads(files) if isinstance(files, str) else files
        named = [self._uploads[file["id"]] for file in files]
        assert all(content is not None for _, _, content in named)
        seen = Seen("", files=tuple((name, content) for name, _, content in named))
        self.messages.append(seen)
        if thread := asked.get("thread_ts"):
            assert asked["channel_id"] == "C0123456789"
            self.files.setdefault(thread, []).extend(name for name, _ in seen.files)
        return answer_json(200, ok=True, files=[{"id": f["id"]} for f in files])


def _seen(message: dict[str, Any]) -> Seen:
    names = bool(message.get("link_names")) or message.get("parse") == "full"
    parts = []
    if message.get("text"):
        plain = not message.get("mrkdwn", True)
        parts.append(read(message["text"][:MAX_TEXT], link_names=names, plain=plain))
    for attachment in message.get("attachments", ()):
        if attachment.get("title"):
            parts.append(read(attachment["title"], link_names=names, plain=True))
        # Some clients read mark-up here and some do not: links count in both.
        text = attachment.get("text", "")[:MAX_ATTACHMENT_TEXT]
        parts.append(read(text, link_names=names))
    return Seen(
        "\n".join(part.text for part in parts),
        tuple(act for part in parts for act in part.acting),
        blocks=tuple(block for part in parts for block in part.blocks),
    )

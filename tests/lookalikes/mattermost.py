"""Mattermost's API v4: posts, replies, patches.

https://developers.mattermost.com/api-documentation/#/operations/CreatePost: 201 with
the post; a root that is not there is a 400 with api.post.create_post.root_id.app_error.
"""

from __future__ import annotations

from typing import Any

from tests.lookalikes.internet import Answer, Internet, Request, answer_json

HOST = "chat.example.org"
TOKEN = "q6zrk5b4ypbqpyhn8y4rcw8uma"
CHANNEL = "4yf7hbgcdtbmxfyo1jg8pgq3sc"
MAX_MESSAGE = 16_383


class Mattermost:
    """One channel and one bot."""

    def __init__(self, internet: Internet) -> None:
        self.posts: dict[str, dict[str, Any]] = {}
        self.next: list[Answer] = []
        internet.services[HOST] = self._answer

    @property
    def threads(self) -> dict[str, list[str]]:
        """The messages of replies, by the id of the first post."""
        roots: dict[str, list[str]] = {
            id_: [] for id_, post in self.posts.items() if not post.get("root_id")
        }
        for post in self.posts.values():
            if root := post.get("root_id"):
                roots[root].append(post["message"])
        return roots

    @property
    def colours(self) -> dict[str, str]:
        return {
            id_: self.posts[id_]["props"]["attachments"][0]["color"]
            for id_ in self.threads
        }

    def _answer(self, request: Request) -> Answer:
        if self.next:
            return self.next.pop(0)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _error(401, "api.context.session_expired.app_error")
        if request.method == "POST" and request.path == "/api/v4/posts":
            return self._create(request.json())
        start, _, rest = request.path.removeprefix("/api/v4/posts/").partition("/")
        if request.method == "PUT" and rest == "patch" and start in self.posts:
            self.posts[start] |= request.json()
            return answer_json(200, **self.posts[start])
        return _error(404, "api.context.404.app_error")

    def _create(self, post: dict[str, Any]) -> Answer:
        if post.get("channel_id") != CHANNEL:
            return _error(403, "api.context.permissions.app_error")
        if len(post.get("message", "")) > MAX_MESSAGE:
            return _error(400, "model.post.is_valid.msg.app_error")
        root = post.get("root_id")
        if root and (root not in self.posts or self.posts[root].get("root_id")):
            return _error(400, "api.post.create_post.root_id.app_error")
        id_ = f"post{len(self.posts):022d}"
        self.posts[id_] = post
        return answer_json(201, id=id_, **post)


def _error(status: int, id_: str) -> Answer:
    return answer_json(status, id=id_, message="no", status_code=status)

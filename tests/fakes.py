"""Stand-ins that behave like the real thing; tests/contract holds them to it."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import threading
from collections.abc import Callable
from typing import Any, Self


@dataclasses.dataclass
class FakeClock:
    """Stands still until told otherwise."""

    now: float = 1_000_000.0
    steady: float = 50.0

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.steady

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.steady += seconds


@dataclasses.dataclass(frozen=True)
class Received:
    """One request that a receiver got; ``alert`` is its JSON."""

    path: str
    alert: dict[str, Any]

    @property
    def body(self) -> str:
        return str(self.alert.get("message") or self.alert.get("text"))


class Receiver:
    """A real HTTP server on loopback; ``answer`` decides the status of a request."""

    def __init__(self, port: int = 0) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[Received], int] = lambda _: 200
        self.text = b"ok"
        self._changed = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                got = Received(self.path, json.loads(content))
                status = receiver.answer(got)
                with receiver._changed:
                    receiver.received.append(got)
                    receiver._changed.notify_all()
                with contextlib.suppress(OSError):  # whoever asked is dead
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(receiver.text)))
                    self.end_headers()
                    self.wfile.write(receiver.text)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str = "hook") -> str:
        return f"json://127.0.0.1:{self.port}/{path}"

    def wait_for(self, count: int, timeout_s: float = 60.0) -> list[Received]:
        """Return when so many requests came; fail when they do not."""
        with self._changed:
            done = self._changed.wait_for(
                lambda: len(self.received) >= count, timeout_s
            )
        assert done, f"{len(self.received)} of {count} requests came"
        return list(self.received)

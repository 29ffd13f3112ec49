"""A server on loopback that answers every request as it likes, in bytes."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator

Answering = Callable[[socket.socket, bytes], None]


class RawServer:
    """Answers every request as it likes, in bytes."""

    def __init__(self, answer: Answering) -> None:
        self.requests: list[bytes] = []
        self.ended = threading.Event()  # whoever asked has closed the connection
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(
                    target=self._talk, args=(connection,), daemon=True
                ).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            asked = _request(connection)
            self.requests.append(asked)
            self._answer(connection, asked)
            connection.close()
            return
        self.ended.set()

    def close(self) -> None:
        self._listener.close()


def _request(connection: socket.socket) -> bytes:
    """Read all of it: what is left unread resets the connection at its end."""
    asked = connection.recv(65536)
    head, _, body = asked.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)^content-length: (\d+)", head, re.MULTILINE)
    while length and len(body) < int(length[1]) and (more := connection.recv(65536)):
        body += more
        asked += more
    return asked


@contextlib.contextmanager
def serving(answer: Answering) -> Iterator[RawServer]:
    server = RawServer(answer)
    try:
        yield server
    finally:
        server.close()

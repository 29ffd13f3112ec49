"""A proxy on loopback behind which every host name leads to a look-alike.

requests finds it in HTTPS_PROXY, asks for a tunnel (CONNECT) and speaks TLS through
it with a certificate for that name, from an authority that only these tests trust.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import trustme


@dataclasses.dataclass(frozen=True)
class Request:
    """What a service is asked."""

    host: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def query(self) -> dict[str, str]:
        return {k: v[0] for k, v in parse_qs(urlsplit(self.target).query).items()}

    def json(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found

    def form(self) -> dict[str, str]:
        return {k: v[0] for k, v in parse_qs(self.body.decode()).items()}


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a service says."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def answer_json(status: int, /, **content: Any) -> Answer:
    kind = (("Content-Type", "application/json"),)
    return Answer(status, json.dumps(content).encode(), kind)


Service = Callable[[Request], Answer]


class Internet:
    """All there is of it: the hosts in ``services``."""

    def __init__(self, folder: Path) -> None:
        self.services: dict[str, Service] = {}
        self.requests: list[Request] = []
        self.strangers: list[str] = []  # what nobody expected
        self.authority = trustme.CA()
        self.bundle = folder / "authority.pem"
        self.authority.cert_pem.write_to_path(str(self.bundle))
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        internet = self

        class Handler(_Handler):
            def reach(self, host: str) -> ssl.SSLContext:
                return internet.context(host)

            def ask(self, request: Request) -> Answer:
                return internet._ask(request)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
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

    def environment(self) -> dict[str, str]:
        """Return what lets requests and smtplib find and trust us."""
        proxy = f"http://127.0.0.1:{self._server.server_port}"
        bundle = str(self.bundle)
        return {
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": "",
            "no_proxy": "",
            "REQUESTS_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
        }

    def context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self.authority.issue_cert(host).configure_cert(context)
                self._contexts[host] = context
            return self._contexts[host]

    def _ask(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            service = self.services.get(request.host)
        if service is None:
            self.strangers.append(request.host)
            return Answer(502)
        try:
            return service(request)
        except Exception as error:
            self.strangers.append(f"{request.host}: {error!r}")
            raise


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    tunnel = ""

    def reach(self, host: str) -> ssl.SSLContext:
        raise NotImplementedError

    def ask(self, request: Request) -> Answer:
        raise NotImplementedError

    def do_CONNECT(self) -> None:
        self.tunnel = self.path.rpartition(":")[0]
        context = self.reach(self.tunnel)
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        try:
            secured = context.wrap_socket(self.connection, server_side=True)
        except OSError:
            self.close_connection = True
            return
        self.close_connection = False  # whatever version of HTTP asked for the tunnel
        self.connection = self.request = secured
        self.rfile = secured.makefile("rb")
        self.wfile = secured.makefile("wb")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        request = Request(
            self.tunnel,
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        answer = self.ask(request)
        with contextlib.suppress(OSError):  # whoever asked has gone
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            self.wfile.flush()

    do_GET = do_PUT = do_POST  # noqa: N815 - http.server looks for these

    def finish(self) -> None:
        super().finish()
        with contextlib.suppress(OSError):
            self.connection.close()  # the server knows only what lies below TLS

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

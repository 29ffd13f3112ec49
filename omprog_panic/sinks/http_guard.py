"""Bounds every HTTP exchange of a service, whichever plug-in makes it.

requests follows a redirect by turning the POST into a GET, which delivers nothing, and
reads an answer for as long as it goes on. Plug-ins call ``requests.post`` themselves,
so this module puts an adapter of its own below requests.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import socket
import threading
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from omprog_panic.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ANSWER_BYTES = 65536  # of a body; the rest is not read
# For the rest of an answer, after the first byte was waited for. Then the connection is
# ended, and what was read counts.
MAX_REST_S = 10.0
DEFAULT_TIMEOUT_S = (4.0, 20.0)  # connect, read: of a plug-in that sets none
MAX_REDIRECTS = 3
MAX_LOCATION = 200  # characters that are shown of it
_AS_GET = frozenset({301, 302, 303})  # requests goes on with a GET after these
# The service, or something before it, failed while it may have had the message.
_UNCLEAR = frozenset({500, 502, 504})
_CHUNK = 1024
LATE = "no complete answer in time"


class RedirectRefusedError(requests.RequestException):
    """A redirect that would not deliver: it changes the method or leaves the host."""


class IncompleteAnswerError(requests.RequestException):
    """An answer whose head did not arrive in time."""


@dataclasses.dataclass(slots=True)
class Exchange:
    """What happened on the wire during one send; the last request counts."""

    requests: int = 0
    connected: bool = False  # the last request was handed over
    status: int | None = None  # of the last answer
    failure: str = ""  # why the guard ended it
    redirects: int = 0
    redirect_refused: bool = False

    @property
    def may_have_arrived(self) -> bool:
        """Return whether a failed send may be a delivered one.

        Only meaningful if there was a request.
        """
        if not self.connected:
            return False
        return self.status is None or self.status < 400 or self.status in _UNCLEAR


_CURRENT: contextvars.ContextVar[Exchange | None] = contextvars.ContextVar(
    "omprog_panic_exchange", default=None
)
_WATCH: contextvars.ContextVar[_Watch | None] = contextvars.ContextVar(
    "omprog_panic_watch", default=None
)


@contextlib.contextmanager
def guarded() -> Iterator[Exchange]:
    """Record the exchanges of one send; all requests of the process are bounded."""
    requests.sessions.HTTPAdapter = GuardedAdapter
    exchange = Exchange()
    token = _CURRENT.set(exchange)
    try:
        yield exchange
    finally:
        _CURRENT.reset(token)


class _Watch:
    """Ends the connection of one request when its time is over."""

    def __init__(self, exchange: Exchange, seconds: float) -> None:
        self._exchange = exchange
        self._lock = threading.Lock()
        self._socket: object = None
        self.is_over = False
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        token = _WATCH.set(self)
        self._timer.start()
        try:
            yield
        finally:
            self._timer.cancel()
            _WATCH.reset(token)

    def opened(self, connection: object) -> None:
        """Note a connection: from now on the service may get the message."""
        self._exchange.connected = True
        with self._lock:
            self._socket = connection
            if self.is_over:
                self._shut()

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            self._shut()

    def _shut(self) -> None:
        if isinstance(self._socket, socket.socket):
            with contextlib.suppress(OSError):  # it is closed already
                # Not SSLSocket's own, which would say goodbye first. A thread that
                # waits for data gets the end of it.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _WatchedConnection(urllib3.connection.HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _report(self.sock)


class _WatchedSecureConnection(urllib3.connection.HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _report(self.sock)


def _report(connection: object) -> None:
    watch = _WATCH.get()
    if watch is not None:
        watch.opened(connection)


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _WatchedConnection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _WatchedSecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class GuardedAdapter(HTTPAdapter):
    """Sends as requests does, within bounds."""

    # The parameters are those of requests, which differ between its versions.
    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(
        self,
        request: requests.PreparedRequest,
        *args: Any,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> requests.Response:
        exchange = _CURRENT.get() or Exchange()
        exchange.requests += 1
        exchange.connected, exchange.status = False, None
        options["timeout"] = options.get("timeout") or DEFAULT_TIMEOUT_S
        watch = _Watch(exchange, _seconds(options["timeout"]))
        # A compressed answer can be a thousand times as large as it looks.
        request.headers["Accept-Encoding"] = "identity"
        with watch.watching():
            try:
                response = super().send(request, *args, **options)
            except requests.RequestException as error:
                if not watch.is_over:
                    raise
                exchange.failure = LATE
                raise IncompleteAnswerError(LATE) from error
            if watch.is_over:  # what came of the head looks like a whole one
                exchange.failure = LATE
                raise IncompleteAnswerError(LATE)
            exchange.status = response.status_code
            _read_body(response)
        _check_redirect(request, response, exchange)
        return response


def _seconds(timeout: object) -> float:
    parts = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    waits = (
        part or default for part, default in zip(parts, DEFAULT_TIMEOUT_S, strict=True)
    )
    return sum(waits) + MAX_REST_S


def _read_body(response: requests.Response) -> None:
    """Read as much as is allowed; an error after the status changes nothing."""
    raw, body = response.raw, b""
    raw.enforce_content_length = False
    with contextlib.suppress(Exception):
        while len(body) < MAX_ANSWER_BYTES:
            piece = raw.read(_CHUNK, decode_content=False)
            if not piece:
                break
            body += piece
    raw.close()
    response._content = _plain(body, response.headers.get("Content-Encoding", ""))  # noqa: SLF001
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001


def _plain(body: bytes, encoding: str) -> bytes:
    if encoding.lower() in {"gzip", "x-gzip", "deflate"}:
        with contextlib.suppress(zlib.error):  # 47: with the head of either
            return zlib.decompressobj(47).decompress(body, MAX_ANSWER_BYTES)
    return body[:MAX_ANSWER_BYTES]


def _check_redirect(
    request: requests.PreparedRequest, response: requests.Response, exchange: Exchange
) -> None:
    location = response.headers.get("Location")
    if location is None or not response.is_redirect:
        return
    exchange.redirects += 1
    new = _target(request.url or "", location)
    becomes_get = response.status_code in _AS_GET and request.method not in {
        "GET",
        "HEAD",
    }
    if new is None:
        new, why = "", "a Location that is no URL"
    elif becomes_get or _leaves(request.url or "", new):
        why = "is sent as a GET there" if becomes_get else "is another server"
    elif exchange.redirects > MAX_REDIRECTS:
        why = "is one redirect too many"
    else:
        return
    exchange.redirect_refused = True
    place = f"{_shown(new)}, which {why}" if new else why
    exchange.failure = f"HTTP {response.status_code} to {place}"
    raise RedirectRefusedError(exchange.failure)


def _target(old: str, location: str) -> str | None:
    """Return where a redirect leads; None if requests could not go there, either."""
    try:
        new = urljoin(old, location)
        urlsplit(new).port  # noqa: B018 - raises for a number that is no port
        location.encode("latin-1").decode("utf-8")  # as requests reads it
    except ValueError:
        return None
    return new


def _leaves(old: str, new: str) -> bool:
    """Return whether a URL leads elsewhere; HTTPS instead of HTTP does not."""
    before, after = urlsplit(old), urlsplit(new)
    if before.hostname != after.hostname:
        return True
    if (before.scheme, after.scheme) == ("http", "https"):
        return (before.port or 80, after.port or 443) != (80, 443)
    return (before.scheme, before.port) != (after.scheme, after.port)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return one_line(f"{parts.scheme}://{host}{parts.path}", MAX_LOCATION)

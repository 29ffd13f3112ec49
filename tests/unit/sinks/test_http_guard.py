"""Each answer through each way that a message takes over HTTP, on a real socket."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable

import pytest
import requests

from omprog_panic.secret import Secret
from omprog_panic.sinks import http_guard
from omprog_panic.sinks.apprise import AppriseChannel
from omprog_panic.sinks.http_guard import MAX_ANSWER_BYTES, guarded
from omprog_panic.sinks.sink import Outcome
from omprog_panic.sinks.slack_webhook import SlackWebhookChannel
from tests.builders import make_service
from tests.chain.raw_server import Answering, serving

OK = b"HTTP/1.1 200 OK\r\n"


def once(text: bytes) -> Answering:
    return lambda connection, _: connection.sendall(text)


def by_apprise(port: int) -> Outcome:
    url = f"json://127.0.0.1:{port}/hook-secret?rto=1"
    channel = AppriseChannel(make_service(document=Secret(f"ops={url}")))
    return channel.send("s", "b")


def by_slack_webhook(port: int) -> Outcome:
    return SlackWebhookChannel(Secret(f"http://127.0.0.1:{port}/hook-secret")).send(
        "s", "b"
    )


WAYS = pytest.mark.parametrize("send", [by_apprise, by_slack_webhook])


def redirect(status: int, location: str) -> bytes:
    return (
        f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n"
    ).encode()


@WAYS
@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_becomes_a_get_is_a_failure_and_names_the_place(
    send: Callable[[int], Outcome], status: int
) -> None:
    def answer(connection: socket.socket, asked: bytes) -> None:
        head = OK + b"Content-Length: 2\r\n\r\nok"
        is_post = asked.startswith(b"POST")
        connection.sendall(redirect(status, "/login") if is_post else head)

    with serving(answer) as server:
        outcome = send(server.port)

    assert not outcome.delivered
    assert outcome.permanent
    assert f"HTTP {status} to http://127.0.0.1:{server.port}/login" in outcome.reason
    assert [asked[:4] for asked in server.requests] == [b"POST"]


@WAYS
@pytest.mark.parametrize("status", [301, 307, 308])
def test_no_message_goes_to_another_host(
    send: Callable[[int], Outcome], status: int
) -> None:
    with serving(once(OK + b"Content-Length: 2\r\n\r\nok")) as other:
        place = f"http://localhost:{other.port}/hook-secret?token=x"
        with serving(once(redirect(status, place))) as server:
            outcome = send(server.port)

    assert not outcome.delivered
    assert f"localhost:{other.port}" in outcome.reason
    assert "hook-secret" not in outcome.reason
    assert "token" not in outcome.reason
    assert other.requests == []


@WAYS
@pytest.mark.parametrize("status", [302, 307])
@pytest.mark.parametrize(
    "place",
    [b"http://[::1", b"http://127.0.0.1:port/", b"http://h:99999/", b"/\x85\xff"],
)
def test_a_redirect_to_what_is_no_url_is_a_failure_that_says_so(
    send: Callable[[int], Outcome], status: int, place: bytes
) -> None:
    answer = redirect(status, "PLACE").replace(b"PLACE", place)
    with serving(once(answer)) as server:
        outcome = send(server.port)

    assert not outcome.delivered
    assert outcome.permanent
    assert f"HTTP {status}" in outcome.reason
    assert "Location that is no URL" in outcome.reason


@WAYS
def test_a_redirect_that_keeps_method_and_host_is_followed(
    send: Callable[[int], Outcome],
) -> None:
    def answer(connection: socket.socket, asked: bytes) -> None:
        moved = redirect(308, "/new")
        head = OK + b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
        connection.sendall(head if asked.startswith(b"POST /new") else moved)

    with serving(answer) as server:
        assert send(server.port).delivered
    assert len(server.requests) == 2


@WAYS
def test_redirects_in_a_circle_end(send: Callable[[int], Outcome]) -> None:
    with serving(once(redirect(307, "/again"))) as server:
        outcome = send(server.port)

    assert not outcome.delivered
    assert "one redirect too many" in outcome.reason
    assert len(server.requests) == http_guard.MAX_REDIRECTS + 1


def endless(connection: socket.socket, _: bytes) -> None:
    connection.sendall(OK + b"Content-Type: text/plain\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def endless_chunks(connection: socket.socket, _: bytes) -> None:
    connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


@pytest.mark.parametrize("answer", [endless, endless_chunks])
@WAYS
def test_an_endless_answer_is_read_up_to_a_limit(
    send: Callable[[int], Outcome], answer: Answering
) -> None:
    with serving(answer) as server:
        outcome = send(server.port)

        # Slack's answer must be "ok"; for others the status is the fact.
        assert outcome.delivered is (send is by_apprise)
        assert server.ended.wait(30)


def test_what_is_read_of_a_body_is_bounded_when_it_is_compressed_too() -> None:
    body = gzip.compress(b"\0" * 50_000_000)
    head = (
        OK + f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    )
    with serving(once(head + body)) as server, guarded():
        answer = requests.post(f"http://127.0.0.1:{server.port}/", timeout=5)

    assert 0 < len(answer.content) <= MAX_ANSWER_BYTES


def drip(connection: socket.socket, _: bytes) -> None:
    for _number in range(3000):
        connection.sendall(b"H")
        time.sleep(0.02)


def drip_body(connection: socket.socket, _: bytes) -> None:
    connection.sendall(OK + b"Content-Length: 5000\r\n\r\n")
    drip(connection, b"")


def drip_headers(connection: socket.socket, _: bytes) -> None:
    connection.sendall(OK)
    for number in range(3000):
        connection.sendall(f"X-{number % 50}: y\r\n".encode())
        time.sleep(0.02)


@pytest.mark.parametrize("answer", [drip, drip_headers])
@WAYS
def test_a_head_that_comes_byte_by_byte_ends(
    send: Callable[[int], Outcome],
    answer: Answering,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_guard, "_seconds", lambda _timeout: 0.5)
    with serving(answer) as server:
        outcome = send(server.port)

        assert outcome.reason == "no complete answer in time"
        assert outcome.in_doubt
        assert server.ended.wait(30)


def test_a_body_that_comes_byte_by_byte_ends_and_the_status_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_guard, "_seconds", lambda _timeout: 0.5)
    with serving(drip_body) as server:
        assert by_apprise(server.port).delivered
        assert server.ended.wait(30)


@pytest.mark.parametrize(
    ("answer", "in_doubt"),
    [
        (b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 429 x\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 502 x\r\nContent-Length: 0\r\n\r\n", True),
        (b"", True),
    ],
    ids=["503", "429", "404", "500", "502", "closed"],
)
@WAYS
def test_a_failure_says_whether_the_message_may_have_arrived(
    send: Callable[[int], Outcome],
    answer: bytes,
    in_doubt: bool,
) -> None:
    with serving(once(answer)) as server:
        outcome = send(server.port)

    assert (outcome.delivered, outcome.in_doubt) == (False, in_doubt)


@WAYS
def test_where_nobody_listens_nothing_has_arrived(
    send: Callable[[int], Outcome],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outcome = send(port)

    assert (outcome.delivered, outcome.in_doubt) == (False, False)


def test_a_service_that_listens_too_late_has_its_time_from_the_url() -> None:
    assert http_guard._seconds((4.0, 60.0)) == 74.0
    assert http_guard._seconds(5) == 20.0

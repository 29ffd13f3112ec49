"""Mail servers that refuse, hang or lie, and the reason that people read then."""

from __future__ import annotations

import contextlib
import email
import email.policy
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller

from omprog_panic.secret import Secret
from omprog_panic.sinks import smtp
from omprog_panic.sinks.registry import open_sink
from omprog_panic.sinks.sink import Outcome
from tests.alerts import make_alert
from tests.builders import make_service
from tests.lookalikes.internet import Internet
from tests.lookalikes.mail import Mail

Speak = Callable[[socket.socket], None]


def deliver(url: str) -> Outcome:
    scheme = url.partition("://")[0]
    service = make_service(scheme=scheme, document=Secret(f"ops={url}"))
    return open_sink(service).deliver(make_alert("PANIC db-07", "Call Trace:\n  a  b"))


def url_of(port: int, query: str = "", scheme: str = "mailto") -> str:
    return (
        f"{scheme}://localhost:{port}?from=alerts@example.org&to=ops@example.org"
        f"&smtp=localhost{query}"
    )


@contextlib.contextmanager
def listening(speak: Speak) -> Iterator[int]:
    """A server for one connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                client, _ = server.accept()
                with client:
                    speak(client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
    thread.join(10)


def says(*lines: bytes) -> Speak:
    """Answer each line that comes with the next of these, the first at once."""

    def speak(client: socket.socket) -> None:
        file = client.makefile("rb")
        for line in lines:
            client.sendall(line + b"\r\n")
            got = file.readline()
            while lines[-1] is line and got:
                got = file.readline()

    return speak


class Recorder:
    """A server without TLS that takes everybody but some."""

    def __init__(self, refuse: tuple[str, ...] = ()) -> None:
        self.envelopes: list[Any] = []
        self.refuse = refuse

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it by that name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refuse:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        self.envelopes.append(envelope)
        return "250 OK"

    @contextlib.contextmanager
    def running(self) -> Iterator[int]:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = int(probe.getsockname()[1])
        server = Controller(self, hostname="127.0.0.1", port=port)
        server.start()
        try:
            yield port
        finally:
            server.stop()


def test_a_port_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    outcome = deliver(url_of(port))

    assert outcome.reason == f"localhost:{port} refused the connection"
    assert not outcome.permanent
    assert not outcome.in_doubt


def test_a_name_that_is_unknown() -> None:
    outcome = deliver(url_of(25).replace("smtp=localhost", "smtp=nosuch.invalid"))

    assert outcome.reason in {
        "the name nosuch.invalid is unknown",
        "the name nosuch.invalid cannot be looked up now",  # without any resolver
    }
    assert not outcome.permanent


def test_a_certificate_that_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Internet(tmp_path) as internet, Mail(internet) as mailbox:
        other = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(str(other))
        monkeypatch.setenv("SSL_CERT_FILE", str(other))
        outcome = deliver(mailbox.url())
        assert mailbox.messages == []
        unverified = deliver(mailbox.url("&verify=no"))
        port = mailbox.port

    said = f"the certificate of localhost:{port} is not trusted: "
    assert outcome.reason.startswith(said)
    assert outcome.permanent
    assert "SECRET" not in outcome.reason
    assert unverified.delivered


def test_a_certificate_for_another_name(internet: Internet) -> None:
    internet._contexts["localhost"] = internet.context("other.example.org")
    try:
        with Mail(internet) as mailbox:
            outcome = deliver(mailbox.url())
    finally:
        del internet._contexts["localhost"]

    assert "is not trusted: Hostname mismatch" in outcome.reason


def test_a_server_without_tls_gets_no_password() -> None:
    recorder = Recorder()
    with recorder.running() as port:
        outcome = deliver(url_of(port, "&user=u&pass=SECRETSECRET", "mailtos"))
        assert outcome.reason == (
            f"localhost:{port} offers no encryption (STARTTLS): write ?mode=ssl with "
            "its port, or ?mode=insecure"
        )
        assert outcome.permanent
        wrong = deliver(url_of(port, "&mode=ssl", "mailtos"))
        assert f"localhost:{port} does not speak TLS as expected" in wrong.reason
        login = deliver(url_of(port, "&user=u&pass=SECRETSECRET"))
        assert login.reason.startswith("localhost offers no login")
    assert recorder.envelopes == []


def test_a_wrong_password(mailbox: Mail) -> None:
    outcome = deliver(mailbox.url().replace("MAILSECRET", "WRONGSECRET"))

    assert outcome.reason.startswith(
        "localhost refused the user name or password (535 "
    )
    assert outcome.permanent
    assert "SECRET" not in outcome.reason


def test_a_recipient_that_is_refused() -> None:
    recorder = Recorder(refuse=("ops@example.org",))
    with recorder.running() as port:
        outcome = deliver(url_of(port))

    assert outcome.reason == (
        "refused recipient ops@example.org (550 5.1.1 no such user here)"
    )
    assert outcome.permanent
    assert recorder.envelopes == []


def test_others_get_it_when_one_is_refused() -> None:
    recorder = Recorder(refuse=("gone@example.org",))
    with recorder.running() as port:
        outcome = deliver(
            url_of(port, "&cc=gone@example.org,dba@example.org&bcc=x@example.org")
        )

    assert outcome.delivered
    assert "gone@example.org (550" in outcome.reason
    [envelope] = recorder.envelopes
    assert envelope.rcpt_tos == ["ops@example.org", "dba@example.org", "x@example.org"]
    content = envelope.content
    assert b"x@example.org" not in content
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert message["To"] == "ops@example.org"
    assert message["Cc"] == "dba@example.org, gone@example.org"
    assert message["From"] == "omprog-panic <alerts@example.org>"
    assert message["Subject"] == "PANIC db-07"
    assert message["Message-ID"].endswith("@example.org>")
    assert "Call Trace:\n  a  b" in message.get_content().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("lines", "reason", "permanent"),
    [
        ([b"421 4.3.2 busy"], "localhost refused the connection (421 4.3.2 b", False),
        ([b"554 5.7.1 go away"], "localhost refused the connection (554 5.7", True),
        (
            [b"220 hi", b"250 hi", b"550 5.1.8 who?"],
            "localhost refused the sender alerts@example.org (550 5.1.8 who?)",
            True,
        ),
        (
            [b"220 hi", b"250 hi", b"250 ok", b"450 4.2.1 greylisted"],
            "refused recipient ops@example.org (450 4.2.1 greylisted)",
            False,
        ),
        (
            [b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"554 5.7.1 spam"],
            "localhost refused the message (554 5.7.1 spam)",
            True,
        ),
        ([b"SSH-2.0-x"], "localhost", False),
    ],
)
def test_what_a_server_refuses(
    lines: list[bytes], reason: str, permanent: bool
) -> None:
    with listening(says(*lines)) as port:
        outcome = deliver(url_of(port, "&cto=5"))

    assert not outcome.delivered
    assert outcome.reason.startswith(reason)
    assert outcome.permanent is permanent
    assert not outcome.in_doubt


def test_an_answer_without_end_is_bounded() -> None:
    sent = 0

    def speak(client: socket.socket) -> None:
        nonlocal sent
        line = b"220-" + b"x" * 1000 + b"\r\n"
        with contextlib.suppress(OSError):
            while sent < 50_000_000:
                client.sendall(line)
                sent += len(line)

    with listening(speak) as port:
        outcome = deliver(url_of(port, "&cto=5"))

    assert not outcome.delivered
    assert sent < 20_000_000  # what the sockets hold


def test_a_slow_server_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "MAX_SEND_S", 1.0)
    done = threading.Event()

    def speak(client: socket.socket) -> None:
        client.sendall(b"220 hi\r\n")
        with contextlib.suppress(OSError):
            while not done.wait(0.2):  # never silent for long
                client.sendall(b"2")

    with listening(speak) as port:
        outcome = deliver(url_of(port, "&cto=5"))
        done.set()

    assert outcome.reason == f"localhost:{port} ended the connection"
    assert not outcome.in_doubt


@pytest.mark.parametrize("is_silent", [True, False])
def test_a_connection_that_breaks_after_the_message_leaves_doubt(
    is_silent: bool,
) -> None:
    done = threading.Event()

    def speak(client: socket.socket) -> None:
        file = client.makefile("rb")
        for line in (b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"354 go on"):
            client.sendall(line + b"\r\n")
            file.readline()
        while file.readline() not in {b".\r\n", b""}:
            pass
        if is_silent:
            done.wait(10)

    with listening(speak) as port:
        outcome = deliver(url_of(port, "&cto=1"))
        done.set()

    what = "no answer from localhost" if is_silent else f"localhost:{port} ended"
    assert outcome.reason.startswith(what)
    assert outcome.in_doubt
    assert not outcome.delivered

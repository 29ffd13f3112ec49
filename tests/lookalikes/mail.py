"""A mail server over TLS, with a password and a limit on the size of a message."""

from __future__ import annotations

import email
import email.policy
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.lookalikes.internet import Internet
from tests.lookalikes.reading import Seen, acting

USER, PASSWORD = "alerts", "MAILSECRET"


class Mail:
    """A mailbox; ``size_limit`` is what it takes of a message, in bytes."""

    def __init__(self, internet: Internet, size_limit: int = 10_000_000) -> None:
        self.messages: list[Seen] = []
        self.headers: list[email.message.Message] = []
        self.raw: list[bytes] = []
        self.refusals: list[str] = []
        self.gone: set[str] = set()  # addresses
        self.asked: list[str] = []  # addresses, as often as they were tried
        self.recipients: list[list[str]] = []  # of ``messages``
        self.size_limit = size_limit
        mailbox = self

        class Server(Controller):
            def _trigger_server(self) -> None:
                self.port = mailbox.port  # it asked for any free one
                super()._trigger_server()  # type: ignore[no-untyped-call]

            def factory(self) -> SMTP:
                return SMTP(
                    self.handler,
                    require_starttls=True,
                    tls_context=internet.context("localhost"),
                    authenticator=mailbox._login,
                    auth_required=True,
                )

        self._server = Server(self, hostname="127.0.0.1", port=0)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.stop()

    @property
    def port(self) -> int:
        server: Any = self._server.server
        return int(server.sockets[0].getsockname()[1])

    def url(self, query: str = "") -> str:
        return (
            f"mailtos://{USER}:{PASSWORD}@localhost:{self.port}"
            f"?from=alerts@example.org&to=ops@example.org&smtp=localhost{query}"
        )

    @staticmethod
    def _login(*arguments: Any) -> AuthResult:
        given = arguments[-1]
        assert isinstance(given, LoginPassword)
        good = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=good)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it like that
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        self.asked.append(address)
        if address in self.gone:
            return "550 5.1.1 User unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by that name
        self, _server: Any, session: Any, envelope: Any
    ) -> str:
        assert session.ssl, "not over TLS"
        if self.refusals:
            return self.refusals.pop(0)
        if len(envelope.content) > self.size_limit:
            return "552 5.3.4 Message size exceeds fixed limit"
        message = email.message_from_bytes(
            envelope.content, policy=email.policy.default
        )
        texts, files = [], []
        for part in message.walk():
            if part.is_multipart():
                continue
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            if name := part.get_filename():
                files.append((name, content))
            elif part.get_content_type() != "text/html":  # an alternative to the text
                assert part.get_content_type() == "text/plain"
                texts.append(content.decode(part.get_content_charset() or "ascii"))
        text = "\n".join(texts).replace("\r\n", "\n")
        seen = Seen(f"{message['Subject']}\n{text}", acting(text), tuple(files))
        self.messages.append(seen)
        self.headers.append(message)
        self.raw.append(envelope.content)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"

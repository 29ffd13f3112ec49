"""The services that are alerted: a web hook and a mailbox, both on loopback."""

from __future__ import annotations

import email
import email.policy
import re
import time
from typing import Any, NamedTuple, Self

from aiosmtpd.controller import Controller

from tests.chain.rsyslogd import free_udp_port
from tests.chain.wait import wait_until
from tests.fakes import Received, Receiver


class Alert(NamedTuple):
    at: float  # monotonic seconds
    subject: str
    body: str


class Mailbox:
    """A mail server that accepts everything."""

    def __init__(self) -> None:
        self.subjects: list[str] = []
        # A namespace of our own, in which nobody else takes ports.
        self._server = Controller(self, hostname="127.0.0.1", port=free_udp_port())

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        address = f"127.0.0.1:{self._server.port}"
        return f"mailto://{address}?from=a@example.org&to=b@example.org&smtp=127.0.0.1"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by that name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        policy = email.policy.default
        message = email.message_from_bytes(envelope.content, policy=policy)
        self.subjects.append(str(message["Subject"]))
        return "250 OK"


class Services:
    """Both; an alert counts as delivered when both have it."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self._hook, self._mailbox = Receiver(), Mailbox()
        self._hook.answer = self._take

    def __enter__(self) -> Self:
        self._hook.__enter__()
        self._mailbox.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._mailbox.__exit__()
        self._hook.__exit__()

    @property
    def urls(self) -> tuple[str, ...]:
        return self._hook.url(), self._mailbox.url

    def forget(self) -> None:
        """Begin another scenario."""
        self.alerts.clear()
        self._mailbox.subjects.clear()

    def wait_for(self, pattern: str, timeout_s: float = 120.0) -> Alert:
        """Wait until both have an alert whose whole subject is as the pattern says.

        Raises:
            AssertionError: it did not come, with those that did.

        """
        try:
            alert = wait_until(
                lambda: next(
                    (a for a in self.alerts if re.fullmatch(pattern, a.subject)), None
                ),
                pattern,
                timeout_s,
            )
            wait_until(
                lambda: alert.subject in self._mailbox.subjects,
                f"a mail: {alert.subject}",
                60,
            )
        except TimeoutError as error:
            reported = [alert.subject for alert in self.alerts]
            raise AssertionError(f"{error}; received: {reported}") from error
        return alert

    def _take(self, got: Received) -> int:
        self.alerts.append(Alert(time.monotonic(), got.alert["title"], got.body))
        return 200

"""The reasons; tests/lookalikes/test_mail.py has the servers."""

from __future__ import annotations

import socket
import ssl

import pytest

from omprog_panic.secret import Secret
from omprog_panic.sinks import smtp
from omprog_panic.sinks.mail_settings import Encryption, MailSettings
from omprog_panic.sinks.sink import Outcome
from omprog_panic.sinks.smtp import submit

SETTINGS = MailSettings(
    host="mx.h.org",
    port=465,
    encryption=Encryption.TLS,
    is_verified=True,
    user="u",
    password=Secret("p"),
    sender=("", "a@h.org"),
    to=(("", "b@h.org"),),
)
WHERE = "mx.h.org:465"


@pytest.mark.parametrize(
    ("error", "reason", "permanent"),
    [
        (socket.gaierror(socket.EAI_NONAME, ""), "the name mx.h.org is unknown", False),
        (
            socket.gaierror(socket.EAI_AGAIN, ""),
            "the name mx.h.org cannot be looked up now",
            False,
        ),
        (ConnectionRefusedError(), f"{WHERE} refused the connection", False),
        (TimeoutError(), f"no answer from {WHERE} within 15 s", False),
        (
            OSError(113, "No route to host"),
            f"no connection to {WHERE}: No route to host",
            False,
        ),
        (
            ssl.SSLError(1, "x"),
            f"{WHERE} does not speak TLS as expected ((1, 'x')): see ?mode=",
            False,
        ),
        (ValueError("SECRET"), f"{WHERE}: ValueError", False),
        (
            UnicodeEncodeError("ascii", "\xe9", 0, 1, "x"),
            "a user name, password or address is not ASCII",
            True,
        ),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
def test_each_failure_to_connect_has_its_reason(
    error: Exception, reason: str, permanent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> object:
        raise error

    monkeypatch.setattr(smtp, "_TlsSession", fail)
    outcome = submit(SETTINGS, b"").outcome

    if isinstance(error, ssl.SSLError):
        assert outcome.reason.startswith(f"{WHERE} does not speak TLS as expected (")
        reason = outcome.reason
    assert outcome == Outcome(delivered=False, reason=reason, permanent=permanent)

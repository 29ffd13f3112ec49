"""Hands one message to a mail server, and says why that failed.

TLS is verified. What a server answers is bounded in size and time, so that one which
never ends costs neither memory nor a thread.
"""

from __future__ import annotations

import contextlib
import dataclasses
import smtplib
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

from omprog_panic.plain import one_line
from omprog_panic.sinks.mail_settings import Encryption
from omprog_panic.sinks.sink import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.sinks.mail_settings import MailSettings

MAX_REPLY = 64 * 1024  # bytes of one answer
MAX_SEND_S = 60.0  # for all of it; a server may need some time for a large message
MAX_QUOTE = 120  # characters of an answer that a reason quotes
MAX_NAMED = 3  # refused recipients that a reason names


@dataclasses.dataclass(frozen=True, slots=True)
class Submission:
    """The outcome, and whether another message may fare better.

    ``is_content``: the server refused this message for good, not us or its recipients.
    """

    outcome: Outcome
    is_content: bool = False


def submit(settings: MailSettings, message: bytes) -> Submission:
    """Hand a message to the server; never raises for what server or network does."""
    where = f"{settings.host}:{settings.port}"
    try:
        with _session(settings) as server:
            return _hand_over(server, settings, message)
    except smtplib.SMTPAuthenticationError as error:
        said = f"{settings.host} refused the user name or password"
        return _refusal(said, error.smtp_code, error.smtp_error)
    except smtplib.SMTPResponseException as error:
        said = f"{settings.host} refused the connection"
        return _refusal(said, error.smtp_code, error.smtp_error)
    except smtplib.SMTPNotSupportedError as error:
        return _failure(_not_supported(settings, error), permanent=True)
    except (OSError, UnicodeError, ValueError) as error:  # SMTPException is an OSError
        return _failure(*_connection_reason(error, where, settings))


def _hand_over(
    server: smtplib.SMTP, settings: MailSettings, message: bytes
) -> Submission:
    if settings.encryption is Encryption.STARTTLS:
        server.starttls(context=_context(settings))
    server.ehlo_or_helo_if_needed()
    password = settings.password.reveal()
    if settings.user and password:
        server.login(settings.user, password)
    size = [f"size={len(message)}"] if server.has_extn("size") else []
    code, text = server.mail(settings.sender[1], size)
    if code != 250:
        said = f"{settings.host} refused the sender {settings.sender[1]}"
        return _refusal(said, code, text, is_content=code == 552)  # too large
    refused: dict[str, tuple[int, bytes]] = {}
    for recipient in settings.recipients:
        code, text = server.rcpt(recipient)
        if code not in {250, 251}:
            refused[recipient] = code, text
    if len(refused) == len(settings.recipients):
        code = min(code for code, _ in refused.values())  # 4xx: may yet be accepted
        return _refusal(_named(refused), code, b"")
    try:
        code, text = server.data(message)
    except smtplib.SMTPDataError as error:  # before the message was sent
        code, text = error.smtp_code, _bytes(error.smtp_error)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        reason, _ = _connection_reason(error, where, settings)
        return Submission(Outcome(delivered=False, reason=reason, in_doubt=True))
    if code != 250:
        said = f"{settings.host} refused the message"
        return _refusal(said, code, text, is_content=True)
    reason = f"not to all: {_named(refused)}" if refused else ""
    return Submission(Outcome(delivered=True, reason=reason))


def _named(refused: dict[str, tuple[int, bytes]]) -> str:
    listed = ", ".join(
        f"{one} ({code} {_quote(text)})"
        for one, (code, text) in list(refused.items())[:MAX_NAMED]
    )
    more = len(refused) - MAX_NAMED
    return f"refused recipient {listed}" + (f" and {more} more" if more > 0 else "")


@contextlib.contextmanager
def _session(settings: MailSettings) -> Iterator[smtplib.SMTP]:
    """Connect, and end the session whatever happens, at the latest in MAX_SEND_S."""
    server: smtplib.SMTP
    address = (settings.host, settings.port)
    timeout = settings.timeout_s
    if settings.encryption is Encryption.TLS:
        context = _context(settings)
        server = _TlsSession(*address, timeout=timeout, context=context)
    else:
        server = _Session(*address, timeout=timeout)
    timer = threading.Timer(MAX_SEND_S, _break_off, (server,))
    timer.daemon = True
    timer.start()
    try:
        yield server
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()
    finally:
        timer.cancel()
        server.close()


def _break_off(server: smtplib.SMTP) -> None:
    with contextlib.suppress(OSError, AttributeError):
        server.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]


class _BoundedReplies:
    """Replaces the file that smtplib reads answers from."""

    def __init__(self, file: Any) -> None:  # noqa: ANN401 - io.BufferedReader
        self._file = file
        self.left = MAX_REPLY

    def readline(self, size: int = -1) -> bytes:
        line: bytes = self._file.readline(size)
        self.left -= len(line)
        if self.left < 0:
            raise OSError("an endless answer")
        return line

    def close(self) -> None:
        self._file.close()


class _Session(smtplib.SMTP):
    file: Any

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _BoundedReplies(self.sock.makefile("rb"))
        if self.file is not None:
            self.file.left = MAX_REPLY
        return super().getreply()


class _TlsSession(_Session, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


def _context(settings: MailSettings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not settings.is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _connection_reason(
    error: Exception, where: str, settings: MailSettings
) -> tuple[str, bool]:
    """Return why there is no connection, and whether only a person can change that."""
    is_permanent = False
    match error:
        case socket.gaierror():
            is_unknown = error.errno == socket.EAI_NONAME
            said = "is unknown" if is_unknown else "cannot be looked up now"
            reason = f"the name {settings.host} {said}"
        case ssl.SSLCertVerificationError():
            why = one_line(getattr(error, "verify_message", ""), MAX_QUOTE)
            reason = f"the certificate of {where} is not trusted: {why}"
            is_permanent = True
        case ssl.SSLError():
            why = one_line(getattr(error, "reason", "") or str(error), MAX_QUOTE)
            reason = f"{where} does not speak TLS as expected ({why}): see ?mode="
        case ConnectionRefusedError():
            reason = f"{where} refused the connection"
        case _ if isinstance(error, TimeoutError) or _is_timeout(error.__context__):
            reason = f"no answer from {where} within {settings.timeout_s:g} s"
        case smtplib.SMTPServerDisconnected():
            reason = f"{where} ended the connection"
        case OSError() if error.strerror:
            reason = f"no connection to {where}: {error.strerror}"
        case UnicodeError():
            reason = "a user name, password or address is not ASCII"
            is_permanent = True
        case _:
            reason = f"{where}: {type(error).__name__}"
    return reason, is_permanent


def _is_timeout(error: BaseException | None) -> bool:
    return isinstance(error, TimeoutError)


def _not_supported(settings: MailSettings, error: smtplib.SMTPNotSupportedError) -> str:
    if "STARTTLS" in str(error):
        return (
            f"{settings.host}:{settings.port} offers no encryption (STARTTLS): write "
            "?mode=ssl with its port, or ?mode=insecure"
        )
    return f"{settings.host} offers no login: leave out user name and password"


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _quote(text: bytes | str) -> str:
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return one_line(text, MAX_QUOTE)


def _refusal(
    said: str, code: int, text: bytes | str, *, is_content: bool = False
) -> Submission:
    quote = f" ({code} {_quote(text)})" if text else ""
    is_final = 500 <= code < 600
    outcome = Outcome(delivered=False, reason=said + quote, permanent=is_final)
    return Submission(outcome, is_content=is_content and is_final)


def _failure(reason: str, permanent: bool) -> Submission:  # noqa: FBT001
    return Submission(Outcome(delivered=False, reason=reason, permanent=permanent))

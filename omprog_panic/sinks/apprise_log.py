"""What apprise logs during one send, and what that means.

apprise 1.x answers yes or no; the reason is only in its log. The lines are similar in
all versions from 1.2.0 on, but a log is no interface: what is not understood counts
as a temporary failure.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
import re
from typing import TYPE_CHECKING

from omprog_panic.sinks.sink import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omprog_panic.secret import Secret
    from omprog_panic.sinks.http_guard import Exchange

MAX_REASON = 300
MAX_RETRY_AFTER_S = 3600.0  # a service may ask for more; we retry after this
_LOGGER = logging.getLogger("apprise")
_HTTP_ERROR = re.compile(r"\berror=(\d{3})\b")
# Answers that no further attempt changes; 429 and 5xx are failures of the service.
PERMANENT = frozenset({400, 401, 403, 404, 410, 413})
REFUSED_TEXT = frozenset({400, 413})  # another text may help
# The debug lines that quote an answer; all others may contain URLs.
_QUOTES = ("Response Details", "Socket Exception", "I/O Exception")
_RETRY_AFTER = re.compile(r"retry[_ ]after\W{0,4}(\d+(?:\.\d+)?)", re.IGNORECASE)
_WORD = re.compile(r"\\?\"error\\?\"\s*:\s*\\?\"([a-z_]+)\\?\"")
# https://api.slack.com/methods/chat.postMessage#errors
PERMANENT_WORDS = frozenset(
    {
        "account_inactive",
        "channel_not_found",
        "invalid_auth",
        "is_archived",
        "missing_scope",
        "msg_too_long",
        "no_permission",
        "no_text",
        "not_authed",
        "not_in_channel",
        "token_expired",
        "token_revoked",
    }
)
# "Reason: (552, b'too large')" in 1.x, in a debugging line later
_SMTP_REFUSAL = re.compile(r"(?:Reason|Socket Exception): .*?\b(5\d\d)\b")
# What is logged when a service without HTTP cannot have the message: there was no
# connection, or it refused (SMTP codes).
_NOT_SENT = re.compile(
    r"(refused|unreachable|no route to host|name or service|name resolution"
    r"|not known|certificate|ssl|authenticat|\b[45]\d\d\b)",
    re.IGNORECASE,
)


class CapturedLog(logging.Handler):
    """Collects what apprise logs during one send.

    Lines of other sends arrive here too. The thread does not distinguish them, because
    2.x sends from a pool of its own; our context variable does, which it passes on.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.quotes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if _LISTENER.get() is not self:
            return
        if record.levelno >= logging.WARNING:
            error = record.exc_info[1] if record.exc_info else None
            detail = f": {type(error).__name__}: {error}" if error else ""
            self.lines.append(f"{record.getMessage()}{detail}")
        elif str(record.msg).startswith(_QUOTES):
            self.quotes.append(record.getMessage())

    def code(self) -> int | None:
        """Return the status that an HTTP service answered with, if it was logged."""
        found = _HTTP_ERROR.search(self.lines[-1]) if self.lines else None
        return int(found[1]) if found else None

    def smtp_refusal(self) -> str | None:
        """Return the code of a mail server that refused for good."""
        return _first(_SMTP_REFUSAL, [*self.lines, *self.quotes])

    def outcome(self, document: Secret, exchange: Exchange) -> Outcome:
        """Return the failure that the log and the exchange on the wire describe."""
        reason = self.lines[-1] if self.lines else "no reason given"
        reason = exchange.failure or reason
        code, word = self.code(), _first(_WORD, self.quotes)
        if word:
            reason = f"{word}: {reason}"
        reason = document.redact(reason)[:MAX_REASON]
        refusal = self.smtp_refusal()
        if refusal and refusal not in reason:
            reason = f"{reason} (SMTP {refusal})"
        permanent = code in PERMANENT or word in PERMANENT_WORDS or bool(refusal)
        permanent = permanent or exchange.redirect_refused
        return Outcome(
            delivered=False,
            reason=reason,
            permanent=permanent,
            retry_after_s=retry_after([*self.lines, *self.quotes]),
            in_doubt=word is None and self._is_in_doubt(exchange),
        )

    def _is_in_doubt(self, exchange: Exchange) -> bool:
        if exchange.requests:
            return exchange.may_have_arrived
        return _first(_NOT_SENT, [*self.lines, *self.quotes]) is None


def retry_after(lines: Sequence[str]) -> float | None:
    """Return how many seconds a service asked us to wait; None where it did not.

    >>> retry_after(['{"parameters": {"retry_after": 35}}'])
    35.0
    """
    found = _first(_RETRY_AFTER, lines)
    return min(float(found), MAX_RETRY_AFTER_S) if found else None


def _first(pattern: re.Pattern[str], lines: Sequence[str]) -> str | None:
    return next((found[1] for line in lines if (found := pattern.search(line))), None)


_LISTENER: contextvars.ContextVar[CapturedLog | None] = contextvars.ContextVar(
    "omprog_panic_apprise_lines", default=None
)


@contextlib.contextmanager
def captured_log() -> Iterator[CapturedLog]:
    """Capture apprise's log; nothing of it goes further, because it contains URLs."""
    handler = CapturedLog()
    _LOGGER.propagate = False
    _LOGGER.setLevel(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # it logs paths, too
    _LOGGER.addHandler(handler)
    token = _LISTENER.set(handler)
    try:
        yield handler
    finally:
        _LISTENER.reset(token)
        _LOGGER.removeHandler(handler)

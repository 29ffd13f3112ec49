"""What apprise complains of during one send, and what that means.

apprise 1.x answers yes or no; the reason is only in its log. The lines are alike in
all versions from 1.2.0 on, but a log is no interface: what is not understood counts
as a trouble that passes.
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

MAX_REASON = 300
MAX_PATIENCE_S = 3600.0  # a service may ask for more; we ask it again after this
_LOGGER = logging.getLogger("apprise")
_HTTP_ERROR = re.compile(r"\berror=(\d{3})\b")
# The answers that no further attempt changes; 429 and 5xx are the service's trouble.
PERMANENT = frozenset({400, 401, 403, 404, 410, 413})
REFUSED_TEXT = frozenset({400, 413})  # of these, what another text may change
# The two debugging lines that quote an answer; all others may hold URLs.
_QUOTES = ("Response Details", "Socket Exception", "I/O Exception")
_RETRY_AFTER = re.compile(r"retry[_ ]after\W{0,4}(\d+(?:\.\d+)?)", re.IGNORECASE)
_WORD = re.compile(r"\\?\"error\\?\"\s*:\s*\\?\"([a-z_]+)\\?\"")
# https://api.slack.com/methods/chat.postMessage#errors
_PERMANENT_WORDS = frozenset(
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


class Complaints(logging.Handler):
    """Collects what apprise says during one send.

    Lines of other sends come by here too. The thread does not tell them apart: 2.x
    sends from a pool of its own, but hands our context on to it.
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
            said = f": {type(error).__name__}: {error}" if error else ""
            self.lines.append(f"{record.getMessage()}{said}")
        elif str(record.msg).startswith(_QUOTES):
            self.quotes.append(record.getMessage())

    def code(self) -> int | None:
        """Return the status that an HTTP service answered with, if it was said."""
        found = _HTTP_ERROR.search(self.lines[-1]) if self.lines else None
        return int(found[1]) if found else None

    def smtp_refusal(self) -> str | None:
        """Return the code of a mail server that said no for good."""
        return _first(_SMTP_REFUSAL, [*self.lines, *self.quotes])

    def outcome(self, document: Secret) -> Outcome:
        """Make a failure of what was heard."""
        reason = self.lines[-1] if self.lines else "no reason given"
        code, word = self.code(), _first(_WORD, self.quotes)
        if word:
            reason = f"{word}: {reason}"
        reason = document.redact(reason)[:MAX_REASON]
        refusal = self.smtp_refusal()
        if refusal and refusal not in reason:
            reason = f"{reason} (SMTP {refusal})"
        permanent = code in PERMANENT or word in _PERMANENT_WORDS or bool(refusal)
        return Outcome(
            delivered=False,
            reason=reason,
            permanent=permanent,
            retry_after_s=patience([*self.lines, *self.quotes]),
        )


def patience(lines: Sequence[str]) -> float | None:
    """Find how many seconds a service asked to be left alone.

    >>> patience(['{"parameters": {"retry_after": 35}}'])
    35.0
    """
    found = _first(_RETRY_AFTER, lines)
    return min(float(found), MAX_PATIENCE_S) if found else None


def _first(pattern: re.Pattern[str], lines: Sequence[str]) -> str | None:
    return next((found[1] for line in lines if (found := pattern.search(line))), None)


_LISTENER: contextvars.ContextVar[Complaints | None] = contextvars.ContextVar(
    "omprog_panic_apprise_lines", default=None
)


@contextlib.contextmanager
def complaints() -> Iterator[Complaints]:
    """Listen to apprise; its lines go no further, for some of them hold URLs."""
    handler = Complaints()
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

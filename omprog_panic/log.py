"""Logging as key=value events on standard error. Never log a URL or a secret."""

from __future__ import annotations

import logging
import sys

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class KeyValueFormatter(logging.Formatter):
    """Formats ``level event key=value ...``; the journal or log file adds the time."""

    def format(self, record: logging.LogRecord) -> str:
        extra = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        fields = "".join(f" {key}={_quote(value)}" for key, value in extra.items())
        line = f"{record.levelname.lower()} {record.getMessage()}{fields}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return line


def _quote(value: object) -> str:
    text = str(value)
    plain = text.isascii() and text.isprintable() and " " not in text
    return text if plain and text else ascii(text)


def setup_logging(level: int = logging.INFO) -> None:
    """Log every event of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(KeyValueFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)

"""Messages of this host to the monitor, written to /dev/kmsg. Pure.

The monitor's collector parses them; a contract test holds both sides together. A record
must fit one datagram of 1000 bytes, and values have no spaces.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "omprog-panic: "
# The level of a call trace: while heartbeats pass, traces pass.
TRACE = 4
_LOWEST = 3  # the local syslog prints more severe levels on every terminal
_MAX_VALUE = 96
_MAX_TEXT = 700


@dataclass(frozen=True)
class Identity:
    """What each message says about this host."""

    host: str
    boot: str
    kernel: str
    version: str


def level(console_loglevel: int) -> int:
    """Return the level of a message: that of a trace, or a more severe one.

    >>> level(8), level(4)
    (4, 3)
    """
    return max(_LOWEST, min(TRACE, console_loglevel - 1))


def alive(identity: Identity, next_s: int) -> str:
    """Return a heartbeat; the next one comes within ``next_s`` seconds."""
    return f"{_message('alive', identity)} next={next_s}"


def farewell(identity: Identity) -> str:
    """Return the announcement of an orderly shutdown."""
    return _message("farewell", identity)


def drill(identity: Identity) -> str:
    """Return the announcement of an intended crash."""
    return _message("drill", identity)


def verify(identity: Identity, token: str) -> str:
    """Return a message with a token that the monitor can be asked for."""
    return f"{_message('verify', identity)} token={_value(token)}"


def repaired(what: str) -> str:
    """Return a message about a repair, for the monitor's log of this host."""
    line = " ".join(what.split())
    return f"{PREFIX}repaired {line}"[:_MAX_TEXT]


def problem(what: str) -> str:
    """Return a message about a problem, for the monitors that are still reached."""
    line = " ".join(what.split())
    return f"{PREFIX}problem {line}"[:_MAX_TEXT]


def _message(word: str, identity: Identity) -> str:
    pairs = {
        "host": identity.host,
        "boot": identity.boot,
        "kernel": identity.kernel,
        "version": identity.version,
    }
    words = [f"{key}={_value(value)}" for key, value in pairs.items() if value]
    return " ".join([f"{PREFIX}{word}", *words])


def _value(text: str) -> str:
    clean = "".join(c for c in text if "!" <= c <= "~")
    return clean[:_MAX_VALUE]

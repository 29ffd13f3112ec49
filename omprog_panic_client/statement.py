"""What this host says of itself through /dev/kmsg. Pure.

The monitor's omprog_panic/collector/statement.py reads these records; a test of its
keeps both together. A record must fit one datagram of 1000 bytes, and values have no
spaces.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "omprog-panic: "
# The level of a call trace: as long as heartbeats pass, traces do.
TRACE = 4
_LOWEST = 3  # what is graver still is shouted on every terminal by the local syslog
_MAX_VALUE = 96
_MAX_TEXT = 700


@dataclass(frozen=True)
class Speaker:
    """Who speaks."""

    host: str
    boot: str
    kernel: str
    version: str


def level(console_loglevel: int) -> int:
    """Choose the record's level: a trace's where that passes, else a graver one.

    >>> level(8), level(4)
    (4, 3)
    """
    return max(_LOWEST, min(TRACE, console_loglevel - 1))


def alive(speaker: Speaker, next_s: int) -> str:
    """Say that this host lives, and will say so again within so many seconds."""
    return f"{_said('alive', speaker)} next={next_s}"


def farewell(speaker: Speaker) -> str:
    """Say that this host goes down in good order."""
    return _said("farewell", speaker)


def drill(speaker: Speaker) -> str:
    """Say that the crash which follows is meant."""
    return _said("drill", speaker)


def verify(speaker: Speaker, token: str) -> str:
    """Say a word that the monitor is asked for afterwards."""
    return f"{_said('verify', speaker)} token={_value(token)}"


def mended(what: str) -> str:
    """Say in words what was mended; for the monitor's log of this host."""
    line = " ".join(what.split())
    return f"{PREFIX}mended {line}"[:_MAX_TEXT]


def trouble(what: str) -> str:
    """Say in words what cannot be mended; for the monitors that are still reached."""
    line = " ".join(what.split())
    return f"{PREFIX}trouble {line}"[:_MAX_TEXT]


def _said(word: str, speaker: Speaker) -> str:
    pairs = {
        "host": speaker.host,
        "boot": speaker.boot,
        "kernel": speaker.kernel,
        "version": speaker.version,
    }
    words = [f"{key}={_value(value)}" for key, value in pairs.items() if value]
    return " ".join([f"{PREFIX}{word}", *words])


def _value(text: str) -> str:
    clean = "".join(c for c in text if "!" <= c <= "~")
    return clean[:_MAX_VALUE]

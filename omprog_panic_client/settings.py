"""The settings file: key=value lines, parsed into frozen values. Pure.

``# comment`` lines and empty lines are skipped. ``monitor`` may be given several times,
each with its own options after the address::

    monitor=10.0.0.1
    monitor=fd00::1 port=6667 source_port=6670 format=basic
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Callable

from omprog_panic_client.errors import SettingsError

FILE = "/etc/omprog-panic/client.conf"
DEFAULT_PORT = 6666  # netconsole's own
DEFAULT_SOURCE_PORT = 6665
DEFAULT_HEARTBEAT_S = 900
DEFAULT_CONSOLE_LOGLEVEL = 8  # all records; a trace is at 4, netconsole.rst advises 8
MAX_MONITORS = 8
MAX_USER_KEYS = 8  # 6.9 takes 16 items in all
AUTOMATIC = "auto"
FORMATS = ("extended", "basic")

_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_INTERFACE = re.compile(r"[^\s/:]{1,15}")
_USER_KEY = re.compile(r"[A-Za-z0-9_-]{1,53}")  # the kernel's limit for one name
_MAX_USER_VALUE = 199  # bytes: 200 with the line feed


@dataclass(frozen=True)
class Monitor:
    """One machine that receives our kernel's messages; ``host``: name or address."""

    host: str
    port: int = DEFAULT_PORT
    source_port: int = DEFAULT_SOURCE_PORT
    extended: bool = True


@dataclass(frozen=True)
class Settings:
    """The whole file. ``host`` empty: the machine's own name."""

    monitors: tuple[Monitor, ...]
    interface: str = AUTOMATIC
    host: str = ""
    user: tuple[tuple[str, str], ...] = ()
    heartbeat_s: int = DEFAULT_HEARTBEAT_S
    console_loglevel: int | None = DEFAULT_CONSOLE_LOGLEVEL  # None: left alone
    halt_on_panic: bool = False  # kernel.panic=0, if a watchdog resets the machine


@dataclass
class _Reading:
    """What was parsed so far; ``common`` are the defaults of all monitors."""

    faults: list[str] = field(default_factory=list)
    monitors: list[tuple[int, str]] = field(default_factory=list)
    common: dict[str, str] = field(default_factory=dict)
    user: dict[str, str] = field(default_factory=dict)
    rest: dict[str, object] = field(default_factory=dict)


def parse_settings(text: str) -> Settings:
    """Parse a settings file.

    Raises:
        SettingsError: with all errors in it.

    >>> parse_settings("monitor=10.0.0.1").monitors[0].port
    6666
    """
    reading = _Reading()
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            _parse_line(reading, number, stripped)
    monitors = _monitors(reading)
    if not reading.monitors:
        reading.faults.append("there is no monitor= line")
    if len(reading.user) > MAX_USER_KEYS:
        reading.faults.append(f"more than {MAX_USER_KEYS} user keys")
    if len(monitors) > MAX_MONITORS:
        reading.faults.append(f"more than {MAX_MONITORS} monitors")
    if reading.faults:
        raise SettingsError(reading.faults)
    return Settings(
        monitors=tuple(monitors),
        user=tuple(reading.user.items()),
        **reading.rest,  # type: ignore[arg-type]
    )


def _parse_line(reading: _Reading, number: int, line: str) -> None:
    try:
        _parse_pair(reading, number, line)
    except ValueError as error:
        reading.faults.append(f"line {number}: {error}")


def _parse_pair(reading: _Reading, number: int, line: str) -> None:
    key, equals, value = (part.strip() for part in line.partition("="))
    if not equals or not value:
        raise ValueError(f"{line!r} is not key=value")
    if key == "monitor":
        reading.monitors.append((number, value))
    elif key in _MONITOR_OPTIONS:
        _MONITOR_OPTIONS[key](value)
        _set_once(reading.common, key, value)
    elif key.startswith("user."):
        _set_once(reading.user, _user_key(key[len("user.") :]), _user_value(value))
    elif key in _OTHERS:
        name, read = _OTHERS[key]
        _set_once(reading.rest, name, read(value))
    else:
        raise ValueError(f"{key!r} is not a setting")


def _set_once(
    values: dict[str, object] | dict[str, str], key: str, value: object
) -> None:
    if key in values:
        raise ValueError(f"{key!r} is given twice")
    values[key] = value  # type: ignore[assignment]


def _monitors(reading: _Reading) -> list[Monitor]:
    monitors: list[Monitor] = []
    for number, value in reading.monitors:
        fault = _add_monitor(monitors, value, reading.common)
        if fault:
            reading.faults.append(f"line {number}: {fault}")
    return monitors


def _add_monitor(monitors: list[Monitor], value: str, common: dict[str, str]) -> str:
    try:
        monitor = _monitor(value, common)
    except ValueError as error:
        return str(error)
    if (monitor.host, monitor.port) in {(m.host, m.port) for m in monitors}:
        return f"monitor {monitor.host} is given twice"
    monitors.append(monitor)
    return ""


def _monitor(value: str, common: dict[str, str]) -> Monitor:
    host, *words = value.split()
    options = dict(common)
    for word in words:
        key, equals, option = word.partition("=")
        if not equals or key not in _MONITOR_OPTIONS:
            known = ", ".join(_MONITOR_OPTIONS)
            raise ValueError(f"{word!r} is not an option of a monitor ({known} are)")
        options[key] = option
    read = {key: _MONITOR_OPTIONS[key](text) for key, text in options.items()}
    if "format" in read:
        read["extended"] = read.pop("format") == "extended"
    return Monitor(_address_or_name(host), **read)  # type: ignore[arg-type]


def _address_or_name(text: str) -> str:
    unzoned, is_zoned, zone = text.partition("%")
    if is_zoned:
        # `ip route get` does not accept a zone, and the kernel needs none.
        raise ValueError(
            f"{text!r} has a zone: write {unzoned}, and interface={zone or 'NAME'} "
            "on a line of its own"
        )
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        if not _HOST_NAME.fullmatch(text) or text.replace(".", "").isdigit():
            raise ValueError(
                f"{text!r} is neither an address nor a host name"
            ) from None
        return text.lower()
    if address.is_multicast or address.is_unspecified or address.is_loopback:
        raise ValueError(f"{text} is not the address of another machine")
    return str(address)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def _format(text: str) -> str:
    if text not in FORMATS:
        raise ValueError(f"format must be {' or '.join(FORMATS)}, not {text!r}")
    return text


def _interface(text: str) -> str:
    if not _INTERFACE.fullmatch(text):
        raise ValueError(f"{text!r} is not an interface name")
    return text


def _host(text: str) -> str:
    if not _HOST_NAME.fullmatch(text) or len(text) > 64:
        raise ValueError(f"{text!r} is not a host name")
    return text


def _user_key(text: str) -> str:
    if not _USER_KEY.fullmatch(text) or text == "host" or text.endswith("_enabled"):
        raise ValueError(
            f"user.{text} is reserved, or has characters that the kernel refuses"
        )
    return text


def _user_value(text: str) -> str:
    if len(text.encode()) > _MAX_USER_VALUE or not text.isprintable():
        raise ValueError(
            f"a user value must be text of at most {_MAX_USER_VALUE} bytes"
        )
    return text


def _seconds(text: str) -> int:
    """Parse seconds, or minutes with an m.

    >>> _seconds("15m")
    900
    """
    number, unit = (text[:-1], 60) if text.endswith("m") else (text, 1)
    if not number.isdecimal() or not 60 <= int(number) * unit <= 86400:
        raise ValueError(
            f"{text!r} is not a duration between 60 s and 1 day, such as 900 or 15m"
        )
    return int(number) * unit


def _loglevel(text: str) -> int | None:
    if text == "keep":
        return None
    if text not in {"5", "6", "7", "8"}:
        raise ValueError(
            "console_loglevel must be 5 to 8, or keep (call traces have level 4)"
        )
    return int(text)


def _yes_or_no(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError(f"write yes or no, not {text!r}")
    return text == "yes"


_MONITOR_OPTIONS: dict[str, Callable[[str], object]] = {
    "port": _port,
    "source_port": _port,
    "format": _format,
}
_OTHERS: dict[str, tuple[str, Callable[[str], object]]] = {
    "interface": ("interface", _interface),
    "host": ("host", _host),
    "heartbeat": ("heartbeat_s", _seconds),
    "console_loglevel": ("console_loglevel", _loglevel),
    "halt_on_panic": ("halt_on_panic", _yes_or_no),
}

"""Global settings of rsyslogd that affect our rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.doctor.finding import Finding, ok, unknown, warning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omprog_panic.doctor.context import CheckContext
    from omprog_panic.rsyslog.host_config import RsyslogStatement

RESTART = "systemctl restart rsyslog"
LOOKUP_S = "3"  # a slower name server delays the first line of a new host


class HarmfulSetting(NamedTuple):
    """A setting: its old and new name, which values are harmful, and their effect."""

    directive: str
    parameter: str
    harms: Callable[[str], bool]
    what: str


def _is_on(value: str) -> bool:
    return value.lower() == "on"


def _is_off(value: str) -> bool:
    return value.lower() == "off"


def _is_small(value: str) -> bool:
    units = {"k": 1024, "m": 1024**2, "g": 1024**3}
    text = value.strip().lower()
    number = text.rstrip("kmgb")
    if not number.isdigit():
        return False
    return int(number) * units.get(text[len(number) : len(number) + 1], 1) < 4096


def _udp(value: str) -> bool:
    return value.lower().startswith("udp")


SETTINGS = (
    HarmfulSetting(
        "$repeatedmsgreduction",
        "",
        _is_on,
        'equal lines of a trace are replaced by "message repeated n times"',
    ),
    HarmfulSetting(
        "$allowedsender",
        "",
        _udp,
        "rsyslogd drops datagrams of other senders before our rules see them",
    ),
    HarmfulSetting(
        "$maxmessagesize",
        "maxmessagesize",
        _is_small,
        "longer records are cut",
    ),
    HarmfulSetting(
        "$escapecontrolcharactersonreceive",
        "parser.escapecontrolcharactersonreceive",
        _is_off,
        "line feeds are lost from a datagram that contains a NUL",
    ),
    HarmfulSetting(
        "$droptrailinglfonreception",
        "parser.droptrailinglfonreception",
        _is_off,
        "each message ends in #012",
    ),
    HarmfulSetting(
        "$escape8bitcharactersonreceive",
        "parser.escape8bitcharactersonreceive",
        _is_on,
        "user keys and names that are not ASCII become octal numbers",
    ),
)
"""From rsyslog's documentation of global() and of the legacy directives."""


def check_settings(x: CheckContext) -> Iterator[Finding]:
    """Check for global settings that change the text of records, or drop it."""
    found = False
    for statement in x.statements:
        for setting in SETTINGS:
            value = _value(statement, setting)
            if value is not None and setting.harms(value):
                found = True
                shown = (
                    setting.directive if not setting.parameter else setting.parameter
                )
                yield warning(
                    "settings",
                    f"{statement.where}: {shown} {value}: {setting.what}",
                    f"remove it at {statement.where}, or restrict it to other inputs",
                    RESTART,
                )
    if not _has_work_directory(x):
        found = True
        yield warning(
            "settings",
            "no work directory is set, so the queue of our rules cannot use the disk",
            'add to /etc/rsyslog.conf: global(workDirectory="/var/spool/rsyslog")',
            RESTART,
        )
    if not found:
        yield ok("settings", "no global setting of rsyslogd is harmful")


def _value(statement: RsyslogStatement, setting: HarmfulSetting) -> str | None:
    if statement.name == setting.directive:
        return statement.values[""]
    if statement.name == "global" and setting.parameter:
        return statement.values.get(setting.parameter)
    return None


def _has_work_directory(x: CheckContext) -> bool:
    return any(
        s.name == "$workdirectory"
        or (s.name == "global" and "workdirectory" in s.values)
        for s in x.statements
    )


def check_dns(x: CheckContext) -> Iterator[Finding]:
    """Check whether a dead name server can delay the first line of a sender."""
    enabled = [
        statement.values["net.enabledns"]
        for statement in x.statements
        if statement.name == "global" and "net.enabledns" in statement.values
    ]
    if enabled and _is_off(enabled[-1]):
        yield ok("dns", "rsyslogd does not use DNS (net.enableDNS is off)")
        return
    addresses = [
        str(network.network_address)
        for sender in (x.config.senders if x.config else ())
        for network in sender.networks
        if network.num_addresses == 1
    ]
    if not addresses:
        return
    # getent does what rsyslogd does: /etc/hosts first, then the name servers.
    result = x.machine.run("timeout", LOOKUP_S, "getent", "hosts", addresses[0])
    if not result.finished:
        yield unknown("dns", "getent could not be run")
    elif result.status == 124:  # of timeout
        yield warning(
            "dns",
            f"the name server did not answer within {LOOKUP_S} s for {addresses[0]}:"
            " rsyslogd asks it once for each new sender, and waits",
            'add to /etc/rsyslog.conf: global(net.enableDNS="off")',
            "or: list the senders in /etc/hosts",
            RESTART,
        )
    else:
        yield ok(
            "dns", "the name server answers; rsyslogd asks it once for each sender"
        )

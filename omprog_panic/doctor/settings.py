"""Global settings of rsyslogd that reach our rules, whoever wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.doctor.finding import Finding, doubtful, good, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omprog_panic.doctor.examination import Examination
    from omprog_panic.rsyslog.host_config import Statement

RESTART = "systemctl restart rsyslog"
LOOKUP_S = "3"  # a resolver that takes longer holds up the first line of a new host


class Setting(NamedTuple):
    """A setting that harms: its old and its new name, when, and what it does."""

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
    Setting(
        "$repeatedmsgreduction",
        "",
        _is_on,
        'equal lines of a trace become "message repeated n times"',
    ),
    Setting(
        "$allowedsender",
        "",
        _udp,
        "rsyslogd drops what other senders send, before our rules see it",
    ),
    Setting(
        "$maxmessagesize",
        "maxmessagesize",
        _is_small,
        "records longer than this are cut",
    ),
    Setting(
        "$escapecontrolcharactersonreceive",
        "parser.escapecontrolcharactersonreceive",
        _is_off,
        "one NUL in a datagram takes its line feeds with it",
    ),
    Setting(
        "$droptrailinglfonreception",
        "parser.droptrailinglfonreception",
        _is_off,
        "each message ends in #012",
    ),
    Setting(
        "$escape8bitcharactersonreceive",
        "parser.escape8bitcharactersonreceive",
        _is_on,
        "user keys and names that are not ASCII are written as octal numbers",
    ),
)
"""What harms, from rsyslog's pages on global() and the legacy directives."""


def check_settings(x: Examination) -> Iterator[Finding]:
    """Look for settings of the whole of rsyslogd that change what reaches us."""
    found = False
    for statement in x.statements:
        for setting in SETTINGS:
            value = _value(statement, setting)
            if value is not None and setting.harms(value):
                found = True
                shown = (
                    setting.directive if not setting.parameter else setting.parameter
                )
                yield doubtful(
                    "settings",
                    f"{statement.where}: {shown} {value}: {setting.what}",
                    f"take it away, or restrict it, at {statement.where}",
                    RESTART,
                )
    if not _has_work_directory(x):
        found = True
        yield doubtful(
            "settings",
            "no work directory is set: the queue of our rules cannot go to the disk",
            'add to /etc/rsyslog.conf: global(workDirectory="/var/spool/rsyslog")',
            RESTART,
        )
    if not found:
        yield good("settings", "no global setting of rsyslogd harms")


def _value(statement: Statement, setting: Setting) -> str | None:
    if statement.name == setting.directive:
        return statement.values[""]
    if statement.name == "global" and setting.parameter:
        return statement.values.get(setting.parameter)
    return None


def _has_work_directory(x: Examination) -> bool:
    return any(
        s.name == "$workdirectory"
        or (s.name == "global" and "workdirectory" in s.values)
        for s in x.statements
    )


def check_dns(x: Examination) -> Iterator[Finding]:
    """Look whether a dead name server can hold up the first line of a sender."""
    enabled = [
        statement.values["net.enabledns"]
        for statement in x.statements
        if statement.name == "global" and "net.enabledns" in statement.values
    ]
    if enabled and _is_off(enabled[-1]):
        yield good("dns", "rsyslogd asks no name server (net.enableDNS is off)")
        return
    addresses = [
        str(network.network_address)
        for sender in (x.config.senders if x.config else ())
        for network in sender.networks
        if network.num_addresses == 1
    ]
    if not addresses:
        return
    # getent takes the same way as rsyslogd: /etc/hosts first, then the name servers.
    answer = x.host.run("timeout", LOOKUP_S, "getent", "hosts", addresses[0])
    if answer is None:
        yield unknown("dns", "getent could not be run")
    elif answer.code == 124:  # timeout's own code
        yield doubtful(
            "dns",
            f"no answer within {LOOKUP_S} s to who {addresses[0]} is: rsyslogd asks for"
            " each new sender, and everything waits",
            'add to /etc/rsyslog.conf: global(net.enableDNS="off")',
            "or list the senders in /etc/hosts",
            RESTART,
        )
    else:
        yield good("dns", "the name server answers; rsyslogd asks it once a sender")

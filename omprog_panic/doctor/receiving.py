"""From the network card to the collector: rsyslogd, imudp, our rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.apply.running import (
    RULES,
    all_files,
    changed_since_start,
    find_collector,
)
from omprog_panic.doctor.finding import Finding, critical, ok, unknown, warning
from omprog_panic.host.machine import CommandOutcome
from omprog_panic.host.sockets import receive_buffer, socket_owners, udp_sockets
from omprog_panic.rsyslog.daemon import MAIN_FILE
from omprog_panic.rsyslog.dropin import COLLECTOR, ETC, PROGRAM, RULESET
from omprog_panic.rsyslog.host_config import module_loads
from omprog_panic.rsyslog.upgrade import FILES, runs_installed_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.context import CheckContext

DROP_IN = "/etc/rsyslog.d/zz-omprog-panic.conf"
RESTART = "systemctl restart rsyslog"
REINSTALL = "apt install --reinstall -o Dpkg::Options::=--force-confmiss omprog-panic"
WANTED_BUFFER = 8 * 1024 * 1024  # bytes: rcvbufSize of our rules


def check_rsyslogd(x: CheckContext) -> Iterator[Finding]:
    """Check that rsyslogd runs, and that it started after its configuration changed."""
    daemon = x.rsyslogd
    if daemon is None:
        yield critical("rsyslogd", "is not running", "systemctl start rsyslog")
        return
    yield ok("rsyslogd", f"runs, PID {daemon.pid}")
    files = all_files(x.statements)
    if runs_installed_code(x.machine) is not None:
        files -= set(FILES)  # compared by content: check_applied
    for file in changed_since_start(x.machine, daemon, files):
        yield warning(
            "rsyslogd", f"was started before {file} was last changed", RESTART
        )


def check_rsyslog_syntax(x: CheckContext) -> Iterator[Finding]:
    """Let rsyslogd check its own configuration."""
    result = x.machine.run("rsyslogd", "-N1", "-f", MAIN_FILE)
    if not result.finished:
        missing = result.outcome is CommandOutcome.NOT_INSTALLED
        yield unknown(
            "rsyslog.conf",
            f"cannot be checked: {result.failure()}",
            "apt install rsyslog" if missing else "rsyslogd -N1",
        )
    elif result.succeeded:
        yield ok("rsyslog.conf", "rsyslogd finds no error in it")
    else:
        said = result.output.splitlines()
        errors = [line for line in said if "error" in line.lower()]
        first = (errors or said or ["no reason given"])[0]
        yield critical(
            "rsyslog.conf", f"rsyslogd finds an error: {first[:300]}", "rsyslogd -N1"
        )


def check_drop_in(x: CheckContext) -> Iterator[Finding]:
    """Check that our rules are part of rsyslogd's configuration."""
    if x.machine.status(DROP_IN) is None:
        yield critical(
            "drop-in", f"{DROP_IN} is missing", "dpkg-reconfigure omprog-panic", RESTART
        )
    elif x.machine.status(RULES) is None:
        yield critical("drop-in", f"{RULES} is missing", REINSTALL)
    elif x.action is None:
        yield critical(
            "drop-in",
            f"{MAIN_FILE} does not include {DROP_IN}",
            f"echo '$IncludeConfig /etc/rsyslog.d/*.conf' >>{MAIN_FILE}",
            RESTART,
        )
    else:
        yield ok("drop-in", f"active in {x.action.file}")


def check_imudp(x: CheckContext) -> Iterator[Finding]:
    """Check that imudp is loaded once, and before the inputs that need it."""
    loaded = module_loads(x.statements, "imudp")
    if not loaded:
        yield critical(
            "imudp",
            "no file loads it, so rsyslogd receives nothing",
            "omprog-panic apply",
        )
        return
    if len(loaded) > 1:
        places = ", ".join(statement.where for statement in loaded)
        yield critical(
            "imudp",
            f"loaded {len(loaded)} times; only the first counts: {places}",
            "omprog-panic apply",
        )
        return
    order = {id(statement): at for at, statement in enumerate(x.statements)}
    early = [s for s in x.inputs if order[id(s)] < order[id(loaded[0])]]
    if early:
        yield critical(
            "imudp",
            f"loaded at {loaded[0].where}, after the input at {early[0].where},"
            " which therefore has no effect",
            f"move that line above the includes in {MAIN_FILE}",
            "omprog-panic apply",
        )
        return
    yield ok("imudp", f"loaded at {loaded[0].where}")


def check_port(x: CheckContext) -> Iterator[Finding]:
    """Check that rsyslogd, and nothing else, receives on our port."""
    port = x.values.port
    if x.action is not None and not x.values.listen:
        if x.port_filter is not None:
            return
        yield critical(
            "port",
            f"our input is switched off ({ETC}/rsyslog/listen): imudp is loaded only"
            " after our rules, or nothing was applied yet",
            "omprog-panic apply",
        )
        return
    others = [
        statement
        for statement in x.inputs
        if x.port_of(statement) == port and statement.values.get("ruleset") != RULESET
    ]
    if others:
        yield critical(
            "port",
            f"{others[0].where} receives on port {port} as well:"
            " the input that is bound last gets all datagrams",
            f"remove that input, or set another receive.port in {x.config_file}",
            "omprog-panic apply",
        )
    yield from _check_socket(x, port)


def _check_socket(x: CheckContext, port: int) -> Iterator[Finding]:
    sockets = [socket for socket in udp_sockets(x.machine) if socket.port == port]
    owners = socket_owners(x.machine, sockets)
    by_pid = {process.pid: process for process in x.processes}
    ours = x.rsyslogd.pid if x.rsyslogd else -1
    others = {pid for pid in owners.values() if pid != ours}
    for pid in sorted(others):
        name = by_pid[pid].name if pid in by_pid else "a process"
        yield critical(
            "port",
            f"{name} (PID {pid}) has UDP port {port} open",
            f"stop it, or set another receive.port in {x.config_file}",
        )
    if not sockets and x.rsyslogd is not None:
        yield critical("port", f"no process receives on UDP port {port}", RESTART)
    elif sockets and not owners:
        yield unknown(
            "port", f"only root can see which process has UDP port {port}", "use sudo"
        )
    elif ours in owners.values():
        where = ", ".join(sorted({socket.address for socket in sockets}))
        yield ok("port", f"rsyslogd receives on {where}, UDP port {port}")


def check_buffer(x: CheckContext) -> Iterator[Finding]:
    """Check for dropped datagrams, and for a receive buffer that takes a burst."""
    port = 514 if x.port_filter is not None else x.values.port
    sockets = [socket for socket in udp_sockets(x.machine) if socket.port == port]
    if not sockets:
        return
    dropped = sum(socket.drops for socket in sockets)
    if dropped:
        yield warning(
            "buffer",
            f"the kernel has dropped {dropped} datagrams on port {port} since rsyslogd"
            " started, because the receive buffer was full",
            "sysctl -w net.core.rmem_max=16777216",
            RESTART,
        )
    size = receive_buffer(x.machine, port)
    if size is None:
        yield unknown("buffer", "ss does not show the socket", "apt install iproute2")
    elif size < WANTED_BUFFER:
        yield warning(
            "buffer",
            f"the receive buffer of port {port} has {size // 1024} KiB, which is too"
            " small when many hosts crash at once",
            "sysctl -w net.core.rmem_max=16777216",
            'set rcvbufSize="8m" on that input',
            RESTART,
        )
    elif not dropped:
        yield ok("buffer", f"{size // 1024} KiB; nothing was dropped")


def check_collector(x: CheckContext) -> Iterator[Finding]:
    """Check that rsyslogd can start the collector, or has started it."""
    daemon = x.rsyslogd
    faults = False
    for path in (COLLECTOR, PROGRAM):
        if x.machine.status(path) is None:
            yield critical("collector", f"{path} is missing", REINSTALL)
            faults = True
    if faults or daemon is None:
        return
    collector = find_collector(x.processes, daemon)
    if collector is not None and collector.is_stopped:
        yield critical(
            "collector", f"is stopped by a signal, PID {collector.pid}", RESTART
        )
    elif collector is not None:
        yield ok("collector", f"runs, PID {collector.pid}")
    else:
        yield ok(
            "collector", "not started yet: rsyslogd starts it at the first message"
        )

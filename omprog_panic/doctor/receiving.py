"""From the network card to the collector: rsyslogd, imudp, our rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.doctor.examination import RSYSLOG_CONF, RULESET, Examination
from omprog_panic.doctor.finding import Finding, broken, doubtful, good, unknown
from omprog_panic.doctor.processes import may
from omprog_panic.doctor.sockets import holders, receive_buffer, udp_sockets
from omprog_panic.rsyslog.dropin import COLLECTOR, ETC, PROGRAM, SHARE
from omprog_panic.rsyslog.host_config import loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.rsyslog.host_config import Statement

DROP_IN = "/etc/rsyslog.d/zz-omprog-panic.conf"
RULES = f"{SHARE}/rsyslog.conf"
RESTART = "systemctl restart rsyslog"
REINSTALL = "apt install --reinstall -o Dpkg::Options::=--force-confmiss omprog-panic"
WANTED_BUFFER = 8 * 1024 * 1024  # bytes, rcvbufSize of our rules; the kernel doubles it
EXECUTE = 1


def check_rsyslogd(x: Examination) -> Iterator[Finding]:
    """Look whether rsyslogd runs, and whether with the configuration of now."""
    daemon = x.rsyslogd
    if daemon is None:
        yield broken("rsyslogd", "does not run", "systemctl start rsyslog")
        return
    yield good("rsyslogd", f"runs, PID {daemon.pid}")
    files = {statement.file for statement in x.statements} | {RSYSLOG_CONF, RULES}
    files |= {f"{ETC}/rsyslog/{name}" for name in ("address", "port", "listen")}
    for file in sorted(files):
        status = x.host.status(file)
        # The start of a process is known to the second only.
        if status is not None and status.changed > daemon.started + 1:
            yield doubtful(
                "rsyslogd", f"runs since before {file} was changed last", RESTART
            )


def check_rsyslog_syntax(x: Examination) -> Iterator[Finding]:
    """Let rsyslogd itself read its configuration."""
    answer = x.host.run("rsyslogd", "-N1", "-f", RSYSLOG_CONF)
    if answer is None:
        yield unknown("rsyslog.conf", "rsyslogd -N1 could not be run", "run it as root")
    elif answer.code == 0:
        yield good("rsyslog.conf", "rsyslogd finds no fault in it")
    else:
        lines = [line for line in answer.text.splitlines() if "error" in line.lower()]
        said = (lines or answer.text.splitlines() or ["no reason given"])[0]
        yield broken(
            "rsyslog.conf", f"rsyslogd finds a fault: {said[:300]}", "rsyslogd -N1"
        )


def check_drop_in(x: Examination) -> Iterator[Finding]:
    """Look whether our rules are part of rsyslogd's configuration."""
    if x.host.status(DROP_IN) is None:
        yield broken("drop-in", f"{DROP_IN} is missing", REINSTALL)
    elif x.host.status(RULES) is None:
        yield broken("drop-in", f"{RULES} is missing", REINSTALL)
    elif x.action is None:
        yield broken(
            "drop-in",
            f"{RSYSLOG_CONF} does not include {DROP_IN}",
            f"add to {RSYSLOG_CONF}: $IncludeConfig /etc/rsyslog.d/*.conf",
            RESTART,
        )
    else:
        yield good("drop-in", f"active, by {x.action.file}")


def check_imudp(x: Examination) -> Iterator[Finding]:
    """Look whether imudp is loaded once, and above the inputs that need it."""
    loaded = loads(x.statements, "imudp")
    if not loaded:
        yield broken(
            "imudp", "no file loads it: rsyslogd hears nothing", "omprog-panic apply"
        )
        return
    if len(loaded) > 1:
        places = ", ".join(statement.where for statement in loaded)
        yield broken(
            "imudp",
            f"loaded {len(loaded)} times, rsyslogd takes the first only: {places}",
            "omprog-panic apply",
        )
        return
    order = {id(statement): at for at, statement in enumerate(x.statements)}
    early = [s for s in x.inputs if order[id(s)] < order[id(loaded[0])]]
    if early:
        yield broken(
            "imudp",
            f"loaded at {loaded[0].where}, below the input of {early[0].where},"
            " which therefore does nothing",
            f"move that line above the includes of {RSYSLOG_CONF}",
            "omprog-panic apply",
        )
        return
    yield good("imudp", f"loaded at {loaded[0].where}")


def check_port(x: Examination) -> Iterator[Finding]:
    """Look who receives on our port."""
    port = x.values.port
    if x.action is not None and not x.values.listen:
        if filtered_input(x) is not None:
            return
        yield broken(
            "port",
            f"our input is switched off ({ETC}/rsyslog/listen): imudp is loaded only"
            " below our rules, or nothing was applied yet",
            "omprog-panic apply",
        )
        return
    others = [
        statement
        for statement in x.inputs
        if x.port_of(statement) == port and statement.values.get("ruleset") != RULESET
    ]
    if others:
        yield broken(
            "port",
            f"{others[0].where} receives on port {port}, too:"
            " the input bound last takes all datagrams",
            f"take that input away, or another port in {x_config(x)}",
            "omprog-panic apply",
        )
    yield from _check_socket(x, port)


def filtered_input(x: Examination) -> Statement | None:
    """Return the lookup table of the filter for port 514, where that is in use."""
    for statement in x.statements:
        if statement.values.get("name") == "omprog_panic_senders_514":
            return statement
    return None


def x_config(x: Examination) -> str:
    """Return the name of our configuration file."""
    return str(x.config.file) if x.config else "/etc/omprog-panic/config.yaml"


def _check_socket(x: Examination, port: int) -> Iterator[Finding]:
    sockets = [socket for socket in udp_sockets(x.host) if socket.port == port]
    held = holders(x.host, sockets)
    by_pid = {process.pid: process for process in x.processes}
    ours = x.rsyslogd.pid if x.rsyslogd else -1
    strangers = {pid for pid in held.values() if pid != ours}
    for pid in sorted(strangers):
        name = by_pid[pid].name if pid in by_pid else "a process"
        yield broken(
            "port",
            f"{name} (PID {pid}) holds UDP port {port}",
            f"stop it, or give the senders another port in {x_config(x)}",
        )
    if not sockets and x.rsyslogd is not None:
        yield broken("port", f"nobody receives on UDP port {port}", RESTART)
    elif sockets and not held:
        yield unknown("port", f"who holds UDP port {port}? only root sees", "use sudo")
    elif ours in held.values():
        where = ", ".join(sorted({socket.address for socket in sockets}))
        yield good("port", f"rsyslogd receives on {where}, UDP port {port}")


def check_buffer(x: Examination) -> Iterator[Finding]:
    """Look for datagrams that the kernel threw away, and for room for a burst."""
    port = 514 if filtered_input(x) is not None else x.values.port
    sockets = [socket for socket in udp_sockets(x.host) if socket.port == port]
    if not sockets:
        return
    dropped = sum(socket.drops for socket in sockets)
    if dropped:
        yield doubtful(
            "buffer",
            f"the kernel dropped {dropped} datagrams on port {port} since rsyslogd"
            " started: their buffer was full",
            "sysctl -w net.core.rmem_max=16777216",
            RESTART,
        )
    size = receive_buffer(x.host, port)
    if size is None:
        yield unknown("buffer", "ss does not answer", "apt install iproute2")
    elif size < WANTED_BUFFER:
        yield doubtful(
            "buffer",
            f"the receive buffer of port {port} has {size // 1024} KiB;"
            " many hosts that crash at once need more",
            "sysctl -w net.core.rmem_max=16777216",
            'rcvbufSize="8m" on that input',
            RESTART,
        )
    elif not dropped:
        yield good("buffer", f"{size // 1024} KiB, nothing dropped")


def check_collector(x: Examination) -> Iterator[Finding]:
    """Look whether rsyslogd can start the collector, and whether it did."""
    daemon = x.rsyslogd
    faults = False
    for path in (COLLECTOR, PROGRAM):
        status = x.host.status(path)
        if status is None:
            yield broken("collector", f"{path} is missing", REINSTALL)
            faults = True
        elif not status.mode & 0o111 or (
            daemon and not may(daemon, status.mode, status.uid, status.gid, EXECUTE)
        ):
            yield broken(
                "collector", f"rsyslogd may not execute {path}", f"chmod 755 {path}"
            )
            faults = True
    if faults or daemon is None:
        return
    ours = [
        process
        for process in x.processes
        if process.parent == daemon.pid
        and any("omprog-panic-collector" in word for word in process.argv)
    ]
    if ours:
        yield good("collector", f"runs, PID {ours[0].pid}")
    else:
        yield good("collector", "not started yet: rsyslogd does at the first message")

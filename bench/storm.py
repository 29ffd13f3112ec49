"""10,000 hosts panic at once, 100 lines each, through a real rsyslogd.

One socket sends from all addresses of 127.0.0.0/8 (IP_PKTINFO), the hosts' lines by
turns, so that every trace is open all the time. What the kernel drops at rsyslogd's
socket is read from /proc/net/udp and reported apart from what imudp counted.
"""

from __future__ import annotations

import socket
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.chain import COLLECTOR, IMPSTATS, folder, last_statistic, rsyslogd
from bench.load import panic_texts
from bench.process import bytes_read, resident_mb
from omprog_panic.model import EndReason
from omprog_panic.spool.codec import decode
from omprog_panic.spool.record import IncidentRecord
from tests.chain.rsyslogd import Host
from tests.chain.wait import pause, wait_until

if TYPE_CHECKING:
    from bench.figures import Figures
    from tests.chain.rsyslogd import Rsyslogd

HOSTS, RECORDS = 10_000, 100
DEADLINE_S = 150.0
IP_PKTINFO = 8  # linux/in.h; the socket module of 3.11 does not name it
_IN_SOCKET = 4 * 1024 * 1024  # bytes waiting there: the sender lets rsyslogd read


def address(number: int) -> str:
    """Give host ``number`` its address."""
    return f"127.3.{number >> 8}.{number & 255}"


def send_all(port: int) -> int:
    """Send every host's panic, all at once; give the number of datagrams."""
    source = [
        struct.pack("I4s4s", 0, socket.inet_aton(address(n)), bytes(4))
        for n in range(HOSTS)
    ]
    sent = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        for n, text in enumerate(panic_texts("the rack lost its cooling", RECORDS)):
            payload = [f"[  100.{n:06}] {text}\n".encode()]
            for host in range(HOSTS):
                kind = (socket.IPPROTO_IP, IP_PKTINFO, source[host])
                sender.sendmsg(payload, [kind])
                sent += 1
                if sent % 500 == 0:
                    while waiting_and_dropped(port)[0] > _IN_SOCKET:
                        pause(0.002)
    return sent


def waiting_and_dropped(port: int) -> tuple[int, int]:
    """Read bytes that wait in the socket of a port, and datagrams dropped there."""
    for row in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = row.split()
        if fields[1].endswith(f":{port:04X}"):
            return int(fields[4].split(":")[1], 16), int(fields[12])
    raise LookupError(port)


def drained_s(daemon: Rsyslogd, pid: int, since: float) -> float:
    """Wait until nothing is read or published any more; when the last was."""
    new = daemon.spool / "new"
    seen, at = (-1, -1), since
    while time.monotonic() - since < DEADLINE_S:
        now = sum(1 for _ in new.iterdir()), bytes_read(pid)
        if now != seen:
            seen, at = now, time.monotonic()
        elif time.monotonic() - at > 12:
            break  # longer than a trace may be silent
        pause(0.2)
    return at - since


def judge(daemon: Rsyslogd) -> Figures:
    """Count incidents, whole ones, and the datagrams that are in them."""
    incidents = complete = records = 0
    for path in (daemon.spool / "new").iterdir():
        content = path.read_bytes()
        if b'"kind":"incident"' not in content[:60]:
            continue
        incident = decode(content)
        assert isinstance(incident, IncidentRecord)
        incidents += 1
        records += len(incident.records)
        ended = incident.end is EndReason.TERMINATOR
        complete += ended and len(incident.records) == RECORDS
    return {
        "storm_in_traces": records,
        "storm_incidents": incidents,
        "storm_complete": complete,
    }


def measure() -> Figures:
    """Let it happen once."""
    with folder() as place:
        statistics = place / "impstats"
        host = Host(before=IMPSTATS.format(file=statistics))
        allow = place / "allowed"
        allow.write_text("127.0.0.0/8\n")
        options = ("--allow", str(allow))
        lines = HOSTS * RECORDS * 2
        with rsyslogd(place / "m", COLLECTOR, options, host, lines) as daemon:
            since = time.monotonic()
            sent = send_all(daemon.port)
            (pid,) = wait_until(daemon.collectors, "the collector")
            drained = drained_s(daemon, pid, since)
            dropped = waiting_and_dropped(daemon.port)[1]
            peak = resident_mb(pid, peak=True)
            pause(1.5)  # impstats speaks every second
            counted = last_statistic(statistics, "imudp(127", "submitted")
            figures = judge(daemon)
    return {
        "storm_sent": sent,
        "storm_socket_dropped": dropped,
        "storm_counted": counted,
        **figures,
        "storm_drained_s": round(drained, 1),
        "storm_rss_mb": peak,
    }

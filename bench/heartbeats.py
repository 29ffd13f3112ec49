"""What the heartbeats of 1,000 senders cost a monitor, in percent of one core.

Real datagrams of 1,000 addresses to rsyslogd, collector and alerter, one at a time and
each when the one before is stored, as they come in life: the dearest way. The
processor time of all three for one heartbeat of each sender, over the interval in
which the client sends it.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import TYPE_CHECKING

from bench.chain import folder
from bench.process import cpu_seconds
from bench.storm import IP_PKTINFO
from omprog_panic_client import message
from omprog_panic_client.settings import DEFAULT_HEARTBEAT_S
from tests.chain.alerting import AlertingMonitor
from tests.chain.wait import pause, wait_until
from tests.fakes import Receiver

if TYPE_CHECKING:
    from pathlib import Path

    from bench.figures import Figures

SENDERS = 1000
ROUNDS = 3  # the first, not counted, meets every sender, which happens once
APART_S = 0.005


def measure() -> Figures:
    """Let every sender live for some rounds; the dearest counts."""
    with folder(on_disk=True) as place, Receiver() as receiver:
        allow = place / "allow"
        allow.write_text("127.0.0.0/8\n")
        chain = AlertingMonitor(place, [receiver.url()], ("--allow", str(allow)))
        chain.start()
        try:
            costs = [_round(chain, number) for number in range(ROUNDS)]
        finally:
            chain.stop()
    share = 100 * max(costs[1:]) / DEFAULT_HEARTBEAT_S
    return {"heartbeats_cpu_percent": round(share, 2)}


def _round(chain: AlertingMonitor, number: int) -> float:
    """Send one heartbeat of each; processor seconds until all are stored."""
    assert chain.alerter is not None
    rsyslogd = chain.monitor.rsyslogd
    pids = [chain.alerter.process.pid, rsyslogd.pid, *rsyslogd.collectors()]
    before = sum(cpu_seconds(pid) for pid in pids)
    received = chain.monitor.received()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", rsyslogd.port))
        for sender in range(SENDERS):
            address = socket.inet_aton(f"127.4.{sender >> 8}.{sender & 255}")
            source = struct.pack("I4s4s", 0, address, bytes(4))
            kind = (socket.IPPROTO_IP, IP_PKTINFO, source)
            sock.sendmsg([_heartbeat(sender, number)], [kind])
            pause(APART_S)
    wait_until(
        lambda: chain.monitor.received() - received >= SENDERS,
        "every heartbeat in the collector",
        60,
    )
    wait_until(lambda: _taken(chain.monitor.spool / "new"), "an empty spool", 60)
    return sum(cpu_seconds(pid) for pid in pids) - before


def _taken(new: Path) -> bool:
    return not any(new.iterdir())


def _heartbeat(sender: int, number: int) -> bytes:
    identity = message.Identity(f"host-{sender}", f"boot-{sender}", "6.1.0", "0.1.0")
    text = message.alive(identity, DEFAULT_HEARTBEAT_S + 120)
    uptime_us = int(time.monotonic() * 1_000_000)
    return f"12,{400 + number},{uptime_us},-;{text}\n".encode()

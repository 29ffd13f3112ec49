"""What runs in the namespaces of test_firewall.py.

``firewall FOLDER VERB ...`` is the command with its files in FOLDER;
``count MONITOR OUTSIDE PORT`` sends from OUTSIDE and counts in MONITOR;
``evaluate PORT`` says of the same senders what the rules of this namespace decide;
``status PORT`` what ``omprog-panic status`` says of them.
"""

from __future__ import annotations

import ctypes
import ipaddress
import json
import os
import socket
import sys
from pathlib import Path

CLONE_NEWNET = 0x40000000
SO_RCVBUFFORCE = 33  # asm-generic/socket.h; not in Python
QUIET_S = 0.5  # nothing more comes on a pair of interfaces after so long


def enter(name: str) -> None:
    """Open sockets in that namespace from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    file = os.open(f"/run/netns/{name}", os.O_RDONLY)
    if libc.setns(file, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(file)


def receiver(family: int, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 * 1024 * 1024)
    made.bind(("", port))
    made.settimeout(QUIET_S)
    return made


def count(monitor: str, outside: str, port: int) -> None:
    """Read (address, source port) pairs; print how many datagrams of each arrived."""
    sends = [(address, source) for address, source in json.load(sys.stdin)]
    enter(monitor)
    receivers = {f: receiver(f, port) for f in (socket.AF_INET, socket.AF_INET6)}
    enter(outside)
    senders: dict[tuple[str, int], socket.socket] = {}
    for number, key in enumerate(sends):
        family = socket.AF_INET6 if ":" in key[0] else socket.AF_INET
        if key not in senders:
            senders[key] = socket.socket(family, socket.SOCK_DGRAM)
            senders[key].bind(key)
        target = "fd09::1" if family == socket.AF_INET6 else "10.9.0.1"
        senders[key].sendto(b"%d" % number, (target, port))
    counts = [0] * len(sends)
    for made in receivers.values():
        while True:
            try:
                counts[int(made.recv(100))] += 1
            except TimeoutError:
                break
    sys.stdout.write(json.dumps(counts))


def evaluate(port: int) -> None:
    """Read (address, source port) pairs; print passage and place of each."""
    from omprog_panic.config.senders import ListedSender  # noqa: PLC0415
    from omprog_panic.firewall.live import sender_passages  # noqa: PLC0415
    from omprog_panic.host.local import LocalMachine  # noqa: PLC0415

    senders = [
        ListedSender("x", (ipaddress.ip_network(address),), source)
        for address, source in json.load(sys.stdin)
    ]
    found = sender_passages(LocalMachine(), senders, port)
    rows = [[row.passage.passes, row.passage.where] for row in found]
    sys.stdout.write(json.dumps(rows))


def status(port: int, folder: str) -> None:
    """Read (address, source port) pairs; print the problems with the firewall.

    Each sender is called as its address and port. The package is not installed here:
    only the folder that shows it is made up.
    """
    from omprog_panic.config.model import PublicConfig  # noqa: PLC0415
    from omprog_panic.config.schema import with_defaults  # noqa: PLC0415
    from omprog_panic.doctor import firewall as checks  # noqa: PLC0415
    from omprog_panic.doctor.system import system_problems  # noqa: PLC0415
    from omprog_panic.host.local import LocalMachine  # noqa: PLC0415

    class Installed(LocalMachine):
        def names(self, folder: str) -> list[str] | None:
            return ["port"] if folder == f"{etc}/rsyslog" else super().names(folder)

    etc = "/etc/omprog-panic"
    vars(checks)["FIREWALL"] = folder
    senders = [
        {"name": f"{address} {source}", "address": address, "source_port": source}
        for address, source in json.load(sys.stdin)
    ]
    data = with_defaults({"senders": senders, "receive": {"port": port}})
    config = PublicConfig.from_json(data, Path(f"{etc}/config.yaml"), {})
    found = system_problems(config, Installed())
    rows = [[p.level, p.text] for p in found if p.text.startswith("firewall:")]
    sys.stdout.write(json.dumps(rows))


def firewall(folder: str, arguments: list[str]) -> None:
    from omprog_panic.apply import plan  # noqa: PLC0415
    from omprog_panic.cli.firewall import firewall as command  # noqa: PLC0415

    plan.FIREWALL = folder
    command(arguments)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    if sys.argv[1] == "count":
        count(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    elif sys.argv[1] == "evaluate":
        evaluate(int(sys.argv[2]))
    elif sys.argv[1] == "status":
        status(int(sys.argv[2]), sys.argv[3])
    else:
        firewall(sys.argv[2], sys.argv[3:])

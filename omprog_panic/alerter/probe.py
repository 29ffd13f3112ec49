"""Sends the marked datagram; the only part that touches a socket itself."""

from __future__ import annotations

import socket

TEXT = "omprog-panic: probe token={}\n"


def send_probe(token: str, address: str, port: int) -> str | None:
    """Send one datagram to rsyslogd; tell why not.

    It is a netconsole datagram like any other: what it does not prove is that the
    firewall lets others in.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(TEXT.format(token).encode("ascii"), (address, port))
    except OSError as error:
        return error.strerror or str(error)
    return None

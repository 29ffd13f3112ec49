"""Sends the probe datagram of the self-check."""

from __future__ import annotations

import socket

TEXT = "omprog-panic: probe token={}\n"


def send_probe(token: str, address: str, port: int) -> str | None:
    """Send one datagram to rsyslogd; return why it could not be sent, or None.

    It is a netconsole datagram like any other. It does not prove that the firewall
    lets others in.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(TEXT.format(token).encode("ascii"), (address, port))
    except OSError as error:
        return error.strerror or str(error)
    return None

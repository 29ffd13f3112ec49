"""Tells systemd that we are ready: sd_notify(3), without libsystemd."""

from __future__ import annotations

import contextlib
import os
import select
import socket

BARRIER_WITHIN_S = 5.0


def tell_systemd(state: str) -> None:
    """Send a state ("READY=1") to whoever started us as a service; else do nothing.

    Returns when it was taken note of: a message of a process that has ended since
    would be nobody's. Without an answer systemd ends the start itself, and says so.
    """
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    address = f"\0{path[1:]}" if path.startswith("@") else path
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, kind) as channel,
    ):
        channel.connect(address)
        channel.send(state.encode())
        _wait(channel)


def _wait(channel: socket.socket) -> None:
    """Give systemd a pipe, which it closes when it has come to this message."""
    ours, theirs = os.pipe()
    try:
        try:
            socket.send_fds(channel, [b"BARRIER=1"], [theirs])
        finally:
            os.close(theirs)
        select.select([ours], [], [], BARRIER_WITHIN_S)
    finally:
        os.close(ours)

"""Notifies systemd of our state: sd_notify(3), without libsystemd."""

from __future__ import annotations

import contextlib
import os
import select
import socket

BARRIER_WITHIN_S = 5.0


def notify_systemd(state: str) -> None:
    """Send a state such as "READY=1" to systemd; do nothing if it did not start us.

    Returns when systemd has processed it: it cannot assign a message to a process that
    has already exited. Without an answer, systemd itself ends the start with an error.
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
    """Send systemd a pipe, which it closes when it has processed earlier messages."""
    ours, theirs = os.pipe()
    try:
        try:
            socket.send_fds(channel, [b"BARRIER=1"], [theirs])
        finally:
            os.close(theirs)
        select.select([ours], [], [], BARRIER_WITHIN_S)
    finally:
        os.close(ours)

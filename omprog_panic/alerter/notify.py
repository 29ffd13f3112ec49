"""Tells systemd that we are ready: sd_notify(3), without libsystemd."""

from __future__ import annotations

import contextlib
import os
import socket


def tell_systemd(state: str) -> None:
    """Send a state ("READY=1") to whoever started us as a service; else do nothing."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    address = f"\0{path[1:]}" if path.startswith("@") else path
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
    # Without an answer systemd ends the start after its own time, and says so.
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, kind) as channel,
    ):
        channel.sendto(state.encode(), address)

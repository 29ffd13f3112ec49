"""Run a check when the kernel reports a change of the network.

This works with ifupdown, systemd-networkd, NetworkManager and manual changes, since it
listens to the kernel. The timer's check finds what is not reported.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Collection, Mapping
from typing import Callable

from omprog_panic_client.netlink import GROUPS, requires_check

SETTLE_S = 0.3  # a link that comes up causes a dozen notifications
SETTLE_MAX_S = 2.0
BACKOFF_S = 1.0  # between two checks, doubled while they find nothing
BACKOFF_MAX_S = 32.0
_BUFFER = 1 << 16

NextHops = Mapping[str, Collection[str]]


class Backoff:
    """How long to wait after a check: longer on a network that changes all the time."""

    def __init__(self) -> None:
        self._seconds = BACKOFF_S

    def after(self, *, repaired: bool) -> float:
        """Return the seconds to wait now."""
        if repaired:
            self._seconds = BACKOFF_S
        now, self._seconds = self._seconds, min(self._seconds * 2, BACKOFF_MAX_S)
        return now

    def reset(self) -> None:
        """Start again with the shortest time: the network was quiet."""
        self._seconds = BACKOFF_S


def watch(check: Callable[[], tuple[bool, NextHops]]) -> None:
    """Run ``check`` at the start and after each change; never return.

    ``check`` returns whether it repaired anything, and the next hops from now on.
    """
    backoff = Backoff()
    with socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
    ) as notifications:
        notifications.bind((0, GROUPS))
        notifications.setblocking(False)
        hops = check()[1]  # after bind: later changes are reported
        while True:
            if not select.select([notifications], [], [], BACKOFF_MAX_S)[0]:
                backoff.reset()
                continue
            if not _settled(notifications, hops):
                continue
            repaired, hops = check()
            time.sleep(backoff.after(repaired=repaired))


def _settled(notifications: socket.socket, hops: NextHops) -> bool:
    """Read until the network settles; return whether a check is required."""
    end = time.monotonic() + SETTLE_MAX_S
    required = False
    wait = 0.0
    while select.select([notifications], [], [], wait)[0]:
        try:
            required = requires_check(notifications.recv(_BUFFER), hops) or required
        except OSError:
            required = True  # ENOBUFS: too many at once, some are lost
        if not required:
            continue  # do not wait for other neighbours
        wait = min(SETTLE_S, end - time.monotonic())
        if wait <= 0:
            break
    return required

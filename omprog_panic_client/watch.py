"""The hook on changes of the network: runs a check when the kernel tells of one.

Works under ifupdown, systemd-networkd, NetworkManager and by hand alike, for it
listens to the kernel itself. The timer's check remains for what no notice tells.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Collection, Mapping
from typing import Callable

from omprog_panic_client.netlink import GROUPS, concerns_us

SETTLE_S = 0.3  # a link that comes up gives a dozen notices
SETTLE_MAX_S = 2.0
REST_S = 1.0  # between two checks, doubled while they find nothing
REST_MAX_S = 32.0
_BUFFER = 1 << 16

NextHops = Mapping[str, Collection[str]]


class Rest:
    """How long to rest after a check: long where the network is never still. Pure."""

    def __init__(self) -> None:
        self._seconds = REST_S

    def after(self, *, mended: bool) -> float:
        """Return the seconds to rest now."""
        if mended:
            self._seconds = REST_S
        now, self._seconds = self._seconds, min(self._seconds * 2, REST_MAX_S)
        return now

    def was_quiet(self) -> None:
        """Start from the shortest again: nothing came for the longest rest."""
        self._seconds = REST_S


def watch(check: Callable[[], tuple[bool, NextHops]]) -> None:
    """Listen for ever, and check once at the start.

    ``check`` tells whether it has mended anything, and the next hops from now on.
    """
    rest = Rest()
    with socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
    ) as notices:
        notices.bind((0, GROUPS))
        notices.setblocking(False)
        hops = check()[1]  # after bind: what changes from now on is told
        while True:
            if not select.select([notices], [], [], REST_MAX_S)[0]:
                rest.was_quiet()
                continue
            if not _settled(notices, hops):
                continue
            mended, hops = check()
            time.sleep(rest.after(mended=mended))


def _settled(notices: socket.socket, hops: NextHops) -> bool:
    """Read until a moment of silence; whether any of it concerns us."""
    end = time.monotonic() + SETTLE_MAX_S
    news = False
    wait = 0.0
    while select.select([notices], [], [], wait)[0]:
        try:
            news = concerns_us(notices.recv(_BUFFER), hops) or news
        except OSError:
            news = True  # ENOBUFS: too many at once, some are lost
        if not news:
            continue  # strangers' addresses are not waited for
        wait = min(SETTLE_S, end - time.monotonic())
        if wait <= 0:
            break
    return news

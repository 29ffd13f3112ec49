"""The neighbour is a real kernel in a namespace, and changes its MAC address."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

import pytest

from tests.acceptance.net import why_not
from tests.guests.guest import boot
from tests.guests.host import OTHER_MAC, SETTINGS
from tests.guests.image import build_image
from tests.guests.kernel import Kernel
from tests.guests.tap import DEVICE, lan

pytestmark = pytest.mark.guest
MONITOR = "198.51.100.1"  # behind the gateway 10.0.0.254


def wait(receiver: socket.socket, pattern: str, timeout_s: float = 90.0) -> str:
    """Read datagrams until one matches."""
    end = time.monotonic() + timeout_s
    while (left := end - time.monotonic()) > 0:
        receiver.settimeout(left)
        text, (source, *_) = receiver.recvfrom(2048)
        assert source == "10.0.0.2"
        if re.search(pattern, text.decode()):
            return text.decode()
    raise AssertionError(pattern)


def test_a_gateway_whose_card_was_changed(oldest: Kernel, place: Path) -> None:
    if reason := why_not():
        pytest.skip(reason)
    with lan(["10.0.0.254/24"]) as net:
        net.run("ip", "addr", "add", f"{MONITOR}/32", "dev", "lo")
        with (
            net.receiver(MONITOR, 6666) as receiver,
            boot(
                oldest,
                place,
                build_image(oldest),
                network=net.arguments(),
                inside=net.inside,
            ) as guest,
        ):
            guest.run("ip addr add 10.0.0.2/24 dev eth0; ip link set eth0 up")
            guest.run("ip route add default via 10.0.0.254")
            guest.put(SETTINGS, f"monitor={MONITOR}\n")
            guest.run("omprog-panic-client configure")
            wait(receiver, "omprog-panic: alive host=guest")

            net.run("ip", "link", "set", DEVICE, "address", OTHER_MAC)
            guest.run("omprog-panic-client check")

            wait(receiver, f"omprog-panic: repaired .*MAC is {OTHER_MAC}")

"""A network namespace with a tap: a guest's neighbour is a real kernel, as root.

For what user space cannot stand in for: a real rsyslogd as the monitor (run it with
``inside``), routing, a kernel's own ARP. ``wire.py`` needs none of this.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

CLONE_NEWNET = 0x40000000
DEVICE = "tap0"


class Lan:
    """The namespace; the guest's card is the other end of ``tap0``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.inside = ("ip", "netns", "exec", name)

    def run(self, *argv: str) -> str:
        """Run a program in the namespace."""
        done = subprocess.run(
            [*self.inside, *argv], check=True, capture_output=True, text=True
        )
        return done.stdout

    def arguments(self, mac: str = "52:54:00:12:34:56") -> list[str]:
        """The guest's card, for a qemu that runs in the namespace."""
        return [
            *("-netdev", f"tap,id=lan,ifname={DEVICE},script=no,downscript=no"),
            *("-device", f"virtio-net-pci,netdev=lan,mac={mac}"),
        ]

    def receiver(self, address: str, port: int) -> socket.socket:
        """A UDP socket in the namespace; it stays there when used from outside."""
        libc = ctypes.CDLL(None, use_errno=True)

        def enter(path: str) -> None:
            with Path(path).open() as file:
                if libc.setns(file.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")

        own = f"/proc/self/task/{threading.get_native_id()}/ns/net"
        back = os.open(own, os.O_RDONLY | os.O_CLOEXEC)
        try:
            enter(f"/run/netns/{self.name}")
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            receiver = socket.socket(family, socket.SOCK_DGRAM)
            receiver.bind((address, port))
            return receiver
        finally:
            enter(f"/proc/self/fd/{back}")
            os.close(back)


@contextlib.contextmanager
def lan(addresses: Sequence[str]) -> Iterator[Lan]:
    """Make a namespace whose tap has these addresses (CIDR), and take it away."""
    name = f"omprog-panic-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        made = Lan(name)
        made.run("ip", "tuntap", "add", DEVICE, "mode", "tap")
        for address in addresses:
            made.run("ip", "addr", "add", address, "dev", DEVICE)
        made.run("ip", "link", "set", DEVICE, "up")
        made.run("ip", "link", "set", "lo", "up")
        yield made
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)

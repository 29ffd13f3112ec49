"""Namespaces for guests, a router and the monitor, which is this process's own.

::

    guests' taps -- br0 -------------- mon0  10.0.0.1, fd00::1  (the monitor)
                     |
                  router 10.0.0.254
                  router 10.0.1.254
                     |
    guests' taps -- br1

No addresses of this machine are used, and nothing leaves it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.needs import PRIVILEGE, missing_program, not_root

CLONE_NEWNET = 0x40000000
MONITOR, MONITOR6, ROUTER, FAR_ROUTER = (
    "10.0.0.1",
    "fd00::1",
    "10.0.0.254",
    "10.0.1.254",
)
INTERFACE = "mon0"
MONITOR_MAC = "02:00:00:00:00:01"
ROUTER_MAC = "02:00:00:00:00:fe"


def why_not() -> str:
    """Return why there are no namespaces; "" where there are."""
    programs = ("ip", "iptables-restore", "ip6tables-restore", "sysctl")
    if reason := missing_program(*programs) or not_root("make network namespaces"):
        return reason
    if not Path("/dev/net/tun").exists():
        return f"{PRIVILEGE}: no /dev/net/tun"
    probe = f"omprog-probe-{os.getpid()}"
    try:
        _ip("netns", "add", probe)
        _ip("-n", probe, "link", "add", "v0", "type", "veth", "peer", "name", "v1")
        _ip("-n", probe, "link", "add", "b0", "type", "bridge")
        run("ip", "netns", "exec", probe, "iptables-save", "-t", "filter")
    except AssertionError as error:
        return f"{PRIVILEGE}: {error}"
    finally:
        subprocess.run(["ip", "netns", "del", probe], capture_output=True, check=False)
    return ""


class Network:
    """The three namespaces, by name."""

    def __init__(self) -> None:
        base = f"omprog-{os.getpid()}"
        self.lan, self.router, self.monitor = (
            f"{base}-{name}" for name in ("lan", "router", "monitor")
        )

    def make(self) -> None:
        for name in (self.lan, self.router, self.monitor):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        for bridge in ("br0", "br1"):
            # Without snooping: neighbour solicitations go to everybody, at once.
            more = ("type", "bridge", "mcast_snooping", "0")
            _ip("-n", self.lan, "link", "add", bridge, *more)
            _ip("-n", self.lan, "link", "set", bridge, "up")
        self._join(self.monitor, INTERFACE, "br0", MONITOR_MAC)
        self._address(self.monitor, INTERFACE, f"{MONITOR}/24", f"{MONITOR6}/64")
        self._join(self.router, "r0", "br0", "02:00:00:00:01:fe")
        self._join(self.router, "r1", "br1", ROUTER_MAC)
        self._address(self.router, "r0", f"{ROUTER}/24")
        self._address(self.router, "r1", f"{FAR_ROUTER}/24")
        self.inside(self.router, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        _ip("-n", self.monitor, "route", "add", "10.0.1.0/24", "via", ROUTER)

    def unmake(self) -> None:
        for name in (self.lan, self.router, self.monitor):
            subprocess.run(
                ["ip", "netns", "del", name], capture_output=True, check=False
            )

    def tap(self, number: int, bridge: str | None) -> str:
        """Make a guest's tap; without a bridge, its other end is the caller's."""
        name = f"tap{number}"
        self.inside(self.lan, "ip", "tuntap", "add", name, "mode", "tap")
        if bridge is not None:
            _ip("-n", self.lan, "link", "set", name, "master", bridge)
        _ip("-n", self.lan, "link", "set", name, "up")
        return name

    def remove(self, interface: str) -> None:
        """Take a guest's interface away."""
        _ip("-n", self.lan, "link", "del", interface)

    def loose_end(self, number: int) -> str:
        """Make an interface whose frames appear on the guests' bridge."""
        name = f"loose{number}"
        words = ("type", "veth", "peer", "name", f"{name}b")
        _ip("-n", self.lan, "link", "add", name, *words)
        _ip("-n", self.lan, "link", "set", f"{name}b", "master", "br0", "up")
        _ip("-n", self.lan, "link", "set", name, "up")
        return name

    @contextlib.contextmanager
    def visitor(self, address: str) -> Iterator[socket.socket]:
        """A UDP socket of somebody else on the guests' network."""
        _ip("-n", self.lan, "addr", "add", f"{address}/24", "dev", "br0")
        try:
            with self.entered(self.lan):
                made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with made:
                made.bind((address, 6665))
                yield made
        finally:
            _ip("-n", self.lan, "addr", "del", f"{address}/24", "dev", "br0")

    def set_router_mac(self, mac: str) -> None:
        """Put another card into the router, on the far side."""
        _ip("-n", self.router, "link", "set", "r1", "address", mac)

    def inside(self, name: str, *argv: str) -> str:
        """Run a program in a namespace."""
        return run("ip", "netns", "exec", name, *argv)

    @contextlib.contextmanager
    def entered(self, name: str) -> Iterator[None]:
        """Run in a namespace: sockets that are made there stay there."""
        own = f"/proc/self/task/{threading.get_native_id()}/ns/net"
        back = os.open(own, os.O_RDONLY | os.O_CLOEXEC)
        try:
            enter(name)
            yield
        finally:
            _setns(back)
            os.close(back)

    def _join(self, name: str, interface: str, bridge: str, mac: str) -> None:
        other = f"to-{interface}"
        words = ("type", "veth", "peer", "name", interface, "netns", name)
        _ip("-n", self.lan, "link", "add", other, *words)
        _ip("-n", self.lan, "link", "set", other, "master", bridge, "up")
        _ip("-n", name, "link", "set", interface, "address", mac, "up")

    def _address(self, name: str, interface: str, *addresses: str) -> None:
        for address in addresses:
            more = ("nodad",) if ":" in address else ()
            _ip("-n", name, "addr", "add", address, "dev", interface, *more)


def enter(name: str) -> None:
    """Take this thread, and those it starts, into a namespace for good."""
    file = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _setns(file)
    finally:
        os.close(file)


def _setns(file: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(file, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def run(*argv: str) -> str:
    """Run a program; its output.

    Raises:
        AssertionError: it failed, with what it said.

    """
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stdout}{done.stderr}"
    return done.stdout


def _ip(*words: str) -> None:
    run("ip", *words)

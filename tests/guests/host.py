"""A sending host: a guest on a wire, with its settings file."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.guests.guest import Guest, boot
from tests.guests.image import build_image
from tests.guests.kernel import Kernel
from tests.guests.wire import Wire, open_wire

SETTINGS = "/etc/omprog-panic/client.conf"
MONITOR, GATEWAY, FAR = "10.0.0.1", "10.0.0.254", "192.0.2.9"
MAC, OTHER_MAC, THIRD_MAC = (
    "02:00:00:00:00:01",
    "02:00:00:00:00:99",
    "02:00:00:00:00:77",
)


def figure(kernel: Kernel, what: str, seconds: float) -> None:
    """Print what docs/sending-hosts.md has in its table."""
    print(f"FIGURE {kernel.name} {what}: {seconds:.1f} s")  # noqa: T201 - for the table


class Host:
    """A guest and the wire that it is on."""

    def __init__(self, guest: Guest, wire: Wire) -> None:
        self.guest, self.wire = guest, wire

    def address(self, device: str = "eth0") -> None:
        self.guest.run(f"ip addr add 10.0.0.2/24 dev {device}; ip link set {device} up")

    def configure(self, settings: str = f"monitor={MONITOR}") -> str:
        self.guest.put(SETTINGS, f"{settings}\n")
        return self.client("configure")

    def client(self, command: str, *, check: bool = True) -> str:
        return self.guest.run(f"omprog-panic-client {command}", check=check)

    def watch(self) -> None:
        """Start the hook, and wait until it listens."""
        self.guest.run("omprog-panic-client watch > /tmp/watch 2>&1 & echo $!")
        # Groups 0x555 of rtnetlink are in /proc/net/netlink once it listens.
        self.guest.run(
            "n=0; until grep -q '00000555' /proc/net/netlink; do "
            "n=$((n+1)); [ $n -lt 600 ] || exit 1; sleep 0.1; done",
        )

    def repaired_by_hook(self, part: str, *, timeout_s: float = 90.0) -> float:
        """Seconds until the hook has repaired something and said so over the wire."""
        started = time.monotonic()
        after = self.position
        heard = self.wire.wait(
            lambda d: "omprog-panic: repaired" in d.text and part in d.text,
            timeout_s=timeout_s,
            after=after,
        )
        return heard.at - started

    @property
    def position(self) -> int:
        return len(self.wire.texts())

    def check_repairs(self, part: str) -> float:
        """Run the timer's check; return the seconds until the repair is reported."""
        after, started = self.position, time.monotonic()
        output = self.client("check")
        assert part in output, output
        heard = self.wire.wait_text(part, after=after)
        return heard.at - started


@contextlib.contextmanager
def start(
    kernel: Kernel,
    place: Path,
    *,
    append: str = "",
    address: bool = True,
    devices: Sequence[str] = (),
) -> Iterator[Host]:
    """Boot a host whose neighbours are the monitor and the gateway."""
    image = build_image(kernel)
    with open_wire(place) as wire:
        for neighbour in (MONITOR, GATEWAY):
            wire.set_neighbour(neighbour, MAC)
        wire.route(FAR, GATEWAY)
        network = [*wire.arguments(), *devices]
        with boot(kernel, place, image, append=append, network=network) as guest:
            host = Host(guest, wire)
            if address:
                host.address()
            yield host

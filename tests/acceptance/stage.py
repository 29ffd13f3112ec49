"""What a scenario runs on: monitor and senders; and what an alert must contain."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from omprog_panic.model import EndReason
from tests.acceptance import compare, kernel_lines
from tests.acceptance.capture import Capture
from tests.acceptance.monitor import CheckoutMonitor
from tests.acceptance.net import FAR_ROUTER, MONITOR, MONITOR6, Network
from tests.acceptance.receivers import Alert, Services
from tests.acceptance.relay import Line, Relay
from tests.chain.wait import wait_until
from tests.guests.frames import Datagram
from tests.guests.guest import Guest, Hardware, boot
from tests.guests.host import SETTINGS
from tests.guests.image import build_image
from tests.guests.kernel import Kernel

END_PANIC = r"---\[ end Kernel panic - not syncing"
REBOOTING = r"Rebooting in \d+ seconds\.\."
# An oops repeats its registers below its end mark.
REGISTERS = r"\bCR2: \w+ CR3: "


@dataclasses.dataclass(frozen=True)
class Expected:
    """What the alert of a crash must contain."""

    severity: str
    title: str
    function: str | None
    end: EndReason
    last: str  # the guest's last line of this crash, a regular expression
    complete: bool = True
    shown: str = ""  # the title as the subject has it, where that is shorter

    def subject(self, sender: Sender) -> str:
        return (
            f"{self.severity} {sender.name} ({sender.address}): "
            f"{self.shown or self.title} [{sender.kernel.release}]"
        )


@dataclasses.dataclass(frozen=True)
class Sender:
    """A guest that is on the network."""

    name: str
    address: str
    kernel: Kernel
    guest: Guest
    settings: str

    def configure(self) -> str:
        """Set up the client, as an administrator does."""
        self.guest.put(SETTINGS, self.settings)
        return self.guest.run("omprog-panic-client configure")

    def client(self, words: str, *, check: bool = True) -> str:
        return self.guest.run(f"omprog-panic-client {words}", check=check)


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a guest is on the network, and what reaches it."""

    bridge: str = "br0"
    network: str = "10.0.0"
    gateway: str | None = None
    ipv6: bool = False
    line: Line | None = None  # what happens to the frames on their way to br0


NEAR = Place()
BEHIND_ROUTER = Place("br1", "10.0.1", FAR_ROUTER)
SIX = Place(ipv6=True)


class Stage:
    """One scenario; ``with`` takes everything away."""

    def __init__(self, network: Network, services: Services, capture: Capture) -> None:
        self.network, self.services, self.capture = network, services, capture
        self._start = len(capture.datagrams)
        self._stack = contextlib.ExitStack()
        self._folder = Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="acc."))
        )
        self.monitor = CheckoutMonitor(self._folder)
        self._guests = 0
        self.delays: list[float] = []

    def __enter__(self) -> Self:
        self.services.forget()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def closing(self, action: Callable[[], object]) -> None:
        """Do something when the scenario is over."""
        self._stack.callback(action)

    def start_monitor(
        self, senders: Mapping[str, str | dict[str, Any]], **settings: Any
    ) -> None:
        """Start it; ``senders`` maps names to addresses, or to more of config.yaml."""
        self.monitor.start(senders, self.services.urls, settings)
        self._stack.callback(self.monitor.stop)

    def sender(
        self,
        name: str,
        kernel: Kernel,
        *,
        append: str = "panic=0",
        options: Sequence[str] = (),
        place: Place = NEAR,
        hardware: Hardware = Hardware(),  # noqa: B008 - frozen
        files: dict[str, bytes] | None = None,
    ) -> Sender:
        """Boot a guest with an address; ``options`` are lines of client.conf."""
        self._guests += 1
        number = self._guests
        folder = self._folder / f"guest{number}"
        folder.mkdir()
        tap = self.network.tap(number, None if place.line else place.bridge)
        self._stack.callback(self.network.remove, tap)
        if place.line is not None:
            loose = self.network.loose_end(number)
            self._stack.callback(self.network.remove, loose)
            with self.network.entered(self.network.lan):
                relay = Relay(tap, loose, place.line)
            self._stack.enter_context(relay)
        arguments = [
            *("-netdev", f"tap,id=lan,ifname={tap},script=no,downscript=no"),
            *("-device", f"virtio-net-pci,netdev=lan,mac=52:54:00:12:34:{number:02x}"),
        ]
        guest = self._stack.enter_context(
            boot(
                kernel,
                folder,
                build_image(kernel, files=files),
                append=append,
                network=arguments,
                inside=("ip", "netns", "exec", self.network.lan),
                hardware=hardware,
            )
        )
        address = address_of(number, place)
        monitor = MONITOR6 if place.ipv6 else MONITOR
        lines = [f"monitor={monitor}", *options, ""]
        made = Sender(name, address, kernel, guest, "\n".join(lines))
        connect(made, place)
        return made

    def alert(self, sender: Sender, expected: Expected) -> Alert:
        """Wait for the alert, and check it."""
        last = self._last_line(sender, expected)
        alert = self.services.wait_for(re.escape(expected.subject(sender)))
        self.delays.append(alert.at - last)
        found = re.search(r"^Alert: +(\w+)$", alert.body, re.MULTILINE)
        assert found, alert.body
        shown, record = self.monitor.incident(found[1])
        reported = {
            "title": shown["report"]["title"],
            "function": shown["function"],
            "end": record.end,
            "complete": not shown["completeness"].startswith("NOT"),
        }
        wanted = {name: getattr(expected, name) for name in reported}
        assert reported == wanted, f"reported: {reported}"
        compare.check_body(alert.body, shown["trace_lines"])
        payloads = [d.payload for d in self.heard(sender)]
        arrived = kernel_lines.read_all(payloads)
        compare.check_arrived(shown["trace_lines"], arrived, expected.last)
        return alert

    def console(self, sender: Sender, alert: Alert, last: str) -> int:
        """Compare an alert's trace with the guest's console; lines that are missing."""
        found = re.search(r"^Alert: +(\w+)$", alert.body, re.MULTILINE)
        assert found
        shown, _ = self.monitor.incident(found[1])
        lines = kernel_lines.console_lines(sender.guest.console())
        return compare.check_console(shown["trace_lines"], lines, last)

    def condition(self) -> str:
        """Return the state of the monitor, for the report of a failure."""
        last = [d.text.rstrip() for d in self.capture.datagrams[self._start :]][-20:]
        return "\n".join([self.monitor.condition(), "arrived last:", *last])

    def heard(self, sender: Sender) -> list[Datagram]:
        return self.capture.heard(sender.address, self._start)

    def wait_heard(self, sender: Sender, words: str, *, after: int = 0) -> None:
        """Wait for a datagram of that guest; ``after`` so many in this scenario."""
        wait_until(
            lambda: any(words in d.text for d in self.heard(sender)[after:]),
            f"{words!r} from {sender.name} on the monitor's interface",
            120,
        )

    def wait_heard_from(self, address: str, words: str) -> None:
        """Wait for a datagram of anybody."""
        wait_until(
            lambda: any(
                words in d.text for d in self.capture.heard(address, self._start)
            ),
            f"{words!r} from {address} on the monitor's interface",
            60,
        )

    def send(self, source: str, text: str) -> None:
        """Send a datagram from an address of the guests' network."""
        with self.network.visitor(source) as visitor:
            visitor.sendto(text.encode(), (MONITOR, 6666))

    def notice(self, pattern: str, timeout_s: float = 120.0) -> Alert:
        """Wait for a message that is not about a crash, by a pattern of its subject."""
        return self.services.wait_for(pattern, timeout_s)

    def _last_line(self, sender: Sender, expected: Expected) -> float:
        def moment() -> float:
            found = (
                d.at
                for d in reversed(self.heard(sender))
                if re.search(expected.last, d.text)
            )
            return next(found, 0.0)

        try:
            return wait_until(moment, f"{expected.last!r} from {sender.name}", 180)
        except TimeoutError as error:
            end = sender.guest.console()[-3000:]
            raise TimeoutError(f"{error}; its console ends with\n{end}") from error


def address_of(number: int, place: Place = NEAR) -> str:
    """The address of the n-th guest of a scenario, from 1."""
    return f"fd00::{10 + number:x}" if place.ipv6 else f"{place.network}.{10 + number}"


def connect(sender: Sender, place: Place) -> None:
    """Return a guest its address and route; again after it booted again."""
    more = "/64 nodad" if place.ipv6 else "/24"
    sender.guest.run(
        f"ip link set eth0 up; ip addr add {sender.address}{more} dev eth0"
    )
    if place.gateway is not None:
        sender.guest.run(f"ip route add default via {place.gateway}")
    sender.guest.run(f"hostname {sender.name}")

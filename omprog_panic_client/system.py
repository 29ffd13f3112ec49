"""The only door to the machine: files, programs, sockets, clocks.

Everything above takes a :class:`System`; tests give one that remembers.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Protocol

from omprog_panic_client.errors import RefusedError
from omprog_panic_client.probe import (
    arp_request,
    parse_advertisement,
    parse_arp_reply,
    solicitation,
    solicited_group,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omprog_panic_client.facts import Link

KMSG = "/dev/kmsg"
RESOLVE_S = 5.0  # a dead name server must not hold the mending up
RUN_S = 30.0
ASK_TIMES, ASK_S = 3, 0.5  # how often to ask for a MAC address, and to wait
MORE_ANSWERS_S = 0.05  # two machines that answer for one address do it at once
_ETH_P_ARP = 0x0806


class System(Protocol):
    """What the rest of this package may do."""

    def read(self, path: str) -> str | None:
        """Read a small file; None when it is not there or not for us."""
        ...

    def names(self, folder: str) -> list[str]:
        """List a folder, sorted; nothing when it is not there."""
        ...

    def write(self, path: str, text: str) -> None:
        """Write a kernel file. Raises RefusedError with the kernel's reason."""
        ...

    def replace(self, path: str, text: str) -> None:
        """Write an ordinary file, whole or not at all."""
        ...

    def delete(self, path: str) -> None:
        """Delete an ordinary file, if it is there."""
        ...

    def mkdir(self, path: str) -> None: ...

    def rmdir(self, path: str) -> None: ...

    def link_target(self, path: str) -> str:
        """Name what a symbolic link points at (its last part), or nothing."""
        ...

    def run(self, argv: Sequence[str]) -> str:
        """Run a program; its output. Raises RefusedError with what it said."""
        ...

    def resolve(self, name: str) -> list[str]:
        """Return the addresses of a name; none when it is not known in time."""
        ...

    def ask_mac(self, link: Link, source: str, wanted: str) -> list[str]:
        """Ask the wire who has an address; the MAC addresses that answered."""
        ...

    def say(self, level: int, text: str) -> None:
        """Put one record into the kernel's log."""
        ...

    def kernel_words(self) -> contextlib.AbstractContextManager[list[str]]:
        """Return a list that, afterwards, holds what the kernel said meanwhile."""
        ...

    def host_name(self) -> str: ...

    def uptime(self) -> float:
        """Seconds since boot."""
        ...

    def wall(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        ...

    def pause(self, seconds: float) -> None:
        """Do nothing for so long."""
        ...


class RealSystem:
    """The machine that this runs on."""

    def read(self, path: str) -> str | None:
        try:
            return Path(path).read_text("utf-8", "replace")
        except OSError:
            return None

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(os.listdir(folder))
        except OSError:
            return []

    def write(self, path: str, text: str) -> None:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.write(descriptor, text.encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            raise RefusedError(f"{path}: {error.strerror}") from error

    def replace(self, path: str, text: str) -> None:
        folder = os.path.dirname(path)
        try:
            os.makedirs(folder, exist_ok=True)
            descriptor, draft = tempfile.mkstemp(dir=folder, prefix=".omprog-panic-")
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fchmod(file.fileno(), 0o644)
                os.fsync(file.fileno())
            os.replace(draft, path)
        except OSError as error:
            raise RefusedError(f"{path}: {error.strerror}") from error

    def delete(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)

    def mkdir(self, path: str) -> None:
        try:
            os.mkdir(path)
        except OSError as error:
            raise RefusedError(f"{path}: {error.strerror}") from error

    def rmdir(self, path: str) -> None:
        try:
            os.rmdir(path)
        except OSError as error:
            raise RefusedError(f"{path}: {error.strerror}") from error

    def link_target(self, path: str) -> str:
        try:
            return os.path.basename(os.readlink(path))
        except OSError:
            return ""

    def run(self, argv: Sequence[str]) -> str:
        try:
            done = subprocess.run(
                list(argv),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=RUN_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RefusedError(f"{argv[0]}: {error}") from error
        if done.returncode != 0:
            words = (
                " ".join((done.stderr or done.stdout).split())
                or f"status {done.returncode}"
            )
            raise RefusedError(f"{' '.join(argv)}: {words}")
        return done.stdout

    def resolve(self, name: str) -> list[str]:
        found: list[str] = []

        def ask() -> None:
            with contextlib.suppress(OSError, UnicodeError):
                rows = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
                found.extend(dict.fromkeys(str(row[4][0]) for row in rows))

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(RESOLVE_S)
        return list(found)

    def ask_mac(self, link: Link, source: str, wanted: str) -> list[str]:
        ask = _ask_ipv6 if ":" in wanted else _ask_arp
        try:
            return ask(link, source, wanted)
        except OSError:
            return []  # the interface went down or away: the next look knows better

    def say(self, level: int, text: str) -> None:
        self.write(KMSG, f"<{level}>{text}\n")

    @contextlib.contextmanager
    def kernel_words(self) -> Iterator[list[str]]:
        words: list[str] = []
        try:
            descriptor = os.open(KMSG, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            yield words
            return
        try:
            os.lseek(descriptor, 0, os.SEEK_END)
            yield words
            with contextlib.suppress(OSError):  # EAGAIN: all read
                while True:
                    record = os.read(descriptor, 8192).decode("utf-8", "replace")
                    words.append(record.partition(";")[2].partition("\n")[0])
        finally:
            os.close(descriptor)

    def host_name(self) -> str:
        return socket.gethostname()

    def uptime(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def wall(self) -> float:
        return time.time()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


def _ask_arp(link: Link, source: str, wanted: str) -> list[str]:
    request = arp_request(link.address, source, wanted)
    with socket.socket(
        socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ARP)
    ) as asking:
        asking.bind((link.name, _ETH_P_ARP))
        for _ in range(ASK_TIMES):
            asking.send(request)
            found = _answers(asking, parse_arp_reply, wanted)
            if found:
                return found
    return []


def _ask_ipv6(link: Link, _: str, wanted: str) -> list[str]:
    request = solicitation(link.address, wanted)
    with socket.socket(
        socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6
    ) as asking:
        # Neighbour discovery believes only what no router has passed on (RFC 4861).
        asking.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        asking.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, link.index)
        asking.setsockopt(
            socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.name.encode() + b"\0"
        )
        for _attempt in range(ASK_TIMES):
            asking.sendto(request, (solicited_group(wanted), 0, 0, link.index))
            found = _answers(asking, parse_advertisement, wanted)
            if found:
                return found
    return []


def _answers(
    asking: socket.socket, parse: Callable[[bytes, str], str | None], wanted: str
) -> list[str]:
    """Collect MAC addresses for ASK_S, and only a moment longer than the first."""
    found: list[str] = []
    end = time.monotonic() + ASK_S
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([asking], [], [], left)[0]:
            return found
        mac = parse(asking.recv(2048), wanted)
        if mac and mac not in found:
            found.append(mac)
            end = min(end, time.monotonic() + MORE_ANSWERS_S)

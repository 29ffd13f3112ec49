"""The only access to the machine: files, programs, sockets, clocks.

Everything else uses a :class:`System`; tests pass one in memory.
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
RESOLVE_S = 5.0  # a dead name server must not delay the repair
RUN_S = 30.0
ASK_TIMES, ASK_S = 3, 0.5  # how often to ask for a MAC address, and to wait
MORE_ANSWERS_S = 0.05  # two machines with one address answer at the same time
_ETH_P_ARP = 0x0806


class System(Protocol):
    """Access to the machine."""

    def read(self, path: str) -> str | None:
        """Read a small file; None: it is missing or not readable."""
        ...

    def names(self, folder: str) -> list[str]:
        """List a directory, sorted; empty when it is missing."""
        ...

    def write(self, path: str, text: str) -> None:
        """Write a kernel file. Raises RefusedError with the kernel's reason."""
        ...

    def replace(self, path: str, text: str) -> None:
        """Write a regular file atomically."""
        ...

    def delete(self, path: str) -> None:
        """Delete a regular file, if it exists."""
        ...

    def mkdir(self, path: str) -> None: ...

    def rmdir(self, path: str) -> None: ...

    def link_target(self, path: str) -> str:
        """Return the last part of a symbolic link's target, or ""."""
        ...

    def run(self, argv: Sequence[str]) -> str:
        """Run a program; return its output. Raises RefusedError with its message."""
        ...

    def resolve(self, name: str) -> list[str]:
        """Return the addresses of a name; none when it is not resolved in time."""
        ...

    def ask_mac(self, link: Link, source: str, wanted: str) -> list[str]:
        """Ask the network for an address; return the MAC addresses that answered."""
        ...

    def write_kmsg(self, level: int, text: str) -> None:
        """Write one record to the kernel log."""
        ...

    def kernel_log(self) -> contextlib.AbstractContextManager[list[str]]:
        """Return a list that finally contains what the kernel logged meanwhile."""
        ...

    def host_name(self) -> str: ...

    def uptime(self) -> float:
        """Seconds since boot."""
        ...

    def wall(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        ...

    def pause(self, seconds: float) -> None:
        """Sleep."""
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
            return []  # the interface went down; the next check will see that

    def write_kmsg(self, level: int, text: str) -> None:
        self.write(KMSG, f"<{level}>{text}\n")

    @contextlib.contextmanager
    def kernel_log(self) -> Iterator[list[str]]:
        records: list[str] = []
        try:
            descriptor = os.open(KMSG, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            yield records
            return
        try:
            os.lseek(descriptor, 0, os.SEEK_END)
            yield records
            with contextlib.suppress(OSError):  # EAGAIN: all read
                while True:
                    record = os.read(descriptor, 8192).decode("utf-8", "replace")
                    records.append(record.partition(";")[2].partition("\n")[0])
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
        # Neighbour discovery accepts only packets that no router forwarded (RFC 4861).
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
    """Collect MAC addresses for ASK_S, or until MORE_ANSWERS_S after the first."""
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

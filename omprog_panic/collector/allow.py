"""Which source addresses are listened to: one CIDR a line, ``#`` comments."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING

from omprog_panic.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LOOPBACK = ("127.0.0.0/8", "::1/128")
MAX_FILE_BYTES = 4 * 1024 * 1024
_CACHE = 4096  # answers remembered; all are forgotten when there are more


class AllowedNetworks:
    """A set of networks; an answer costs the same for ten and for ten thousand."""

    def __init__(self, networks: Iterable[str] = LOOPBACK) -> None:
        # (version, prefix length) -> network addresses as numbers.
        self._tables: dict[tuple[int, int], set[int]] = {}
        self._cache: dict[str, bool] = {}
        for text in networks:
            network = ipaddress.ip_network(text, strict=False)
            key = (network.version, network.prefixlen)
            self._tables.setdefault(key, set()).add(int(network.network_address))

    def texts(self) -> list[str]:
        """Return the networks as text, from which an equal set can be made."""
        return [
            f"{(ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address)(n)}"
            f"/{length}"
            for (version, length), numbers in self._tables.items()
            for n in sorted(numbers)
        ]

    def names(self, address: str) -> bool:
        """Return whether an address is listed by itself, not only its network."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        single = self._tables.get((parsed.version, parsed.max_prefixlen), ())
        return int(parsed) in single

    def __contains__(self, address: str) -> bool:
        known = self._cache.get(address)
        if known is None:
            known = self._search(address)
            if len(self._cache) >= _CACHE:
                self._cache.clear()
            self._cache[address] = known
        return known

    def _search(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        number, bits = int(parsed), parsed.max_prefixlen
        for (version, length), numbers in self._tables.items():
            if version != parsed.version:
                continue
            shift = bits - length
            if number >> shift << shift in numbers:
                return True
        return False


def parse_allowed(text: str, name: str) -> AllowedNetworks:
    """Read the allowed networks.

    Raises:
        ConfigError: every line that is no network, with its number.

    """
    networks, faults = [], []
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        try:
            ipaddress.ip_network(entry, strict=False)
        except ValueError:
            faults.append(
                f"{name}:{number}: {entry[:60]!r} is no address or network; "
                "write one like 10.0.0.2 or 10.0.0.0/24 a line",
            )
        else:
            networks.append(entry)
    if faults:
        raise ConfigError(faults)
    return AllowedNetworks(networks)


class AllowFile:
    """The file of allowed networks, read again when it changes.

    A file with a fault, or one that goes away, keeps the networks that were read
    last. Where there never was a file only loopback is allowed.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._was_read = False
        self._stamp: tuple[int, int, int] | None = None
        self.networks = AllowedNetworks()

    def reload(self, *, force: bool = False) -> bool:
        """Read the file if it changed; tell whether other networks apply now.

        Raises:
            ConfigError: it cannot be read, or a line is no network.

        """
        if self._path is None:
            return False
        try:
            status = self._path.stat()
        except FileNotFoundError as error:
            if not self._was_read:
                return False
            # An editor renames: the next file is there in a moment, and until then
            # nobody may be forgotten. For good it is gone at the next start.
            self._stamp = None
            raise ConfigError([f"{self._path}: is gone"]) from error
        except OSError as error:
            raise ConfigError([f"{self._path}: {error.strerror}"]) from error
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp == self._stamp and not force:
            return False
        content = self._read()  # one that cannot be read now may be readable later
        self._stamp = stamp
        self._was_read = True
        self.networks = parse_allowed(content, str(self._path))
        return True

    def _read(self) -> str:
        assert self._path is not None
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise ConfigError([f"{self._path}: {error.strerror}"]) from error
        if len(content) > MAX_FILE_BYTES:
            raise ConfigError([f"{self._path}: larger than {MAX_FILE_BYTES} bytes"])
        return content.decode("utf-8", "replace")

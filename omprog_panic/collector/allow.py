"""The source addresses that are allowed: one CIDR a line, ``#`` comments."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING

from omprog_panic.address import parse_address, parse_network
from omprog_panic.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LOOPBACK = ("127.0.0.0/8", "::1/128")
MAX_FILE_BYTES = 4 * 1024 * 1024
_CACHE = 4096  # remembered answers; with more all of them are forgotten


class AllowedNetworks:
    """A set of networks; a lookup takes the same time for any number of them."""

    def __init__(self, networks: Iterable[str] = LOOPBACK) -> None:
        # (version, prefix length) -> network addresses as numbers.
        self._tables: dict[tuple[int, int], set[int]] = {}
        self._cache: dict[str, bool] = {}
        for text in networks:
            network = parse_network(text, strict=False)
            key = (network.version, network.prefixlen)
            self._tables.setdefault(key, set()).add(int(network.network_address))

    def texts(self) -> list[str]:
        """Return the networks as CIDR texts."""
        return [
            f"{(ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address)(n)}"
            f"/{length}"
            for (version, length), numbers in self._tables.items()
            for n in sorted(numbers)
        ]

    def names(self, address: str) -> bool:
        """Return whether an address is listed by itself, not only its network."""
        try:
            parsed = parse_address(address)
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
            parsed = parse_address(address)
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
    """Parse the allowed networks.

    Raises:
        ConfigError: with every line that is not a network.

    """
    networks, faults = [], []
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        try:
            parse_network(entry, strict=False)
        except ValueError:
            faults.append(
                f"{name}:{number}: {entry[:60]!r} is not an address or network: "
                "write one per line, such as 10.0.0.2 or 10.0.0.0/24",
            )
        else:
            networks.append(entry)
    if faults:
        raise ConfigError(faults)
    return AllowedNetworks(networks)


class AllowFile:
    """The file of allowed networks, read again when it changes.

    If the file has a fault or disappears, the networks that were read last stay. If
    there never was a file, only loopback is allowed.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._was_read = False
        self._stamp: tuple[int, int, int] | None = None
        self.networks = AllowedNetworks()

    def reload(self, *, force: bool = False) -> bool:
        """Read the file if it changed; return whether the networks were replaced.

        Raises:
            ConfigError: it cannot be read, or a line is not a network.

        """
        if self._path is None:
            return False
        try:
            status = self._path.stat()
        except FileNotFoundError as error:
            if not self._was_read:
                return False
            # Editors rename: the next file will be there soon, and until then no source
            # may be forgotten. A restart without the file allows only loopback.
            self._stamp = None
            raise ConfigError([f"{self._path}: does not exist any more"]) from error
        except OSError as error:
            raise ConfigError([f"{self._path}: {error.strerror}"]) from error
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp == self._stamp and not force:
            return False
        content = self._read()  # before the stamp: it may be readable later
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

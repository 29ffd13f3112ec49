"""Reads the file of allowed networks again when it changes, and logs its faults."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from omprog_panic.collector.allow import AllowFile
from omprog_panic.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.collector.allow import AllowedNetworks

CHECK_EVERY_S = 2.0
_MAX_LOGGED = 20  # faults of one file
_LOG = logging.getLogger(__name__)


class AllowWatch:
    """The allowed networks; ``forced`` is set to read them again at the next check."""

    def __init__(self, path: Path | None) -> None:
        self._file = AllowFile(path)
        self._faults: list[str] = []
        self._check_at = 0.0
        self.forced = True
        self._read()

    @property
    def networks(self) -> AllowedNetworks:
        """The networks that were read last."""
        return self._file.networks

    def names(self, address: str) -> bool:
        """Return whether an address is listed by itself, not only its network."""
        return self.networks.names(address)

    def is_due(self, now: float) -> bool:
        """Return whether :meth:`check` must be called."""
        return self.forced or now >= self._check_at

    def check(self, now: float) -> AllowedNetworks:
        """Read the file if it has changed; return the networks that apply now."""
        self._check_at = now + CHECK_EVERY_S
        self._read()
        return self.networks

    def _read(self) -> None:
        force, self.forced = self.forced, False
        try:
            self._file.reload(force=force)
        except ConfigError as error:
            if error.faults != self._faults:  # once, not every two seconds
                for fault in error.faults[:_MAX_LOGGED]:
                    _LOG.error("allowed networks not changed", extra={"fault": fault})
            self._faults = error.faults
        else:
            self._faults = []

"""How long to wait before the next attempt. Pure."""

from __future__ import annotations

import dataclasses

JITTER = 0.2  # of the delay, up or down: services must not all retry at one time


@dataclasses.dataclass(frozen=True, slots=True)
class Backoff:
    """Delays that double each time, from ``first_s`` to ``max_s``."""

    first_s: float
    max_s: float

    def delay_s(self, failures: int, chance: float) -> float:
        """Return the delay after so many failures in a row; ``chance`` is 0..1.

        >>> Backoff(1, 60).delay_s(3, 0.5)
        4.0
        """
        exponent = min(max(failures, 1) - 1, 32)
        wait = min(self.first_s * float(2**exponent), self.max_s)
        return wait * (1 - JITTER + 2 * JITTER * chance)

    def longest_s(self) -> float:
        """Return the longest delay there can be."""
        return self.max_s * (1 + JITTER)

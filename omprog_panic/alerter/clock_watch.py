"""Whether an age by the wall clock can be believed.

A machine with an empty battery starts in another year and is corrected minutes later.
What was stored before then seems to be years old: it must not be deleted, given up or
passed on because of that.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omprog_panic.clock import Clock

log = logging.getLogger(__name__)

TRUST_CLOCK_AFTER_S = 6 * 3600.0
CLOCK_STEP_S = 600.0  # more than a clock drifts between two checks


class ClockWatch:
    """Notices when the wall clock is set; shared by the threads of an alerter."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._offset = clock.wall() - clock.monotonic()
        self._since = clock.monotonic()
        self._was_set = False

    def believes(self, age_s: float) -> bool:
        """Return whether something that seems this old may be passed on for it.

        After the clock was set, only what has had that time since then.
        """
        steady_s = self._steady_s()
        return not self._was_set or steady_s >= age_s

    def trusts(self, age_s: float) -> bool:
        """Return whether something that seems this old may be given up for it.

        Not soon after a start either: the clock may still be corrected.
        """
        enough_s = age_s if self._was_set else min(age_s, TRUST_CLOCK_AFTER_S)
        return self.believes(age_s) and self._steady_s() >= enough_s

    def is_steady(self) -> bool:
        """Return whether the clock was not set for so long that it can be trusted."""
        return self._steady_s() >= TRUST_CLOCK_AFTER_S

    def _steady_s(self) -> float:
        with self._lock:
            steady = self._clock.monotonic()
            offset = self._clock.wall() - steady
            step_s = offset - self._offset
            if abs(step_s) > CLOCK_STEP_S:
                log.warning(
                    "the clock was set: nothing is deleted or given up by age for now",
                    extra={"seconds": round(step_s)},
                )
                self._offset, self._since, self._was_set = offset, steady, True
            return steady - self._since

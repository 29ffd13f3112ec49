"""Waiting for something to come true, and saying what did not."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_never = threading.Event()


def pause(seconds: float) -> None:
    """Let time pass: for the rhythm of a replay, not for synchronising."""
    _never.wait(seconds)


def wait_until(
    condition: Callable[[], T | None], what: str, timeout_s: float = 60.0
) -> T:
    """Ask again every 10 ms; give the first true answer.

    Raises:
        TimeoutError: naming ``what`` was waited for.

    """
    limit = time.monotonic() + timeout_s
    while not (answer := condition()):
        if time.monotonic() > limit:
            raise TimeoutError(f"{what}: not within {timeout_s:g} s")
        _never.wait(0.01)
    return answer

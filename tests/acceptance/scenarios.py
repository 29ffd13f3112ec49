"""All scenarios, in the order in which they are played."""

from __future__ import annotations

from tests.acceptance import boots, networks, panics
from tests.acceptance.scenario import SCENARIOS

__all__ = ["SCENARIOS", "boots", "networks", "panics"]

"""The incident tools that we promise, each with its look-alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from omprog_panic.config.model import Service
from omprog_panic.secret import Secret
from tests.builders import make_service
from tests.lookalikes import pagerduty
from tests.lookalikes.internet import Internet
from tests.lookalikes.problems import Tool


@dataclasses.dataclass(frozen=True)
class ToolCase:
    """One incident tool; what it can do beyond opening and closing."""

    name: str
    url: str
    make: Callable[[Internet], Tool]
    acknowledges: bool = True
    unacknowledges: bool = False

    @property
    def scheme(self) -> str:
        return self.url.partition("://")[0]

    def service(self) -> Service:
        document = Secret(f"ops={self.url}")
        return make_service(scheme=self.scheme, document=document)


PAGERDUTY = ToolCase(
    "PagerDuty", f"pagerduty://{pagerduty.ROUTING_KEY}", pagerduty.PagerDuty
)
TOOLS: Sequence[ToolCase] = (PAGERDUTY,)

"""The incident tools that we promise, each with its look-alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from omprog_panic.config.model import Service
from omprog_panic.secret import Secret
from tests.builders import make_service
from tests.lookalikes import grafana_oncall, opsgenie, pagerduty, splunk_oncall
from tests.lookalikes.internet import Internet
from tests.lookalikes.problems import Tool


@dataclasses.dataclass(frozen=True)
class ToolCase:
    """One incident tool; what it can do beyond opening and closing."""

    name: str
    url: str
    make: Callable[[Internet], Tool]
    secret: str
    acknowledges: bool = True
    unacknowledges: bool = False

    @property
    def scheme(self) -> str:
        return self.url.partition("://")[0]

    def service(self) -> Service:
        document = Secret(f"ops={self.url}")
        return make_service(scheme=self.scheme, document=document)


PAGERDUTY = ToolCase(
    "PagerDuty",
    f"pagerduty://{pagerduty.ROUTING_KEY}",
    pagerduty.PagerDuty,
    pagerduty.ROUTING_KEY,
)
OPSGENIE = ToolCase(
    "Opsgenie",
    f"opsgenie://{opsgenie.KEY}/%23kernels/@ada",
    opsgenie.Opsgenie,
    opsgenie.KEY,
    unacknowledges=True,
)
JSM = ToolCase(
    "Jira Service Management",
    f"jsm://{opsgenie.KEY}",
    opsgenie.Opsgenie,
    opsgenie.KEY,
)
SPLUNK = ToolCase(
    "Splunk On-Call",
    f"splunk://{splunk_oncall.ROUTE}@{splunk_oncall.API_KEY}",
    splunk_oncall.SplunkOnCall,
    splunk_oncall.API_KEY,
)
GRAFANA = ToolCase(
    "Grafana OnCall",
    f"oncalls://{grafana_oncall.HOST}/{grafana_oncall.PATH}/",
    grafana_oncall.GrafanaOnCall,
    grafana_oncall.TOKEN,
    acknowledges=False,
)
TOOLS: Sequence[ToolCase] = (PAGERDUTY, OPSGENIE, JSM, SPLUNK, GRAFANA)

"""The formatted webhook of Grafana OnCall: alert_uid groups, state "ok" resolves.

https://grafana.com/docs/oncall/latest/integrations/webhook/; an integration that was
deleted answers 404, and its rate limit is 429.
"""

from __future__ import annotations

from tests.lookalikes.internet import Answer, Internet, Request
from tests.lookalikes.problems import Problems

HOST = "oncall-prod-eu-west-0.grafana.net"
TOKEN = "aBcDeFgHiJkLmNoPqRsTuVwXy"
PATH = f"oncall/integrations/v1/formatted_webhook/{TOKEN}"


class GrafanaOnCall:
    """One integration of the type Formatted Webhook, with its own templates."""

    def __init__(self, internet: Internet) -> None:
        self.problems = Problems()
        self.notes: list[str] = []
        self.refused: list[str] = []
        self.next: list[Answer] = []
        internet.services[HOST] = self._answer

    def _answer(self, request: Request) -> Answer:
        if self.next:
            return self.next.pop(0)
        if request.method != "POST" or request.path != f"/{PATH}/":
            return Answer(404)
        alert = request.json()
        if alert.get("state") not in {"ok", "alerting"} or not alert.get("title"):
            self.refused.append("state or title")
        key, title = alert["alert_uid"], alert["title"]
        if alert["state"] == "ok":
            if self.problems.current(key) is None:
                self.notes.append(title)
            self.problems.close(key)
        else:
            self.problems.open(key, title, alert.get("importance", ""), alert["title"])
        return Answer(200, b"Ok.")

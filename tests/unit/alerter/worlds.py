"""An alerter's parts on a real database, with fake time and fake services."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from omprog_panic.alerter.clock_watch import ClockWatch
from omprog_panic.alerter.compose import Composer
from omprog_panic.alerter.delivery import DeliveryAgent, DeliverySetup
from omprog_panic.alerter.event import AlerterEvent
from omprog_panic.alerter.intake import Intake
from omprog_panic.alerter.maintenance import Maintenance
from omprog_panic.alerter.policy_runner import PolicyRunner
from omprog_panic.config.model import AlerterConfig, Fallback, PublicConfig, Service
from omprog_panic.config.policy import parse_policy
from omprog_panic.config.schema import with_defaults
from omprog_panic.kernel.analysis import Report
from omprog_panic.model import Record
from omprog_panic.policy.engine import PolicyResult
from omprog_panic.policy.event import Event, ProbeSent
from omprog_panic.render.templates import load_templates
from omprog_panic.sinks.backoff import Backoff
from omprog_panic.sinks.sink import Sink
from omprog_panic.spool.reader import SpoolReader
from omprog_panic.spool.record import SpoolRecord
from omprog_panic.store.connect import open_database
from omprog_panic.store.outbox import Lease
from tests.alerter_process import publish
from tests.backends import EMBEDDED
from tests.builders import make_report, name_of
from tests.fakes import FakeClock

RETRY_FOR_S = 86400.0


def analyze(records: Sequence[Record], context: int) -> Report:
    return make_report(title=records[context].text)


class NotifyEverybody(PolicyRunner):
    """For tests of what comes behind the policy."""

    def evaluate(
        self,
        connection: Connection,  # noqa: ARG002
        events: Sequence[Event],
        probe: ProbeSent | None = None,  # noqa: ARG002
    ) -> PolicyResult:
        return self._without_policy(events)


@dataclasses.dataclass
class World:
    """One spool, one database, one clock."""

    folder: Path
    services: list[Service]
    clock: FakeClock = dataclasses.field(default_factory=FakeClock)
    backoff: Backoff = dataclasses.field(default_factory=lambda: Backoff(1.0, 60.0))
    events: list[AlerterEvent] = dataclasses.field(default_factory=list)
    policy: dict[str, Any] | None = None  # None: every service gets every incident

    def __post_init__(self) -> None:
        self.clock_watch = ClockWatch(self.clock)
        self.location = Path(EMBEDDED.new_location(self.folder))
        self.database = open_database(self.location, busy_timeout_s=0.1)
        self.database.create()
        self.spool = self.folder / "spool"
        reader = SpoolReader(self.spool)
        reader.prepare()
        make = NotifyEverybody if self.policy is None else PolicyRunner
        config = parse_policy(self.policy or {})
        self.runner = make(self.clock, config, self.services)
        self.intake = Intake(
            spool=reader,
            database=self.database,
            analyze=analyze,
            clock=self.clock,
            runner=self.runner,
            emit=self.events.append,
        )

    def receive(self, *records: SpoolRecord) -> int:
        publish(self.spool, *records)
        taken = self.intake.run_once()
        while self.intake.more:
            taken += self.intake.run_once()
        return taken

    def agent(self, service: Service, sink: Sink) -> DeliveryAgent:
        return DeliveryAgent(service, sink, self.delivery())

    def delivery(self) -> DeliverySetup:
        templates = load_templates(self.folder / "none", "en")
        return DeliverySetup(
            database=self.database,
            compose=Composer(self.database, templates, name_of({"10.0.0.2": "db-07"})),
            clock=self.clock,
            clock_watch=self.clock_watch,
            lease=Lease("me", 90.0, max(120.0, self.backoff.longest_s())),
            backoff=self.backoff,
            retry_for_s=RETRY_FOR_S,
            chance=lambda: 0.5,
            emit=self.events.append,
        )

    def run(self, agent: DeliveryAgent, seconds: float) -> None:
        """Let an agent work while so much time passes."""
        end = self.clock.now + seconds
        while True:
            delay = agent.step()
            if self.clock.now + delay > end:
                self.clock.advance(end - self.clock.now)
                return
            self.clock.advance(delay)

    def maintenance(self, *fallbacks: Fallback, **keep: float) -> Maintenance:
        data = {
            **(self.policy or {}),
            "paths": {"spool": str(self.spool), "database": str(self.folder)},
            "limits": {"poll_s": 1, "retry_for_s": RETRY_FOR_S},
            "fallback": [
                {"for": f.tag, "to": f.to, "after_s": f.after_s} for f in fallbacks
            ],
            "retention": keep,
        }
        file = self.folder / "config.yaml"
        public = PublicConfig.from_json(with_defaults(data), file, {})
        config = AlerterConfig.with_services(public, self.services, ())
        self.runner.configure(config.policy, config.first_services())
        return Maintenance(self.database, self.clock, config, self.clock_watch)

    def names(self) -> list[str]:
        return [event.name for event in self.events]

    def spool_files(self) -> int:
        return len(list((self.spool / "new").iterdir()))

"""A policy in fake time, with a log that can be replayed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from omprog_panic.clock import rfc3339
from omprog_panic.config.policy import parse_policy
from omprog_panic.config.routing import parse_match
from omprog_panic.config.time_span import parse_span
from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.notification import Notification
from omprog_panic.policy.decision import DecisionRecord
from omprog_panic.policy.engine import Engine
from omprog_panic.policy.event import (
    Boot,
    CauseAction,
    CauseCommand,
    ConfigChanged,
    Crash,
    Event,
    SignOfLife,
    SilenceChanged,
)
from omprog_panic.policy.event_codec import decode_evaluation, encode_evaluation
from omprog_panic.policy.receiver import Receiver
from omprog_panic.policy.state.memory import decode_checkpoint, encode_checkpoint
from omprog_panic.policy.state.silence import FOREVER
from omprog_panic.policy.timestamps import Timestamps

NOON = 1_790_000_000.0 - 1_790_000_000.0 % 86400 + 43200
OPS = Receiver("ops", "json [ops]", ("ops",))
DBA = Receiver("dba", "json [dba]", ("dba",))
LEAD = Receiver("lead", "json [lead]", ("lead",))
NO_DIGEST = {"digest": {"at": "never"}}
LISTED = [{"name": "db-07", "address": "10.0.0.2"}]


def make_crash(number: int = 1, host: int = 2, **changes: Any) -> Crash:
    crash = Crash(
        id=f"{number:032x}",
        at=rfc3339(NOON),
        source=f"10.0.{host >> 8}.{host & 255}",
        host=None,
        fingerprint="cause-a",
        severity="panic",
        kind="panic",
        title="sysrq triggered crash",
        function="sysrq_handle_crash",
        kernel="6.1.0-56-cloud-amd64",
        hardware="QEMU",
        panicked=True,
        boot="b1",
        ended_at=rfc3339(NOON),
    )
    return dataclasses.replace(crash, **changes)


def configured(data: dict[str, Any], receivers: Sequence[Receiver]) -> ConfigChanged:
    return ConfigChanged(parse_policy(data), tuple(receivers))


class Scene:
    """An engine, its clocks, and everything that came out of it."""

    def __init__(
        self,
        receivers: Sequence[Receiver] = (OPS,),
        *,
        restarts: bool = False,
        **data: Any,
    ) -> None:
        self.engine = Engine()
        self.t = 0.0
        self.wall = NOON
        self.listened = 0.0
        self.restarts = restarts
        self.messages: list[Notification] = []
        self.decided: list[DecisionRecord] = []
        self.log: list[str] = []
        self._numbers = iter(range(1, 10**9))
        self.feed(configured({"senders": LISTED, **NO_DIGEST, **data}, receivers))
        self.messages.clear()
        self.decided.clear()

    @property
    def now(self) -> str:
        return rfc3339(self.wall)

    def feed(self, *events: Event) -> list[Notification]:
        """Evaluate these events now; return the notifications."""
        now = Timestamps(self.t, self.wall, self.listened)
        result = self.engine.evaluate(now, events)
        if events or result.decisions or result.clock_was_set:
            self.log.append(encode_evaluation(now, events))
        self.messages += result.notifications
        self.decided += result.decisions
        if self.restarts:
            self.restart()
        return result.notifications

    def restart(self) -> None:
        """Continue as after a restart of the alerter, from what was stored."""
        self.engine = Engine(decode_checkpoint(encode_checkpoint(self.engine.memory)))

    def wait(self, seconds: float, step: float = 1.0, *, hearing: bool = True) -> None:
        """Let time pass, with looks at what is due."""
        end = self.t + seconds
        while self.t < end:
            passed = min(step, end - self.t)
            self.t += passed
            self.wall += passed
            self.listened += passed if hearing else 0.0
            self.feed()

    def crash(self, host: int = 2, cause: str = "cause-a", **changes: Any) -> Crash:
        crash = make_crash(
            next(self._numbers),
            host,
            **{
                "fingerprint": cause,
                "at": self.now,
                "ended_at": self.now,
                "boot": f"boot-{self.t:.0f}",
                **changes,
            },
        )
        self.feed(crash)
        return crash

    def hear(self, says: str = "alive", host: int = 2, **changes: Any) -> None:
        source = changes.pop("source", f"10.0.{host >> 8}.{host & 255}")
        id_ = f"heard-{next(self._numbers)}"
        self.feed(SignOfLife(id_, self.now, source, says, **changes))

    def boot(self, host: int = 2, *, announced: bool = False, **changes: Any) -> None:
        boot = Boot(
            **{
                "id": f"boot-{next(self._numbers)}",
                "at": self.now,
                "source": f"10.0.{host >> 8}.{host & 255}",
                "host": None,
                "boot": f"new-{self.t:.0f}",
                "announced": announced,
                "last_heard_at": rfc3339(self.wall - 60),
                "last_text": "usb 1-1: new device",
                "kernel": "6.1.0-56-cloud-amd64",
                **changes,
            }
        )
        self.feed(boot)
        self.wait(3)

    def silence(self, seconds: float = 600.0, **match: list[str]) -> None:
        id_ = f"s{next(self._numbers)}"
        end = self.wall + seconds
        matchers = parse_match(match)
        self.feed(SilenceChanged(id_, matchers, "anna", "new kernel", self.wall, end))

    def window(self, every: str, **match: list[str]) -> None:
        """Add a silence that comes again, without end."""
        id_ = f"s{next(self._numbers)}"
        self.feed(
            SilenceChanged(
                id_,
                parse_match(match),
                "anna",
                "patches",
                self.wall,
                FOREVER,
                every=(parse_span(every),),
            )
        )

    def order(
        self,
        action: CauseAction,
        cause: str = "cause-a",
        author: str = "anna",
        *,
        comment: str = "on it",
        seconds: float | None = None,
    ) -> None:
        number = next(self._numbers)
        until = None if seconds is None else self.wall + seconds
        self.feed(
            CauseCommand(
                f"command-{number:08d}",
                cause,
                action,
                author,
                comment,
                self.wall,
                until,
                number,
            )
        )

    def ack(self, cause: str = "cause-a", **changes: Any) -> None:
        self.order(CauseAction.ACKNOWLEDGE, cause, **changes)

    def kinds(self) -> list[str]:
        return [message.kind.value for message in self.messages]

    def of_kind(self, kind: str) -> list[Notification]:
        return [m for m in self.messages if m.kind is Kind(kind)]

    def reasons(self) -> list[tuple[str, str]]:
        return [(d.decision.value, d.reason) for d in self.decided]

    def codes(self) -> list[str]:
        return [d.decision.value for d in self.decided]


def services_of(message: Notification) -> tuple[str, ...]:
    return tuple(recipient.service for recipient in message.recipients)


def facts(message: Notification) -> Any:
    """Return the facts, for a look at the fields of those that the test expects."""
    return message.facts


def replay_log(log: Sequence[str]) -> list[DecisionRecord]:
    """Run a log through a new engine; return every decision, that of set-up too."""
    engine = Engine()
    decided: list[DecisionRecord] = []
    for entry in log:
        now, events = decode_evaluation(entry)
        decided += engine.evaluate(now, events).decisions
    return decided

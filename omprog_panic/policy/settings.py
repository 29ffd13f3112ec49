"""What the policy is configured with, prepared for its questions. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.config.policy import PolicyConfig, parse_policy
from omprog_panic.config.senders import SenderDirectory
from omprog_panic.policy.route import find_routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.config.policy import Action
    from omprog_panic.notification.notification import Labels
    from omprog_panic.policy.receiver import Receiver
    from omprog_panic.policy.route import FiredRoute


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """The configuration and the services, with look-ups made of them."""

    config: PolicyConfig
    receivers: tuple[Receiver, ...]
    directory: SenderDirectory
    shortest_silence_s: float  # no sender is silent that was heard less long ago

    def action(self, severity: str, kind: str) -> tuple[Action, str]:
        """Return what is done with such a crash, and why."""
        kinds = self.config.kinds
        if kind in kinds:
            return kinds[kind], f"kinds.{kind} is {kinds[kind].value}"
        action = self.config.severities[severity]
        return action, f"severity {severity} is {action.value}"

    def receivers_of(self, fired: FiredRoute) -> list[Receiver]:
        """Return the services that a route names."""
        if fired.to is None:
            return list(self.receivers)
        tags = set(fired.to)
        return [receiver for receiver in self.receivers if tags & set(receiver.tags)]

    def route(self, labels: Labels, wall: float) -> dict[str, FiredRoute]:
        """Return the services to notify at a wall time, by key, each with its route."""
        found: dict[str, FiredRoute] = {}
        for fired in find_routes(self.config.root, labels, wall):
            for receiver in self.receivers_of(fired):
                found.setdefault(receiver.key, fired)
        return found


def build_settings(
    config: PolicyConfig | None = None, receivers: Sequence[Receiver] = ()
) -> Settings:
    """Prepare a configuration; None: the defaults."""
    config = parse_policy({}) if config is None else config
    limits = [config.life_signs.silent_after_s]
    limits += [s.silent_after_s for s in config.senders if s.silent_after_s is not None]
    return Settings(
        config=config,
        receivers=tuple(receivers),
        directory=SenderDirectory(config.senders),
        shortest_silence_s=min((limit for limit in limits if limit), default=0.0),
    )

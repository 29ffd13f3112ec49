"""From the configuration to what the policy goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.policy.settings import Receiver, Settings, build_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.config.model import AlerterConfig, Service


def receivers_of(services: Iterable[Service]) -> list[Receiver]:
    """Return what the policy may know of services: nothing secret."""
    return [Receiver(s.key, s.label, tuple(sorted(s.tags))) for s in services]


def policy_settings(config: AlerterConfig) -> Settings:
    """Make the policy's settings; services that only stand in are not among them."""
    return build_settings(
        config.policy.to_json(), receivers_of(config.first_services())
    )

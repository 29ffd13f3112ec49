"""From the configuration to the settings of the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.policy.receiver import Receiver
from omprog_panic.policy.settings import Settings, build_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.config.model import AlerterConfig, Service


def receivers_of(services: Iterable[Service]) -> tuple[Receiver, ...]:
    """Return what the policy may know of services: nothing secret."""
    return tuple(Receiver(s.key, s.label, tuple(sorted(s.tags))) for s in services)


def policy_settings(config: AlerterConfig) -> Settings:
    """Return the policy's settings; services that are only fallbacks are left out."""
    return build_settings(config.policy, receivers_of(config.first_services()))

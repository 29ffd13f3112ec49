"""The configuration in the memory."""

from __future__ import annotations

from omprog_panic.policy.state.configuration import CONFIG, ConfigState
from tests.policies import OPS, configured


def test_the_default_configuration_survives_the_store() -> None:
    event = configured({}, [OPS])
    row = ConfigState(event.config, event.receivers)

    assert CONFIG.from_text(CONFIG.to_text(row)) == row

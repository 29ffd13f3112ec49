"""The configuration in use. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.config.policy import PolicyConfig, parse_policy
from omprog_panic.policy.receiver import Receiver, decode_receiver, encode_receiver
from omprog_panic.policy.state.table import RowFormat

if TYPE_CHECKING:
    from omprog_panic.policy.json_object import Json


@dataclasses.dataclass(frozen=True, slots=True)
class ConfigState:
    """What the settings are made of."""

    config: PolicyConfig
    receivers: tuple[Receiver, ...]


def _encode(row: ConfigState) -> Json:
    return {
        "config": row.config.to_json(),
        "receivers": [encode_receiver(receiver) for receiver in row.receivers],
    }


def _decode(raw: Json) -> ConfigState:
    receivers = tuple(decode_receiver(item) for item in raw["receivers"])
    return ConfigState(parse_policy(raw["config"]), receivers)


CONFIG = RowFormat("config", _encode, _decode)

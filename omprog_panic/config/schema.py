"""The JSON Schema of config.yaml, and its defaults, which are defined only there. Pure.

Standard library only, because the policy fills in defaults, too.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from typing import Any

SchemaPart = dict[str, Any]
"""A part of the JSON Schema: JSON that only this package walks through."""


@functools.cache
def schema() -> SchemaPart:
    """Return the JSON Schema of config.yaml."""
    folder = importlib.resources.files("omprog_panic.config")
    loaded: SchemaPart = json.loads(folder.joinpath("schema.json").read_text("utf-8"))
    return loaded


def with_defaults(data: object) -> Any:  # noqa: ANN401 - JSON
    """Return the settings of a config.yaml with every default filled in.

    >>> with_defaults({"language": "ru"})["retention"]["outbox_days"]
    90
    """
    return _filled(data, schema())


def _filled(data: object, part: SchemaPart) -> object:
    if "$ref" in part:
        part = _referenced(part["$ref"])
    if isinstance(data, list):
        return [_filled(item, part.get("items", {})) for item in data]
    if not isinstance(data, dict):
        return data
    filled = dict(data)
    for key, inner in part.get("properties", {}).items():
        if key not in filled and "default" in inner:
            filled[key] = inner["default"]
        if key in filled:
            filled[key] = _filled(filled[key], inner)
    return filled


def _referenced(pointer: str) -> SchemaPart:
    """Return the part of the schema that ``#/properties/...`` points at."""
    part = schema()
    for name in pointer.removeprefix("#/").split("/"):
        part = part[name]
    return part

"""The JSON Schema of config.yaml, and its defaults, which stand nowhere else. Pure.

Standard library only: the policy fills in defaults, too.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from typing import Any

Json = dict[str, Any]


@functools.cache
def schema() -> Json:
    """Return the JSON Schema of config.yaml."""
    folder = importlib.resources.files("omprog_panic.config")
    loaded: Json = json.loads(folder.joinpath("schema.json").read_text("utf-8"))
    return loaded


def with_defaults(data: object) -> Any:  # noqa: ANN401 - JSON
    """Return the settings of a config.yaml with every default filled in.

    >>> with_defaults({"language": "ru"})["retention"]["outbox_days"]
    90
    """
    return _filled(data, schema())


def _filled(data: object, part: Json) -> object:
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


def _referenced(pointer: str) -> Json:
    """Return the part of the schema that ``#/properties/...`` points at."""
    part = schema()
    for name in pointer.removeprefix("#/").split("/"):
        part = part[name]
    return part

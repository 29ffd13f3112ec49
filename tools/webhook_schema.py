#!/usr/bin/env python3
"""Print docs/webhook.schema.json: the JSON Schema of what the web hook posts.

Made from the codecs: the fields of each kind of message are those that its codec
writes, with the types of its sample and of its defaults.
"""

from __future__ import annotations

import json
import sys

from omprog_panic.notification.codec import encode_labels
from omprog_panic.notification.format import Lifecycle
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.notification.notification import NO_LABELS
from omprog_panic.sinks.webhook import TYPE, VERSION

Schema = dict[str, object]
TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_ORDER = ("string", "integer", "number", "boolean", "array", "object", "null")


def schema() -> Schema:
    """Return the whole schema."""
    properties: Schema = {
        "version": {"const": VERSION},
        "type": {"const": TYPE},
        "id": {"type": "string", "description": "of the message; also in webhook-id"},
        "alert_id": {"type": "string", "description": "the digits that people see"},
        "dedup_key": {
            "type": ["string", "null"],
            "description": "equal for all messages of a cause until it is resolved",
        },
        "kind": {"enum": [kind.value for kind in Kind]},
        "lifecycle": {"enum": [lifecycle.value for lifecycle in Lifecycle]},
        "incident_id": TEXT_OR_NULL,
        "cause": TEXT_OR_NULL,
        "episode": TEXT_OR_NULL,
        "reason": {"type": "string", "description": "why it was sent"},
        "labels": _object(dict.fromkeys(encode_labels(NO_LABELS), TEXT)),
        "facts": {"type": "object"},
        "text": _object({"subject": TEXT, "body": TEXT}),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A message of omprog-panic, version 1",
        **_object(properties),
        "allOf": [_facts_of(kind) for kind in Kind],
    }


def _facts_of(kind: Kind) -> Schema:
    form = FORMATS[kind]
    facts = _type_of([form.encode(form.sample), form.encode(form.facts())])
    return {
        "if": {"properties": {"kind": {"const": kind.value}}},
        "then": {"properties": {"facts": facts}},
    }


def _object(properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _type_of(values: list[object]) -> Schema:
    """Return the schema of a field that has had these values."""
    names = {_name_of(value) for value in values}
    if "number" in names:
        names.discard("integer")
    types = [name for name in _ORDER if name in names]
    found: Schema = {"type": types[0] if len(types) == 1 else types}
    objects = [value for value in values if isinstance(value, dict)]
    if objects:
        fields = {name for one in objects for name in one}
        ordered = [name for name in objects[0] if name in fields]
        found["required"] = ordered
        found["properties"] = {
            name: _type_of([one[name] for one in objects if name in one])
            for name in ordered
        }
    items = [item for value in values if isinstance(value, list) for item in value]
    if items:
        found["items"] = _type_of(items)
    return found


def _name_of(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", list: "array"}
    return names.get(type(value), "object")


if __name__ == "__main__":
    sys.stdout.write(f"{json.dumps(schema(), indent=1)}\n")

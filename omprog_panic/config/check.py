"""Checks config.yaml against its schema; each message says what to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema

from omprog_panic.config.schema import SchemaPart, schema
from omprog_panic.config.vocabulary import why_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.config.fault import Fault
    from omprog_panic.config.yaml_lines import Document

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a group of settings",
    "boolean": "true or false",
}
_BAD_NAME = "has characters that are not allowed: use letters, digits, dots and hyphens"


def schema_faults(document: Document) -> list[Fault]:
    """Return every difference between a document and the schema."""
    checker = jsonschema.Draft202012Validator(schema())
    errors = list(checker.iter_errors(document.data))
    # If a value has the wrong type, its other faults are of no interest.
    mistyped = {_path(error) for error in errors if error.validator == "type"}
    return [
        document.fault(path, message)
        for error in errors
        if error.validator == "type" or _path(error) not in mistyped
        for path, message in _explain(error)
    ]


def _path(error: jsonschema.ValidationError) -> str:
    parts = (f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
    return "$" + "".join(parts)


def _explain(error: jsonschema.ValidationError) -> Iterator[tuple[str, str]]:
    path = _path(error)
    part: Any = error.schema
    wanted: Any = error.validator_value
    instance: Any = error.instance
    if error.validator == "additionalProperties":
        known = list(part["properties"])
        for key in instance:
            if key not in known:
                yield f"{path}.{key}", why_unknown(key, known, "key")
    elif error.validator == "required":
        # One error for each missing key, which is named only in its message.
        key = next(k for k in wanted if repr(k) in error.message)
        hint = _example(part["properties"][key], key)
        yield path, f"the key {key!r} is missing: add it{hint}"
    else:
        key = str(error.absolute_path[-1]) if error.absolute_path else "$"
        yield path, f"{_problem(error)}{_example(part, key)}"


def _example(part: SchemaPart, key: str) -> str:
    value = (part.get("examples") or [part.get("default")])[0]
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        value = str(value).lower()
    elif isinstance(value, str) and ":" in value:
        value = f'"{value}"'  # YAML would read 10:30 as a number
    return f", for example `{key}: {value}`"


def _problem(error: jsonschema.ValidationError) -> str:
    value: Any = error.instance
    limit: Any = error.validator_value
    match error.validator:
        case "type":
            wanted = [limit] if isinstance(limit, str) else limit
            words = " or ".join(_TYPES[name] for name in wanted)
            return f"{_shown(value)} is not {words}: write {words}"
        case "enum":
            words = ", ".join(map(str, limit))
            return f"{_shown(value)} is not allowed here: write one of {words}"
        case "minimum":
            return f"{value} is too small: write {limit} or more"
        case "maximum":
            return f"{value} is too large: write {limit} or less"
        case "minLength" | "minItems":
            return "is empty: fill it in or remove the key"
        case "maxItems":
            return f"more than {limit} entries: remove some"
        case "pattern":
            schema = error.schema if isinstance(error.schema, dict) else {}
            return f"{_shown(value)} {schema.get('$comment', _BAD_NAME)}"
        case _:
            return error.message


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a group of settings"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

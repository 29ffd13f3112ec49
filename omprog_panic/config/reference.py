"""The reference of config.yaml, generated from its schema. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from omprog_panic.config.schema import SchemaPart, schema

if TYPE_CHECKING:
    from collections.abc import Iterator

_Option = tuple[str, SchemaPart, bool]
_BOUNDS = (
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {} entries"),
    ("maxItems", "at most {} entries"),
    ("pattern", "pattern `{}`"),
)


def render_reference() -> str:
    """Return the page: every option with type, bounds, default and example."""
    root = schema()
    head = f"""# Reference of config.yaml

Generated from `omprog_panic/config/schema.json`; a test keeps the two in step.
[configuration.md](configuration.md) explains how the parts work together.

{root["description"]}
"""
    sections = [_section(path, part, required) for path, part, required in options()]
    return "\n".join([head, *sections])


def options() -> Iterator[_Option]:
    """Yield every option: its path, its schema, whether it is required."""
    yield from _walk(schema(), "")


def example_of(path: str, part: SchemaPart) -> SchemaPart:
    """Return a piece of config.yaml that sets this option.

    >>> example_of("limits.poll_s", {"default": 2})
    {'limits': {'poll_s': 2}}
    """
    value: Any = (part.get("examples") or [part.get("default")])[0]
    return _nested(path.split("."), schema(), value)


def _nested(names: list[str], rule: SchemaPart, value: object) -> SchemaPart:
    """Return an object with this value in it, and all that it must have beside it."""
    key = names[0].removesuffix("[]")
    if len(names) > 1:
        inner = rule["properties"][key]
        if key != names[0]:
            value = [_nested(names[1:], inner["items"], value)]
        else:
            value = _nested(names[1:], inner, value)
    needed = {
        other: rule["properties"][other]["examples"][0]
        for other in rule.get("required", ())
        if other != key
    }
    return {**needed, key: value}


def _walk(part: SchemaPart, path: str) -> Iterator[tuple[str, SchemaPart, bool]]:
    for name, inner in part.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here, inner, name in part.get("required", ())
        yield from _walk(inner, here)
        yield from _walk(inner.get("items", {}), f"{here}[]")


def facts(part: SchemaPart, *, required: bool) -> list[str]:
    """Return type, bounds and default of an option."""
    found = [" or ".join(_kinds(part))]
    found += [words.format(part[key]) for key, words in _BOUNDS if key in part]
    if "enum" in part:
        found.append("one of " + ", ".join(f"`{value}`" for value in part["enum"]))
    if required:
        found.append("required")
    elif "default" in part and part["default"] != {}:
        found.append(f"default `{json.dumps(part['default'])}`")
    return found


def example_text(path: str, part: SchemaPart) -> str:
    """Return an example of an option as YAML; "" for a group of options."""
    if "properties" in part:
        return ""
    return _unbraced(json.dumps(example_of(path, part), ensure_ascii=False))


def _kinds(part: SchemaPart) -> list[str]:
    return part["type"] if isinstance(part["type"], list) else [part["type"]]


def _section(path: str, part: SchemaPart, required: bool) -> str:  # noqa: FBT001
    summary = "; ".join(facts(part, required=required))
    lines = [f"## {path}", "", part["description"], "", f"*{summary}*"]
    if example := example_text(path, part):
        lines += ["", "```yaml", example, "```"]
    return "\n".join([*lines, ""])


def _unbraced(example: str) -> str:
    """Remove the outermost braces and quotes of JSON; the rest is YAML.

    >>> _unbraced('{"language": "en"}')
    'language: "en"'
    """
    key, _, value = example[1:-1].partition(": ")
    return f"{json.loads(key)}: {value}"

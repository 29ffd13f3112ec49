"""The package stays readable: short functions, small classes, one class of a name."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "omprog_panic"
MODULES = {
    str(path.relative_to(PACKAGE)): ast.parse(path.read_text("utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
}
MAX_LINES, MAX_METHODS, MAX_ATTRIBUTES = 40, 20, 12
# Larger classes, and why: all are plain values.
LARGE = {
    "Architecture": "a row of a table: what differs between architectures",
    "Crash": "what the policy may know of a crash; its log has the same fields",
    "Facts": "what an analysis finds; `analyze --format json` has the same fields",
    "IncidentRecord": "a spool file; docs/spool.md has the same fields",
    "IncidentSummary": "a row of `incidents list --format json`",
    "MailSettings": "what a mail URL can say; docs/services.md lists it",
    "Memory": "one attribute for each table of the policy's memory",
    "OutboxEntry": "a row of `outbox list --format json`",
    "OutboxRow": "a row of the outbox table",
    "Pipeline": "all of the collector's state, which a replay of the journal rebuilds",
    "SenderState": "a row of the policy's memory: what is known of one address",
    "Report": "the verdict of an analysis; `analyze --format json` has the same fields",
    "Route": "a route of config.yaml, with all that it inherits",
    "SilenceState": "a row of the policy's memory: a silence, and what it covered",
    "Signature": "a row of a table: a start line, and what it means",
    "TraceCutter": "each way in which a record can come into a context or a trace",
}
# Untyped JSON is for what writes or reads it.
CODECS = ("json", "fields", "parse", "codec", "yaml")


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for module, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield module, node


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for module, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield module, node


def attributes(node: ast.ClassDef) -> set[str]:
    fields = {
        item.target.id
        for item in node.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    }
    return fields | {
        item.attr
        for item in ast.walk(node)
        if isinstance(item, ast.Attribute)
        and isinstance(item.ctx, ast.Store)
        and isinstance(item.value, ast.Name)
        and item.value.id == "self"
    }


def methods(node: ast.ClassDef) -> int:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return sum(isinstance(item, kinds) for item in node.body)


def test_no_function_is_long() -> None:
    long = [
        f"{module} {node.name}: {length} lines"
        for module, node in functions()
        if (length := (node.end_lineno or 0) - node.lineno + 1) > MAX_LINES
    ]

    assert not long


def test_a_large_class_has_a_reason() -> None:
    large = {
        node.name
        for _, node in classes()
        if methods(node) > MAX_METHODS or len(attributes(node)) > MAX_ATTRIBUTES
    }

    assert large <= set(LARGE)


def test_no_two_classes_have_one_name() -> None:
    places = defaultdict(list)
    for module, node in classes():
        places[node.name].append(module)

    assert not {name: found for name, found in places.items() if len(found) > 1}


def test_untyped_json_stays_in_codecs() -> None:
    untyped = [
        f"{module} {node.name}"
        for module, node in functions()
        if "[str, Any]" in signature(node)
        and not any(word in f"{module} {node.name}" for word in CODECS)
    ]

    assert not untyped


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    returns = ast.unparse(node.returns) if node.returns else ""
    return f"{ast.unparse(node.args)} -> {returns}"


def test_no_module_is_a_drawer_for_everything() -> None:
    names = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}

    assert not [module for module in MODULES if Path(module).stem in names]

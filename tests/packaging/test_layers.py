"""Imports go up the page of design only, and nothing heavy reaches the collector."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "omprog_panic"

ROOT = {"errors", "model", "clock", "log", "plain", "address"}
SHARED = ROOT | {"secret", "netconsole", "kernel", "spool"}
STORED = SHARED | {"config", "notification", "store", "policy"}
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": set(),
    "__main__": {"cli"},
    "errors": set(),
    "model": set(),
    "clock": set(),
    "log": set(),
    "plain": set(),
    "address": set(),
    "secret": set(),
    "netconsole": ROOT,
    "kernel": ROOT | {"netconsole"},
    "spool": ROOT,
    "collector": ROOT | {"netconsole", "kernel", "spool", "__init__"},
    "notification": ROOT,
    "config": ROOT | {"secret", "kernel", "notification"},
    "store": SHARED,
    "policy": ROOT | {"kernel", "config", "notification"},
    "render": SHARED | {"notification"},
    "sinks": ROOT | {"secret", "config", "notification", "render"},
    "alerter": STORED | {"render", "sinks"},
    "admin": STORED | {"render", "sinks", "alerter"},
    "host": ROOT,
    "rsyslog": ROOT | {"host"},
    "firewall": ROOT | {"config", "host"},
    "apply": ROOT | {"config", "collector", "firewall", "rsyslog", "host"},
    "doctor": STORED
    | {"render", "sinks", "alerter", "admin", "host", "rsyslog", "firewall", "apply"},
    "cli": STORED
    | {
        "render",
        "sinks",
        "alerter",
        "admin",
        "host",
        "rsyslog",
        "doctor",
        "firewall",
        "apply",
        "__init__",
    },
}
# The part that the network reaches must not be able to do what it need not.
FOREIGN = {
    "sqlalchemy": {"store"},
    "sqlite3": {"store"},
    "apprise": {"sinks"},
    "requests": {"sinks"},
    "jinja2": {"render"},
    "yaml": {"config"},
    "jsonschema": {"config"},
    "click": {"cli"},
    "rich": {"cli"},
    # host connects and sends nothing; alerter notifies systemd, and sends a probe;
    # sinks end a connection whose answer takes too long, and send mail.
    "socket": {"host", "alerter", "sinks"},
    "ssl": {"sinks"},
    "smtplib": {"sinks"},
}


def module_of(path: Path) -> str:
    return ".".join(("omprog_panic", *path.relative_to(PACKAGE).with_suffix("").parts))


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file names in an import, also one for typing only."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            assert node.module
            yield node.module
            if node.module == "omprog_panic":
                yield from (f"omprog_panic.{alias.name}" for alias in node.names)


def names(path: Path) -> Iterator[str]:
    """Every module that a file may mean: ``from a import b`` is a, or a.b."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def run_time_imports(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


FILES = sorted(PACKAGE.rglob("*.py"))


def test_the_table_names_every_part() -> None:
    assert {part_of(path) for path in FILES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_up_the_page_only(path: Path) -> None:
    part = part_of(path)
    for module in imports(path):
        top, _, rest = module.partition(".")
        if top != "omprog_panic":
            continue
        other = rest.partition(".")[0] or "__init__"
        if not (PACKAGE / other).is_dir() and not (PACKAGE / f"{other}.py").exists():
            other = "__init__"  # a name out of the package itself
        assert other in MAY_IMPORT[part] | {part}, f"{path} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_foreign_packages_stay_in_their_part(path: Path) -> None:
    for module in run_time_imports(path):
        allowed = FOREIGN.get(module.partition(".")[0])
        assert allowed is None or part_of(path) in allowed, f"{path} imports {module}"


def test_no_imports_are_circular() -> None:
    """Between modules, those for types alone included."""
    modules = {module_of(path): path for path in FILES}
    graph = {
        name: {used for used in names(path) if used in modules and used != name}
        for name, path in modules.items()
    }

    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError


def test_no_part_may_import_what_imports_it() -> None:
    list(graphlib.TopologicalSorter(MAY_IMPORT).static_order())


def test_a_circle_is_found() -> None:
    with pytest.raises(graphlib.CycleError):
        list(graphlib.TopologicalSorter({"a": {"b"}, "b": {"a"}}).static_order())


def test_only_the_store_knows_the_database_engine() -> None:
    strangers = [path for path in FILES if part_of(path) != "store"]

    for path in strangers:
        used = {module.partition(".")[0] for module in imports(path)}
        assert "sqlalchemy" not in used, f"{path} imports SQLAlchemy, if only its types"
        text = path.read_text("utf-8")
        assert "sqlite" not in text.lower(), f"{path} names SQLite"
        assert "PRAGMA" not in text, f"{path} names a pragma"


def test_apprise_has_one_importer() -> None:
    importers = {
        path.name
        for path in FILES
        if any(m.partition(".")[0] == "apprise" for m in imports(path))
    }

    assert importers == {"apprise.py"}


def test_two_files_of_the_alerter_touch_sockets_and_they_only_send() -> None:
    importers = [p for p in FILES if "socket" in set(imports(p))]
    ours = [path for path in importers if part_of(path) == "alerter"]

    assert [path.name for path in ours] == ["probe.py", "systemd.py"]
    for path in ours:
        assert ".recv" not in path.read_text()
        assert ".bind" not in path.read_text()


def test_the_policy_uses_only_the_values_of_the_configuration() -> None:
    """Not what reads files: neither YAML nor JSON Schema is needed to decide."""
    pure = {"addresses", "calendars", "duration", "maintenance", "policy", "routing"}
    pure |= {"schema", "senders", "time_span", "vocabulary"}
    for path in FILES:
        if part_of(path) != "policy" and path.parent.name != "config":
            continue
        if path.parent.name == "config" and path.stem not in pure:
            continue
        used = {m for m in run_time_imports(path) if ".config." in m}
        named = {module.rpartition(".")[2] for module in used}

        assert named <= pure, f"{path} imports {named - pure}"

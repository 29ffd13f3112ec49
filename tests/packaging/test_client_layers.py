"""The sending host's package stands alone, and only system.py touches the machine."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "omprog_panic_client"
FILES = sorted(PACKAGE.glob("*.py"))
# What reaches out of the process, and who may.
OUTSIDE = {
    "os": {"system", "cli"},  # cli: exit codes
    "pathlib": {"system", "cli"},
    "subprocess": {"system"},
    "time": {"system", "watch"},
    "fcntl": {"cli"},
    "select": {"system", "watch"},
    "socket": {"system", "watch", "netlink"},  # netlink: address forms alone
    "tempfile": {"system"},
    "threading": {"system"},
}
# Imports go up this list only.
ORDER = (
    "errors", "settings", "modprobefile", "facts", "message", "state", "probe",
    "ipjson", "procfiles", "netlink", "modulefile", "system", "queues", "plan", "steps",
    "advice", "observe", "prepare", "stale", "tuning", "reconcile", "report", "watch",
    "cli",
)  # fmt: skip


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield str(node.module)


def test_the_order_names_every_module() -> None:
    assert {path.stem for path in FILES} == {*ORDER, "__init__", "__main__"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_imports(path: Path) -> None:
    for module in imported(path):
        top, _, part = module.partition(".")
        if top == "omprog_panic_client":
            if part and path.stem in ORDER:
                assert ORDER.index(part) < ORDER.index(path.stem), module
            continue
        assert top in sys.stdlib_module_names, f"{path.name} imports {module}"
        allowed = OUTSIDE.get(top)
        assert allowed is None or path.stem in allowed, f"{path.name}: {module}"


def test_it_runs_without_site_packages_and_without_the_monitor() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from omprog_panic_client.cli import main\n"
        "assert 'omprog_panic' not in sys.modules\n"
        "main(['--version'])"
    )
    argv = [sys.executable, "-I", "-S", "-c", script, str(PACKAGE.parent)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.strip()[0].isdigit()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_it_is_python_of_3_9(path: Path) -> None:
    """Hosts that send may be older than the monitor."""
    ast.parse(path.read_text("utf-8"), feature_version=(3, 9))
    text = path.read_text("utf-8")
    assert text.count("from __future__ import annotations") == 1

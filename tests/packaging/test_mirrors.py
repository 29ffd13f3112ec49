"""tests/unit mirrors the package: who changes a module finds its tests by name."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "omprog_panic"
UNIT = ROOT / "tests/unit"
# Modules without a test file of their own name, and where they are tested instead.
ELSEWHERE = {
    # Values without behaviour of their own.
    "model.py": "tests/unit/kernel/test_report.py",
    "alerter/event.py": "tests/integration/test_alerter.py",
    "collector/events.py": "tests/unit/collector/test_source.py",
    "policy/json_object.py": "tests/unit/policy/test_event_codec.py",
    "sinks/sink.py": "tests/contract/test_sinks.py",
    "notification/format.py": "tests/unit/notification/test_codec.py",
    # Tables: one suite goes through all rows.
    **{
        f"kernel/signatures/{name}.py": "tests/unit/kernel/test_signatures.py"
        for name in (
            *("bug", "device", "die", "fault", "filesystem", "hardware", "info"),
            *("locking", "lockup", "other", "panic", "sanitizer", "storage", "warning"),
        )
    },
    "render/english.py": "tests/unit/render/test_catalog.py",
    "render/russian.py": "tests/unit/render/test_catalog.py",
    # Wiring, and what happens only between processes.
    "alerter/on_database.py": "tests/integration/test_alerter.py",
    "alerter/rescue.py": "tests/integration/test_damaged_database.py",
    # A folder of configurations, each with the faults that are reported.
    "config/check.py": "tests/config/test_config.py",
}


def modules() -> dict[str, Path]:
    """Return every module, by its path below the package."""
    return {
        str(path.relative_to(PACKAGE)): path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name not in {"__init__.py", "__main__.py"}
    }


def is_pure(path: Path) -> bool:
    """Return whether the first paragraph of a module's docstring says "Pure"."""
    docstring = path.read_text("utf-8").split('"""', 2)[1]
    return "Pure" in docstring.partition("\n\n")[0]


def mirror(name: str) -> Path:
    path = Path(name)
    return UNIT / path.parent / f"test_{path.name}"


def test_every_pure_module_has_its_test_file() -> None:
    missing = [
        name
        for name, path in modules().items()
        if is_pure(path) and name not in ELSEWHERE and not mirror(name).exists()
    ]

    assert not missing


@pytest.mark.parametrize("name", ELSEWHERE)
def test_an_exception_names_a_module_and_its_tests(name: str) -> None:
    assert name in modules()
    assert (ROOT / ELSEWHERE[name]).is_file()

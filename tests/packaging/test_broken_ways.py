"""The table of what breaks a monitor is that of the suite that breaks one."""

from __future__ import annotations

from tests.package import foreign_firewalls, pages
from tests.package.broken_ways import CHECKS, WAYS

# What a namespace does not have, or what needs a small file system.
ELSEWHERE = {
    "disk full": "tests/integration/test_full_disk.py",
    "clock wrong": "tests/unit/doctor/test_clock.py",
    "stale options of netconsole": "tests/unit/client/test_stale.py",
}
# Two that need nothing from the administrator.
HARMLESS = {"collector killed", "two alerters"}


def rows() -> list[list[str]]:
    """Return the cells of the table, without its head."""
    page = (pages.ROOT / "docs/troubleshooting.md").read_text("utf-8")
    section = page.partition("## What breaks a monitor")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_the_table_has_each_way_once() -> None:
    told = [row[0] for row in rows()]
    checks = [story[1] for story in foreign_firewalls.STORIES]
    firewalls = {check.__name__.removeprefix("under_") for check in checks}

    assert len(told) == len(set(told)) >= 20
    assert set(told) == {way.name for way in WAYS} | firewalls | HARMLESS | {*ELSEWHERE}
    assert {name.replace(" ", "_") for name in HARMLESS} <= {c.__name__ for c in CHECKS}
    assert all((pages.ROOT / path).is_file() for path in ELSEWHERE.values())


def test_the_table_says_which_check_notices_it_and_whether_apply_mends_it() -> None:
    told = {row[0]: row for row in rows()}
    for way in WAYS:
        _, status, doctor, mends = told[way.name]
        assert doctor == f"`{way.check}`", way.name
        assert (status != "-") == bool(way.status or way.check == "chain"), way.name
        assert mends.startswith("`apply`") == way.mends, way.name

"""``tools/package-test``: build, install and use the package on booted systems.

Each check prints a line; the last line says what passed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tests.package import (
    artefact,
    broken_ways,
    client_checks,
    doctor_checks,
    foreign_firewalls,
    life,
    page_checks,
    reception,
    trees,
    upgrades,
)
from tests.package.life import Story
from tests.package.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Checks: TypeAlias = "Sequence[Callable[[Story], object]]"
QUICK = "trixie"  # its rsyslogd is the one in a sandbox


class Prepared(NamedTuple):
    """Trees and packages of one release."""

    release: str
    build: Path
    clean: Path
    out: Path

    @property
    def package(self) -> Path:
        (found,) = self.out.glob("omprog-panic_*_all.deb")
        return found


class Packages(NamedTuple):
    """What the package is upgraded to and from."""

    newer: Path
    older: Path | None = None
    rules: Path | None = None


def prepare(release: str, folder: Path, *, quick: bool) -> Prepared:
    """Make both trees at once, and build in one of them."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Prepared(release, folder / "build", folder / "clean", folder / "out")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        tasks = []
        if not made.clean.exists():
            tasks.append(pool.submit(trees.clean_tree, release, made.clean))
        if not made.build.exists():
            more = "" if quick else "lintian"
            tasks.append(
                pool.submit(
                    trees.build_tree, release, made.build, tests=not quick, more=more
                )
            )
        for task in tasks:
            task.result()
    shutil.rmtree(made.out, ignore_errors=True)
    trees.build(made.build, "/build", made.out, **(trees.NO_CHECK if quick else {}))
    return made


class Record:
    """Count and print the results."""

    def __init__(self) -> None:
        self.good, self.bad = 0, 0

    def check(self, release: str, name: str, run: Callable[[], object]) -> bool:
        """Run one check and print its line; return whether it passed."""
        began = time.monotonic()
        try:
            said = run()
        except Exception as error:  # noqa: BLE001 - the other checks still count
            self.bad += 1
            say(f"FAILED {release}: {name}")
            lines = "".join(traceback.format_exception(error)).splitlines()
            say("".join(f"    {line}\n" for line in lines).rstrip())
            return False
        self.good += 1
        seconds = time.monotonic() - began
        say(f"ok {release}: {name.replace('_', ' ')} ({seconds:.1f} s)")
        if isinstance(said, str) and said:
            say("".join(f"    {line}\n" for line in said.splitlines()).rstrip())
        return True


def test_release(release: str, folder: Path, record: Record, *, quick: bool) -> None:
    """Run everything for one release."""
    made: list[Prepared] = []
    built = record.check(
        release,
        "builds" if quick else "builds, with its tests",
        lambda: made.append(prepare(release, folder, quick=quick)),
    )
    if not built:
        return
    (prepared,) = made
    record.check(
        release,
        "builds the same bytes in another folder",
        lambda: artefact.builds_the_same_bytes_elsewhere(
            prepared.build, prepared.out, folder / "again"
        ),
    )
    packages = Packages(trees.newer(prepared.package, folder))
    if not quick:
        packages = Packages(
            packages.newer,
            trees.older(prepared.build, upgrades.WITH_CONFFILES, folder),
            trees.newer(prepared.package, folder, "rules", "rsyslog.conf"),
        )
    stories: list[Checks] = [life.CHECKS, reception.CHECKS]
    if not quick:
        stories += [doctor_checks.CHECKS, broken_ways.CHECKS, upgrades.CHECKS]
        stories += foreign_firewalls.STORIES
        stories += [client_checks.CHECKS, page_checks.CHECKS]
    for checks in stories:
        live(prepared, packages, folder, record, checks)
    if not quick:
        record.check(
            release,
            "builds as the pages say",
            lambda: artefact.builds_as_the_pages_say(prepared.clean, folder / "typed"),
        )
        examine(prepared, folder, record)


def live(
    prepared: Prepared,
    packages: Packages,
    folder: Path,
    record: Record,
    checks: Checks,
) -> None:
    """Boot a machine and run a story, in which each check builds on the one before."""
    with Machine(prepared.clean, folder / "machine") as machine:
        story = Story(
            machine,
            prepared.package,
            packages.newer,
            older=packages.older,
            rules=packages.rules,
        )
        for check in checks:
            good = record.check(
                prepared.release,
                check.__name__,
                lambda: check(story),  # noqa: B023
            )
            if not good:
                say(story.monitor.condition())
                break
        for name, figure in story.figures.items():
            say(f"   {prepared.release}: {name}: {figure}")


def examine(prepared: Prepared, folder: Path, record: Record) -> None:
    """Check the package with Debian's own tools."""
    release = prepared.release
    record.check(
        release,
        "lintian --pedantic",
        lambda: artefact.lintian_has_nothing_to_say(prepared.build, prepared.out),
    )
    for package in (prepared.package, client_checks.client_of(prepared.out)):
        record.check(
            release,
            f"piuparts {package.name.partition('_')[0]}",
            lambda: artefact.piuparts_passes(
                release,
                prepared.clean,
                package,  # noqa: B023
                folder / "piuparts.log",
            ),
        )


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/package-test", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help=f"only what CI runs, on {QUICK}")
    add("--release", choices=trees.RELEASES, help="only this one")
    add("--keep", type=Path, metavar="FOLDER", help="keep the trees for another run")
    options = parser.parse_args()
    if reason := trees.why_not():
        say(f"package-test: cannot run here: {reason}")
        return 77
    releases = [options.release or QUICK] if options.quick else trees.RELEASES
    if options.release:
        releases = [options.release]
    record = Record()
    # On a signal, machines and trees are still removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="omprog-panic-package.") as name:
        for release in releases:
            folder = (options.keep or Path(name)) / release
            test_release(release, folder, record, quick=options.quick)
    say(
        f"package-test: {record.good} passed, {record.bad} failed"
        f" on {' and '.join(releases)}"
    )
    return 1 if record.bad else 0


if __name__ == "__main__":
    sys.exit(main())

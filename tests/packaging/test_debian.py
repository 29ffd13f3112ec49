"""debian/ says the same as the rest of the tree."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import omprog_panic
from omprog_panic.cli.options import NOT_CONFIGURED
from omprog_panic.config.load import load_config, load_public
from omprog_panic.errors import NotConfiguredError
from omprog_panic.rsyslog import dropin, switches
from tests.needs import missing_program

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = ROOT / "debian"
UNIT = DEBIAN / "omprog-panic.omprog-panic-alerter.service"

NO_MAKE = missing_program("make")
# What Python calls otherwise than Debian.
NAMES = {"apprise": "apprise", "pyyaml": "python3-yaml"}


def test_the_changelog_has_the_version_of_the_program() -> None:
    first = (DEBIAN / "changelog").read_text().splitlines()[0]

    assert f"({omprog_panic.__version__})" in first


def test_what_python_needs_debian_installs() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = setup["options"]["install_requires"].split()
    needs = {re.split(r"[<>=]", line)[0] for line in lines}
    control = (DEBIAN / "control").read_text()
    depends = control.partition("Package: omprog-panic\n")[2].partition("\n\n")[0]

    missing = {
        name for name in needs if NAMES.get(name, f"python3-{name}") not in depends
    }
    assert not missing


@pytest.mark.parametrize(
    "program", ["rsyslog-values", "rsyslog-restart", "omprog-panic-collector"]
)
def test_what_rsyslogd_depends_on_needs_the_standard_library_alone(
    program: str, tmp_path: Path
) -> None:
    text = (DEBIAN / "programs" / program).read_text()
    assert text.startswith("#!/usr/bin/python3 -IS\n")

    (import_line,) = re.findall(
        r"^from omprog_panic\S* import main", text, re.MULTILINE
    )
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {import_line}"
    subprocess.run([sys.executable, "-IS", "-c", code], check=True, cwd=tmp_path)


def test_programs_and_the_units_name_files_that_are_installed() -> None:
    installed = (DEBIAN / "omprog-panic.install").read_text()

    for path in (dropin.PROGRAM, dropin.COLLECTOR, "/usr/bin/omprog-panic"):
        folder, _, name = path[1:].rpartition("/")
        assert re.search(rf"/{name} {folder}$", installed, re.MULTILINE), path


def test_the_drop_in_is_where_rsyslog_values_looks_for_it() -> None:
    script = (DEBIAN / "omprog-panic.postinst").read_text()

    assert f"dropin={switches.DROP_IN}\n" in script


def test_the_shipped_configuration_is_good_and_only_lacks_a_service(
    tmp_path: Path,
) -> None:
    config = tmp_path / "config.yaml"
    services = DEBIAN / "conf/apprise.yml"
    copy = tmp_path / "apprise.yml"
    copy.touch(mode=0o640)
    copy.write_text(services.read_text())
    text = (DEBIAN / "conf/config.yaml").read_text()
    config.write_text(f"{text}\npaths:\n  apprise: apprise.yml\n")

    with pytest.raises(NotConfiguredError):
        load_config(config, lambda _form, _document: ())


def test_the_examples_in_the_shipped_configuration_are_good(tmp_path: Path) -> None:
    text = (DEBIAN / "conf/config.yaml").read_text()
    examples = text.partition("senders: []\n")[2].replace("#senders", "senders")
    config = tmp_path / "config.yaml"
    config.write_text(examples.replace("#  ", "  "))

    assert [sender.name for sender in load_public(config).senders] == [
        "db-07",
        "rack-3",
    ]


def test_the_unit_knows_the_exit_code_of_a_fresh_installation() -> None:
    unit = UNIT.read_text()

    assert f"SuccessExitStatus={NOT_CONFIGURED}\n" in unit
    assert f"RestartPreventExitStatus={NOT_CONFIGURED} {os.EX_CONFIG}\n" in unit


def test_a_fresh_installation_ends_with_that_exit_code(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("paths:\n  apprise: apprise.yml\n")
    services = tmp_path / "apprise.yml"
    services.touch(mode=0o640)
    services.write_text("# nothing yet\n")
    words = ["-m", "omprog_panic", "alerter", "--config", str(tmp_path / "config.yaml")]
    done = subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == NOT_CONFIGURED
    assert "no service" in done.stderr


@pytest.mark.skipif(bool(NO_MAKE), reason=NO_MAKE)
def test_the_build_never_runs_another_python_that_is_first_in_the_path(
    tmp_path: Path,
) -> None:
    """Such as the one of pyenv, which has none of the packages that we need."""
    done = subprocess.run(
        [
            *("make", "-n", "-f", "debian/rules"),
            *("override_dh_auto_build", "override_dh_auto_test"),
        ],
        cwd=ROOT,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    scripts = [*DEBIAN.glob("*.p*inst"), *DEBIAN.glob("*.p*rm")]
    texts = [done.stdout, *(script.read_text() for script in scripts)]
    called = [found for text in texts for found in re.findall(r"\S*python3?\b", text)]

    assert len(called) >= 3
    assert set(called) == {"/usr/bin/python3"}
    programs = [p for p in (DEBIAN / "programs").iterdir() if p.is_file()]
    for program in programs:
        first = program.read_text().splitlines()[0]
        assert first.startswith(("#!/usr/bin/python3 ", "#!/bin/sh"))

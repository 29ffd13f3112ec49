"""One file a fault: the first comments say what must be found in it, and where.

0xx are config.yaml, 1xx the apprise file. ``# expect LINE: PATH: WORDS``.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from omprog_panic.alerter.setup import load_setup
from omprog_panic.errors import ConfigError
from tests.builders import write_config

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("[0-9]*.yml"))
EXPECTED = re.compile(r"# expect (?P<other>other )?(?P<line>\d+): (?P<rest>.*)")


def load(tmp_path: Path, file: Path) -> tuple[Path, list[str]]:
    config = write_config(tmp_path, ["ops=json://127.0.0.1:8000/good"])
    target = tmp_path / ("apprise.yml" if file.name >= "1" else "config.yaml")
    if target == config:
        (tmp_path / "services.yml").write_text("json://127.0.0.1:8000/good")
    shutil.copyfile(file, target)
    with pytest.raises(ConfigError) as caught:
        load_setup(config)
    return target, caught.value.faults


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_fault_is_named_with_file_line_path_and_remedy(
    tmp_path: Path, file: Path
) -> None:
    target, faults = load(tmp_path, file)

    expected = [m for m in map(EXPECTED.match, file.read_text().splitlines()) if m]
    assert expected, "the file does not say what is wrong with it"
    for wanted in expected:
        where = "" if wanted["other"] else f"{target}:{wanted['line']}: "
        path, _, words = wanted["rest"].partition(": ")
        assert any(
            fault.startswith(where) and f" {path}: " in fault and words in fault
            for fault in faults
        ), f"{wanted[0]!r} is not among {faults}"
    # /etc/omprog-panic/apprise.yml is not there in 0xx: that is one fault more.
    own = [fault for fault in faults if "/etc/omprog-panic" not in fault]
    assert len(own) == len(expected), own
    assert "SECRET" not in str(faults)


def test_numbers_are_used_once() -> None:
    numbers = [file.name[:3] for file in FILES]

    assert len(numbers) == len(set(numbers)) > 20

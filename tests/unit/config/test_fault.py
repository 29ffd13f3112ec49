from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.config.fault import Fault, FaultError, read_text


def test_faults_sort_by_place() -> None:
    faults = [
        Fault("b", 1, "$", "x"),
        Fault("a", 10, "$", "x"),
        Fault("a", 2, "$", "y"),
    ]

    assert [str(fault) for fault in sorted(faults)] == [
        "a:2: $: y",
        "a:10: $: x",
        "b:1: $: x",
    ]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"\xef\xbb\xbflanguage: en\n")

    assert read_text(file) == "language: en\n"


@pytest.mark.parametrize(("mode", "refused"), [(0o640, False), (0o644, True)])
def test_a_secret_file_must_be_closed_to_other_users(
    tmp_path: Path, mode: int, refused: bool
) -> None:
    file = tmp_path / "f"
    file.write_text("x\n")
    file.chmod(mode)

    assert read_text(file) == "x\n"
    if refused:
        with pytest.raises(FaultError, match="all users can access it"):
            read_text(file, secret=True)
    else:
        assert read_text(file, secret=True) == "x\n"

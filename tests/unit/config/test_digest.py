from __future__ import annotations

from pathlib import Path

from omprog_panic.config.digest import changed, digest, digests


def test_comments_and_blank_lines_do_not_count(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("a: 1\n")
    before = digest(file)
    file.write_text("# comment\n\na: 1  \n")

    assert digest(file) == before
    file.write_text("a: 2\n")
    assert digest(file) != before


def test_only_files_with_another_content_have_changed(tmp_path: Path) -> None:
    one, two, gone = (tmp_path / name for name in ("one", "two", "gone"))
    for file in (one, two, gone):
        file.write_text("a\n")
    known = digests([one, two, gone])
    two.write_text("b\n")
    gone.unlink()

    assert changed(known) == [str(two)]
    assert digest(gone) is None

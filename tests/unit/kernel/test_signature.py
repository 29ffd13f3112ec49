"""One row: its pattern is compiled when it is first needed."""

from __future__ import annotations

from omprog_panic.kernel.signature import Signature, warning_pattern
from omprog_panic.model import Severity

ROW = Signature(
    "warning",
    Severity.WARNING,
    "WARNING:",
    warning_pattern(r"fs/acme\.c"),
    title="WARNING",
    source="kernel/panic.c __warn",
)


def test_the_three_forms_of_a_warning_match() -> None:
    for text in (
        "WARNING: at fs/acme.c:7 acme_check()",
        "WARNING: CPU: 1 PID: 7 at fs/acme.c:7 acme_check+0x1/0x2",
        "WARNING: fs/acme.c:7 at acme_check+0x1/0x2, CPU#1: acmed/7",
    ):
        match = ROW.match(text)
        assert match is not None, text
        assert match["F"] == "acme_check"


def test_another_file_does_not_match() -> None:
    assert ROW.match("WARNING: at fs/other.c:7 acme_check()") is None
    assert ROW.starts == ("WARNING:",)

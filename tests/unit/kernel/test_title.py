"""Masking, filling in, spelling."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.title import MAX_TITLE, bare, fill, mask, panic_reason, spell


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("at ffff888012345678", "at ADDR"),
        ("acme_poll+0x1c/0x90", "acme_poll"),
        ("from 10.0.0.2 on CPU#3", "from IP on CPU"),
        ("fs/acme.c:17", "fs/acme.c:LINE"),
        ("x86 has 17 md5 parts", "x86 has NUM md5 parts"),
        ("a \x1b[2J  b", "a [2J b"),
    ],
)
def test_what_differs_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_a_long_text_is_cut() -> None:
    assert len(mask("word " * 100)) <= MAX_TITLE


def test_the_exit_code_is_no_part_of_a_reason() -> None:
    line = "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009"

    assert panic_reason(line) == "Attempted to kill init!"


def test_groups_without_a_value_leave_no_gap() -> None:
    assert fill("KASAN: {type} {access} in {F}", {"type": "x"}) == "KASAN: x in"


@pytest.mark.parametrize("name", ["__x64_sys_rmdir", "SyS_rmdir", "sys_rmdir"])
def test_wrappers_of_system_calls_are_cut(name: str) -> None:
    assert spell(name) in {"sys_rmdir", "rmdir"}
    assert bare(name) == "rmdir"

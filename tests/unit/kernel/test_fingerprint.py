"""What a fingerprint depends on."""

from __future__ import annotations

from omprog_panic.kernel.fingerprint import fingerprint_of


def test_the_spelling_of_a_system_call_does_not_change_it() -> None:
    one = fingerprint_of("WARNING", "__x64_sys_rmdir")

    assert one == fingerprint_of("warning", "SyS_rmdir")
    assert one != fingerprint_of("WARNING", "__x64_sys_mkdir")


def test_without_a_function_the_place_stands_in() -> None:
    one = fingerprint_of("kernel BUG", None, "fs/acme.c")

    assert one != fingerprint_of("kernel BUG", None, "fs/other.c")
    assert one != fingerprint_of("kernel BUG", "fs/acme.c")
    assert len(one) == 16

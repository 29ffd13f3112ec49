"""The table of functions: what is written is found, and damage is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from omprog_panic.kernel.function_table import (
    FunctionTable,
    Place,
    encode,
    function_table,
)

FUNCTIONS = {
    "acme_probe": Place("drivers/acme/core.c", "ACME DRIVER"),
    "shared_name": Place("", "ACME DRIVER"),
    "panic": Place("kernel/panic.c", ""),
}
MODULES = {"acme": Place("drivers/acme/", "ACME DRIVER")}


def test_every_name_is_found_again() -> None:
    table = FunctionTable(encode(FUNCTIONS, MODULES))

    assert {name: table.of_function(name) for name in FUNCTIONS} == FUNCTIONS
    assert table.of_module("acme") == MODULES["acme"]
    assert table.of_function("acme") is None
    assert table.of_module("panic") is None


@pytest.mark.parametrize("cut", [0, 7, 31, 1000, -1])
def test_a_damaged_table_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="table of functions"):
        FunctionTable(encode(FUNCTIONS, MODULES)[:cut])


def test_the_shipped_table_knows_modules_with_a_dash_and_common_functions() -> None:
    table = function_table()

    assert table.of_module("snd-pcm") == ("sound/core/", "SOUND")
    assert table.of_function("tcp_sendmsg") == ("net/ipv4/tcp.c", "NETWORKING [TCP]")


def test_the_collector_does_not_load_it() -> None:
    code = (
        "import sys, omprog_panic.collector.main\n"
        "sys.exit('omprog_panic.kernel.function_table' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

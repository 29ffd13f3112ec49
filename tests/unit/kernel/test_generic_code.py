"""Which functions belong to generic code, and how blame uses it."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.blame import Evidence, find_function
from omprog_panic.kernel.call_trace import parse_items
from omprog_panic.kernel.function_table import function_table
from omprog_panic.kernel.generic_code import EXCEPT, LAYERS, Layer, layer_of


def blame(*names: str) -> str | None:
    texts = ["Call Trace:", *(f" {name}+0x1/0x2" for name in names)]
    return find_function("trace", Evidence(texts, parse_items(texts), None))


@pytest.mark.parametrize(
    ("function", "layer"),
    [
        ("perf_trace_init", "report"),
        ("kasan_report_async", "checkers"),
        ("bin2hex", "library"),
        ("sg_nents_for_len", "library"),
        ("rt_mutex_setprio", None),
        ("rwsem_mark_wake", "locks"),
        ("kvmalloc_node", "allocators"),
        ("device_private_init", "devices"),
        ("kernfs_activate", None),
        ("ext4_fill_super", None),
        ("radix_tree_node_alloc", None),
        ("timerqueue_del", None),
        ("apply_wqattrs_cleanup", None),
        ("srcu_check_nmi_safety", None),
        ("remove_wait_queue", None),
    ],
)
def test_the_file_of_a_function_says_whether_it_is_generic(
    function: str, layer: str | None
) -> None:
    found = layer_of(function)

    assert (found.name if found else None) == layer


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_every_layer_says_why(layer: Layer) -> None:
    assert len(layer.why) > 30


def test_exceptions_are_files_of_a_layer() -> None:
    paths = tuple(path for layer in LAYERS for path in layer.paths)

    assert [file for file in EXCEPT if not file.startswith(paths)] == []


def test_a_generic_function_is_blamed_only_where_nothing_else_is_left() -> None:
    assert blame("bin2hex", "acme_open") == "acme_open"
    assert blame("bin2hex") == "bin2hex"


def test_a_function_that_the_table_does_not_know_may_be_to_blame() -> None:
    assert function_table().of_function("acme_open") is None
    assert layer_of("acme_open") is None

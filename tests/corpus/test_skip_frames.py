"""Every pattern of the skip lists matches a function of a real kernel, and no more.

skip_frames.txt: a category, then names of functions as kernels print them.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from omprog_panic.kernel.skip_frames import (
    EVERYWHERE,
    FOR_A_KIND,
    Category,
    is_skipped,
    regex_of,
)

NAMES = Path(__file__).parent / "skip_frames.txt"
CATEGORIES = EVERYWHERE + FOR_A_KIND
# Functions that bugs were really found in, close in name to what the lists hold.
BLAMED = (
    "ext4_fill_super",
    "tcp_sendmsg",
    "rtnl_lock",
    "remove_wait_queue",
    "__kernfs_remove",
    "netdev_freemem",
    "deactivate_slab",
    "radix_tree_node_alloc",
    "__fput",
    "nvme_irq",
    "skb_release_data",
    "strp_recv",
    "memory_failure",
    "print_unex_entry",
    "panel_probe",
    "list_lru_add",
    "downtime_show",
    "upstream_start",
    "locks_free_lock_context",
    "sched_ttwu_pending",
    "io_serial_out",
    "usb_anchor_resume_wakeups",
    "timerqueue_del",
    "static_key_slow_try_dec",
    "csum_partial",
    "__usb_hcd_giveback_urb",
    "pskb_expand_head",
    "register_netdevice_notifier",
)


def sections() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in NAMES.read_text().splitlines():
        if line.startswith("["):
            names = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            names.extend(line.split())
    return found


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category.name)
def test_every_pattern_has_a_name_and_every_name_a_pattern(category: Category) -> None:
    names = sections()[category.name]
    patterns = [re.compile(rf"_*(?:{regex_of(p)})\Z") for p in category.patterns]
    unused = [
        p
        for p, pattern in zip(category.patterns, patterns, strict=True)
        if not any(map(pattern.match, names))
    ]
    strangers = [n for n in names if not any(p.match(n) for p in patterns)]

    assert unused == []
    assert strangers == []


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category.name)
def test_every_category_says_why(category: Category) -> None:
    assert len(category.why) > 30


@pytest.mark.parametrize("name", BLAMED)
def test_a_function_that_may_be_to_blame_is_in_no_general_list(name: str) -> None:
    assert not is_skipped(name)

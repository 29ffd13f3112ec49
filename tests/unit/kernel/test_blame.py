"""Each rule names the function that its kind of report is about."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.blame import RULES, Evidence, find_function
from omprog_panic.kernel.call_trace import parse_items
from omprog_panic.kernel.signatures import ALL_SIGNATURES


def blame(rule: str, text: str, named: str | None = None) -> str | None:
    texts = text.split("\n")
    return find_function(rule, Evidence(texts, parse_items(texts), named))


def frames(*names: str) -> str:
    return "Call Trace:\n" + "\n".join(f" {name}+0x1c/0x90" for name in names)


CIRCULAR = """WARNING: possible circular locking dependency detected
acmed/1 is trying to acquire lock:
ffff8880 (&a->lock){+.+.}-{3:3}, at: acme_take+0x1/0x2"""
CASES = {
    "the program counter goes first": (
        "pc",
        "RIP: 0010:acme_poll+0x1c/0x90\n" + frames("acme_work"),
        "acme_poll",
    ),
    "a helper is skipped": (
        "pc",
        "RIP: 0010:memcpy+0x1c/0x90\n" + frames("memcpy", "acme_copy"),
        "acme_copy",
    ),
    "a jump to nowhere": ("pc", "RIP: 0010:0x0\n" + frames("acme_call"), "acme_call"),
    "an unreliable frame is no candidate": (
        "trace",
        "Call Trace:\n ? acme_old+0x1/0x2\n acme_new+0x1/0x2",
        "acme_new",
    ),
    "unreliable frames are better than none": (
        "trace",
        "Call Trace:\n ? acme_old+0x1/0x2",
        "acme_old",
    ),
    "the frame above the dispatch point": (
        "stall",
        frames("acme_inner", "acme_loop", "process_one_work", "worker_thread"),
        "acme_loop",
    ),
    "the interrupted code of a stall": (
        "stall",
        frames("watchdog_timer_fn", "asm_sysvec_apic_timer_interrupt", "acme_spin")
        + "\n do_syscall_64+0x1/0x2",
        "acme_spin",
    ),
    "a hung task is named by what it waits for": (
        "hung",
        frames("__schedule", "schedule", "io_schedule", "acme_sync"),
        "acme_sync",
    ),
    "a hung task that waits for rtnl": (
        "hung",
        frames("schedule", "__mutex_lock", "rtnl_lock", "acme_open"),
        "rtnl_lock",
    ),
    "a deadlock is named by the lock being taken": (
        "deadlock",
        CIRCULAR,
        "acme_take",
    ),
    "no frame at all": ("trace", "Modules linked in: acme", None),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_finds_the_function(name: str) -> None:
    rule, text, wanted = CASES[name]

    assert blame(rule, text) == wanted


def test_a_warning_without_a_trace_is_named_by_its_start_line() -> None:
    assert blame("warning", "WARNING: at a.c:7 acme_check()", "acme_check") == (
        "acme_check"
    )


def test_a_neighbour_of_a_function_that_never_returned_was_not_called() -> None:
    text = "Call trace:\n panic+0xfc/0x2ca\n acme_next+0x0/0x74\n acme_read+0x98/0xb4"

    assert blame("panic-trace", text) == "acme_read"


def test_every_rule_is_used_and_every_row_has_a_known_rule() -> None:
    used = {row.rule for row in ALL_SIGNATURES} - {""}

    assert used == set(RULES)

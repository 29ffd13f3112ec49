"""What a host says that is well: judged by a glance, with the result of a thought."""

from __future__ import annotations

import pytest

from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.source import Source
from omprog_panic.collector.state_codec import encode_source
from omprog_panic.collector.stream_record import NOTABLE_KEYS, is_notable
from omprog_panic.kernel.start_line import has_mark, may_start

AT = "2026-11-22T21:00:00.000000+00:00"
CHATTER = [
    "usb 1-1: new high-speed USB device number 4 using xhci_hcd",
    "CPU0: Core temperature above threshold, cpu clock throttled",
    "Restarting tasks ... done.",
    "Internal clock looks good",
    "INFO: lockdep is turned off.",
    "netconsole: checkpointer detect appears untrustworthy, waiting 4 seconds",
    "BUG",
    "",
]
NO_CHATTER = [
    "Kernel panic - not syncing: Fatal exception",
    "BUG: kernel NULL pointer dereference, address: 0000000000000000",
    "Oops: general protection fault, 0000 [#1] PREEMPT SMP",
    "WARNING: CPU: 1 PID: 420 at kernel/foo.c:12 foo+0x1/0x2",
    "INFO: task sleeper:123 blocked for more than 120 seconds.",
    "Linux version 6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org)",
    "reboot: Restarting system",
    "Power down.",
    "netconsole: network logging started",
    "omprog-panic: alive host=web1",
]


@pytest.mark.parametrize("text", CHATTER)
def test_chatter_is_not_notable(text: str) -> None:
    assert not is_notable(text)


@pytest.mark.parametrize("text", NO_CHATTER)
def test_what_means_something_is_notable(text: str) -> None:
    # The first characters are looked at before: both must say so.
    assert text[:3] in NOTABLE_KEYS or may_start(text)
    assert is_notable(text)


@pytest.mark.parametrize("text", NO_CHATTER)
@pytest.mark.parametrize("extended", [False, True])
def test_what_is_notable_goes_the_long_way(text: str, *, extended: bool) -> None:
    sender = Source(TraceLimits())
    head = "6,7,5000001,-;" if extended else "[    5.000001] "
    sender.feed(f"{head}all is well", AT, 1.0)
    append = sender.append_ordinary_line
    assert append is not None
    before = encode_source("a", sender)

    number = "8" if extended else ""
    taken = not has_mark(text)
    taken = taken and append(AT, "payload", text, "5000002", number, 1.1)

    assert not taken
    assert encode_source("a", sender) == before


@pytest.mark.parametrize("text", CHATTER[:-1])
@pytest.mark.parametrize("extended", [False, True])
def test_chatter_leaves_what_the_long_way_leaves(text: str, *, extended: bool) -> None:
    heads = ("6,7,5000001,-;", "6,8,5000002,-;")
    if not extended:
        heads = ("[    5.000001] ", "[    5.000002] ")
    short, long = Source(TraceLimits()), Source(TraceLimits())
    for sender in (short, long):
        sender.feed(f"{heads[0]}all is well", AT, 1.0)

    long.feed(heads[1] + text, AT, 1.1)
    number = "8" if extended else ""
    append = short.append_ordinary_line
    assert append is not None
    assert append(AT, heads[1] + text, text, "5000002", number, 1.1)

    assert encode_source("a", short) == encode_source("a", long)


def test_a_mark_is_found_among_many_lines() -> None:
    """One look at a chunk of lines is enough where none has a mark."""
    assert not has_mark("usb 1-1: new device\nInternal clock looks good\n")
    for start in (NO_CHATTER[0], NO_CHATTER[1], NO_CHATTER[2], NO_CHATTER[4]):
        assert has_mark(f"usb 1-1: new device\nglued {start}\nbye")

"""The lines of call traces and program counters of every architecture."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.call_trace import (
    TraceItemKind,
    parse_frame,
    parse_items,
    parse_pc,
)

FRAMES = {
    "x86": (" acme_poll+0x1c/0x90 [acme]", [("acme_poll", 0x1C, "acme", True)]),
    "x86-leftover": (" ? acme_poll+0x1c/0x90", [("acme_poll", 0x1C, None, False)]),
    "x86-before-4.10": (
        " [<ffffffff814edf4a>] ? acme_poll+0x1c/0x90",
        [("acme_poll", 0x1C, None, False)],
    ),
    "build-id": (
        " acme_poll+0x1c/0x90 [acme 0123456789abcdef0123]",
        [("acme_poll", 0x1C, "acme", True)],
    ),
    "suffix": (" acme_poll.isra.0.cold+0x1c/0x90", [("acme_poll", 0x1C, None, True)]),
    "powerpc": (
        "[c00000000c5e7ce0] [c000000000a1f0b4] .acme_poll+0x1c/0x90 (unreliable)",
        [("acme_poll", 0x1C, None, False)],
    ),
    "s390": (
        "([<000003ff8011e0a2>] acme_poll+0x1c/0x90 [acme])",
        [("acme_poll", 0x1C, "acme", True)],
    ),
    "riscv": (
        "[<ffffffff01a3e01e>] acme_poll+0x1c/0x90",
        [("acme_poll", 28, None, True)],
    ),
    "arm": (
        "[<bf00a03c>] (acme_poll [acme]) from [<80c23ac4>] (panic+0x1c/0x90)",
        [("acme_poll", None, "acme", True), ("panic", 0x1C, None, True)],
    ),
    "arm-new": (
        " acme_poll from kthread+0x1c/0x90",
        [("acme_poll", None, None, True), ("kthread", 0x1C, None, True)],
    ),
    "address-only": (" 0xffffffffc0123456", []),
    "registers": ("RAX: 0000000000000000 RBX: ffff9b1c00000000", []),
    "prose": ("note: acmed[812] exited with irqs disabled", []),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_is_parsed(name: str) -> None:
    text, wanted = FRAMES[name]
    found = [
        (f.function, f.offset, f.module, f.certain) for f in parse_frame(text.strip())
    ]

    assert found == wanted


COUNTERS = {
    "x86_64": "RIP: 0010:acme_poll+0x1c/0x90 [acme]",
    "x86_64-address": (
        "RIP: 0010:[<ffffffff81517d26>]  [<ffffffff81517d26>] acme_poll+0x1c/0x90"
    ),
    "x86_64-again": "RIP  [<ffffffff81517d26>] acme_poll+0x1c/0x90 [acme]",
    "x86-old-ip": "IP: [<ffffffff81517d26>] acme_poll+0x1c/0x90",
    "xen": "RIP: e030:acme_poll+0x1c/0x90",
    "i386": "EIP: acme_poll+0x1c/0x90",
    "i386-old": "EIP is at acme_poll+0x1c/0x90",
    "arm": "PC is at acme_poll+0x1c/0x90 [acme]",
    "arm64": "pc : acme_poll+0x1c/0x90",
    "riscv": "epc : acme_poll+0x1c/0x90 [acme]",
    "mips": "epc   : ffffffff80412a34 acme_poll+0x1c/0x90",
    "powerpc": "NIP [c008000001a30124] .acme_poll+0x1c/0x90 [acme]",
    "s390": "Krnl PSW : 0704c00180000000 000003ff8011e0c2 (acme_poll+0x1c/0x90 [acme])",
    "loongarch": "   ERA: 9000000000221234 acme_poll+0x1c/0x90",
    "sparc64": "TPC: <acme_poll+0x1c/0x90>",
    "others": "PC: [<ffffffff81517d26>] acme_poll+0x1c/0x90",
}


@pytest.mark.parametrize("name", COUNTERS)
def test_the_program_counter_is_parsed(name: str) -> None:
    frame = parse_pc(COUNTERS[name].strip())

    assert frame is not None
    assert frame.function == "acme_poll"
    assert (frame.offset, frame.size) == (0x1C, 0x90)


@pytest.mark.parametrize(
    "text",
    ["RIP: 0033:0x7f1c2e5169ee", "RIP: 0010:0x0", "lr : acme_poll+0x1c/0x90"],
)
def test_user_addresses_and_link_registers_are_no_program_counter(text: str) -> None:
    assert parse_pc(text) is None


def test_a_line_in_two_pieces_is_joined() -> None:
    items = parse_items(
        ["RIP: 0010:[<ffffffff81517d26>] ", " [<ffffffff81517d26>] acme_poll+0x1/0x2"],
    )

    assert [(i.kind, i.frame and i.frame.function) for i in items] == [
        (TraceItemKind.PROGRAM_COUNTER, "acme_poll"),
    ]


def test_a_mark_and_a_frame_may_share_a_line() -> None:
    items = parse_items([" <IRQ>  [<ffffffff81517d26>] acme_irq+0x1/0x2", " <EOI> "])

    assert [item.kind for item in items] == [
        TraceItemKind.MARK,
        TraceItemKind.FRAME,
        TraceItemKind.MARK,
    ]


def test_a_cached_line_gives_the_same_items_at_its_own_place() -> None:
    text = "Call Trace: <IRQ> acme_poll+0x1c/0x90 <EOI>"

    (first, again) = (parse_items([text]), parse_items(["", text, text]))

    assert [item.at for item in again] == [1] * len(first) + [2] * len(first)
    assert [item._replace(at=0) for item in again] == [*first, *first]


def test_a_line_too_long_for_the_cache_is_parsed_as_well() -> None:
    text = " acme_poll+0x1c/0x90" + " " * 3000

    (item,) = parse_items([text + "x"])

    assert item.kind is TraceItemKind.FRAME


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("--- interrupt: 901 at acme_poll+0x74/0x80", True),
        ("--- interrupt: 100 at acme_poll+0x74/0x80", True),
        ("--- Exception: 501 (Hardware Interrupt) at acme_poll+0x74/0x80", True),
        ("--- interrupt: c00 at 0x7fff9a8b1234", False),
        ("--- interrupt: 300 at acme_poll+0x74/0x80", False),
    ],
)
def test_power_marks_what_was_interrupted(text: str, *, marked: bool) -> None:
    marks = [i.text for i in parse_items([text]) if i.kind is TraceItemKind.MARK]

    assert marks == (["<EOI>"] if marked else [])

"""Datagrams as kernels, networks and enemies make them."""

from __future__ import annotations

from hypothesis import strategies as st

from omprog_panic.netconsole.packet import Packet

TEXTS = st.text(
    st.characters(blacklist_categories=["Cs"]),
    max_size=60,
)
# What an extended body may hold: printable ASCII, with \xNN for the rest.
BODIES = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E, blacklist_characters="#"),
    max_size=60,
)
KERNEL_WORDS = st.sampled_from(
    [
        "Kernel panic - not syncing: Fatal exception",
        "---[ end Kernel panic - not syncing: Fatal exception ]---",
        "Rebooting in 3 seconds..",
        "BUG: kernel NULL pointer dereference, address: 0000000000000008",
        "Oops: 0002 [#1] SMP",
        "---[ end trace 0000000000000000 ]---",
        "WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2",
        "Linux version 6.1.0 (x)",
        "netconsole: network logging started",
        "CPU: 0 PID: 1 Comm: x Kdump: loaded Not tainted 6.1",
        "Call Trace:",
        " panic+0x118/0x2f4",
        "watchdog: BUG: soft lockup - CPU#0 stuck for 15s! [x:1]",
        "omprog-panic: farewell host=x",
    ],
)
TIMES = st.integers(0, 10**10)
SEQUENCES = st.integers(0, 2000)


@st.composite
def extended_packets(draw: st.DrawFn) -> Packet:
    return Packet(
        draw(BODIES),
        extended=True,
        prefix=draw(st.integers(0, 191)),
        time_us=draw(TIMES),
        caller=draw(st.none() | st.sampled_from(["T1", "C0", "T123456"])),
        sequence=draw(st.integers(0, 2**64 - 1)),
        flag=draw(st.sampled_from("-c+")),
        release=draw(st.none() | st.sampled_from(["6.12.1-x", "7.3.4+deb13"])),
    )


@st.composite
def datagrams(draw: st.DrawFn) -> str:
    text = draw(KERNEL_WORDS | TEXTS)
    time_us = draw(TIMES)
    match draw(st.integers(0, 4)):
        case 0:
            return text
        case 1:
            return f"[{time_us // 10**6:5}.{time_us % 10**6:06}] {text}"
        case 2:
            body = text.encode("unicode_escape").decode("ascii")
            return f"{draw(st.integers(0, 15))},{draw(SEQUENCES)},{time_us},-;{body}"
        case 3:
            total = draw(st.integers(1, 200))
            offset = draw(st.integers(0, 220))
            header = f"4,{draw(SEQUENCES)},{time_us},-,ncfrag={offset}/{total}"
            return f"{header};{text}"
        case _:
            return f"<{draw(st.integers(0, 300))}>{text}"

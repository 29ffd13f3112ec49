"""What hosts say: chatter and panics, as payloads and as rsyslogd's lines. Pure."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHATTER = (
    "usb 1-1: new high-speed USB device number {n} using xhci_hcd",
    "EXT4-fs (sda{n}): mounted filesystem with ordered data mode. Quota mode: none.",
    "e1000e 0000:00:1f.6 eth0: NIC Link is Up 1000 Mbps Full Duplex, Flow: None",
    "systemd[1]: Started Session {n} of user root.",
    "IPv6: ADDRCONF(NETDEV_CHANGE): veth{n}: link becomes ready",
    "perf: interrupt took too long ({n} > 3976), lowering sample rate",
    "nvme nvme0: {n}/0/0 default/read/poll queues",
    "CPU{n}: Core temperature above threshold, cpu clock throttled",
    "device veth{n} entered promiscuous mode",
)
_CALLS = (
    "dump_stack_lvl+0x44/0x5c",
    "sysrq_handle_crash+0x16/0x20",
    "__handle_sysrq.cold+0x45/0x96",
    "write_sysrq_trigger+0x24/0x40",
    "proc_reg_write+0x54/0xa0",
    "vfs_write+0xe0/0x400",
    "do_syscall_64+0x55/0xb0",
    "entry_SYSCALL_64_after_hwframe+0x6e/0xd8",
)


def panic_texts(reason: str, records: int) -> list[str]:
    """Write a whole panic of so many records, first and last line included."""
    head = [
        f"Kernel panic - not syncing: {reason}",
        "CPU: 1 PID: 420 Comm: bash Not tainted 6.1.0-56-cloud-amd64 #1  Debian",
        "Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2 04/01/2014",
        "Call Trace:",
        " <TASK>",
    ]
    tail = [" </TASK>", f"---[ end Kernel panic - not syncing: {reason} ]---"]
    count = max(0, records - len(head) - len(tail))
    calls = [f" {_CALLS[n % len(_CALLS)]}" for n in range(count)]
    return [*head, *calls, *tail]


class Host:
    """One sending kernel: its clock, its numbering, its format."""

    def __init__(self, ip: str, chance: random.Random, *, extended: bool) -> None:
        self.ip = ip
        self._chance = chance
        self._extended = extended
        self._us = chance.randrange(5_000_000, 900_000_000)
        self._sequence = chance.randrange(500, 5000)

    def say(self, text: str) -> str:
        """Return one record as its datagram, without the final line feed."""
        self._us += self._chance.randrange(20, 4000)
        self._sequence += 1
        if self._extended:
            return f"6,{self._sequence},{self._us},-;{text}"
        return f"[{self._us // 10**6:5}.{self._us % 10**6:06}] {text}"

    def chat(self) -> str:
        """Return a record that means nothing."""
        pattern = self._chance.choice(CHATTER)
        return self.say(pattern.format(n=self._chance.randrange(9999)))


def make_hosts(count: int, chance: random.Random) -> list[Host]:
    """Make so many hosts in 10.0.0.0/8; every second one sends extended format."""
    return [
        Host(f"10.1.{n >> 8}.{n & 255}", chance, extended=n % 2 == 0)
        for n in range(count)
    ]


def line_of(ip: str, payload: str, number: int) -> str:
    """Write what the template of rsyslog.d makes of a datagram."""
    seconds, micros = divmod(number * 20, 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    at = f"2026-11-22T21:{minutes % 60:02d}:{seconds:02d}.{micros:06d}+00:00"
    raw = payload.replace("/", "\\/")
    return f'{{"ip":"{ip}", "at":"{at}", "raw":"{raw}"}}\n'


def mixed_lines(
    hosts: int,
    chatter: int,
    trace: int,
    dying: int,
    seed: int = 1,
) -> Iterator[str]:
    """Interleave hosts that all chat; so many of them panic within that."""
    chance = random.Random(seed)
    senders = make_hosts(hosts, chance)
    plans = []
    for n, sender in enumerate(senders):
        texts = panic_texts(f"crash of host {n}", trace)
        # When it panics, and so many other lines come first.
        panics_at = chance.randrange(chatter) if n < dying else -1
        plans.append((sender, panics_at, iter(texts)))
    number = 0
    for turn in range(chatter):
        chance.shuffle(plans)
        for sender, panics_at, _ in plans:
            number += 1
            if turn != panics_at:
                yield line_of(sender.ip, sender.chat(), number)
        panicking = [plan for plan in plans if plan[1] == turn]
        while panicking:
            # Those that panic in the same moment are heard by turns.
            still = []
            for plan in panicking:
                text = next(plan[2], None)
                if text is not None:
                    number += 1
                    yield line_of(plan[0].ip, plan[0].say(text), number)
                    still.append(plan)
            panicking = still

"""Hosts that share addresses, clocks that jump, forged words: no fault of ours."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.pipeline import Pipeline, PipelineLimits
from omprog_panic.collector.source import MAX_OTHERS
from omprog_panic.collector.state_codec import decode_source, encode_source
from omprog_panic.spool.codec import decode, encode
from tests.omprog_driver import envelope

TEXTS = (
    "Linux version 6.1.0 (x)",
    "Kernel panic - not syncing: x",
    "---[ end Kernel panic - not syncing: x ]---",
    "BUG: kernel NULL pointer dereference, address: 0",
    "---[ end trace 0 ]---",
    "netconsole: network logging started",
    "reboot: Restarting system",
    "omprog-panic: alive host=x",
    "Rebooting in 5 seconds..",
    "x\n host=a\n release=6.2",
    *("words", "more words", "other words") * 4,
)
PAUSES_S = (0, 0, 0, 0.0005, 0.01, 0.25, 0.9, 1.2, 3, 12, 70, 700)
BOTH = AllowedNetworks(["10.0.0.0/8", "10.0.0.1"])


class Said(NamedTuple):
    now: float
    at: float
    payload: str
    ip: str


class Crowd:
    """Seeded: kernels with clocks and numbers of their own, and liars among them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = self.at = 0.0
        pick = self.chance.choice
        self.hosts = [
            [pick([-90_000.0, -700.0, -10.0, 0.0, 30.0]), pick([0, 300, 5000])]
            for _ in range(self.chance.randint(1, 7))
        ]

    def next(self) -> Said:
        chance = self.chance
        pause_s = chance.choice(PAUSES_S)
        self.now += pause_s + (100 if chance.random() < 0.02 else 0)
        set_back_s = chance.choice([1, 30, 3600]) if chance.random() < 0.02 else 0
        self.at = max(0.0, self.at + pause_s - set_back_s)
        host = chance.choice(self.hosts)
        if chance.random() < 0.03:
            host[:] = [self.at, -1]  # it boots
        host[1] = max(0, host[1] + chance.choice([1, 1, 1, 1, 1, 2, 70, -3]))
        kernel_s = max(0.0, self.at - host[0])
        if chance.random() < 0.1:
            kernel_s = chance.choice([0.0, 1.0, 1e6 * chance.random()])
        ip = f"10.0.0.{chance.choice([1, 1, 1, 1, 2, 3, 4])}"
        return Said(self.now, self.at % 3600, self._payload(host, kernel_s), ip)

    def _payload(self, host: list[float], kernel_s: float) -> str:
        chance, us = self.chance, int(kernel_s * 1e6)
        text = chance.choice(TEXTS)
        if self.hosts.index(host) % 2:
            odd = f",ncfrag={chance.choice([0, 10])}/{chance.choice([30, 40])}"
            keys = odd if chance.random() < 0.1 else ""
            flag = chance.choice("---+c")
            return f"{chance.choice([4, 12])},{int(host[1])},{us},{flag}{keys};{text}"
        stamp = f"[{us // 10**6:5}.{us % 10**6:06}] " if chance.random() < 0.95 else ""
        return f"{stamp}{text}"


def disturb(pipeline: Pipeline, chance: random.Random, now: float) -> None:
    """Restart, change of the allowed networks, memory limit."""
    if chance.random() < 0.05:
        for ip, sender in list(pipeline.sources.items()):
            if not sender.undecided:
                state = encode_source(ip, sender)
                same_ip, again = decode_source(state, pipeline.trace_limits)
                assert same_ip == ip
                assert encode_source(ip, again) == state
                pipeline.adopt(ip, again)
    if chance.random() < 0.02:
        listed = chance.choice([AllowedNetworks(["10.0.0.1"]), BOTH])
        pipeline.allow(listed, now)
    if chance.random() < 0.03:
        pipeline.keep_within_memory(now)


@pytest.mark.parametrize("seed", range(25))
def test_no_crowd_at_one_address_is_too_strange(seed: int) -> None:
    crowd = Crowd(seed)
    limits = TraceLimits(
        context_records=crowd.chance.choice([0, 3, 200]),
        max_records=crowd.chance.choice([3, 12, 5000]),
    )
    pipeline = Pipeline(limits, PipelineLimits(3, 20_000), BOTH)
    for _ in range(120):
        said = crowd.next()
        pipeline.tick(said.now)
        pipeline.feed(envelope(said.payload, said.ip, said.at), said.now)
        disturb(pipeline, crowd.chance, said.now)
        for sender in pipeline.sources.values():
            assert len(sender.others) <= MAX_OTHERS
    for _ in range(2000):
        deadline = pipeline.deadline()
        if deadline is None:
            break
        pipeline.tick(deadline)

    assert pipeline.deadline() is None
    assert not pipeline.faults
    for record in pipeline.take():
        assert decode(encode(record)) == record

"""Two hosts behind one address, and the rest of a boot that is over."""

from __future__ import annotations

import random

import pytest

from omprog_panic.collector.source import MAX_OTHERS
from omprog_panic.model import EndReason
from tests.omprog_driver import envelope
from tests.replayer import Datagram, Replay, replay

OOPS = "BUG: kernel NULL pointer dereference, address: 0000000000000000"
PANIC = "Kernel panic - not syncing: Fatal exception"
END = f"---[ end {PANIC} ]---"
FORMS = pytest.mark.parametrize("form", ["basic", "extended"])


class Host:
    """A kernel that booted at a time and says things."""

    def __init__(self, booted_s: float, form: str, number: int = 0) -> None:
        self.booted_s = booted_s
        self.form = form
        self.number = number

    def says(self, at: float, text: str) -> Datagram:
        us = round((at - self.booted_s) * 1_000_000)
        self.number += 1
        if self.form == "extended":
            return at, f"4,{self.number},{us},-;{text}"
        return at, f"[{us // 10**6:5}.{us % 10**6:06}] {text}"


def two_hosts(form: str) -> tuple[Host, Host]:
    return Host(-90_000.0, form, 5000), Host(-700.0, form, 900)


@FORMS
@pytest.mark.parametrize("pause_s", [0.01, 0.4, 3.0, 40.0, 700.0])
def test_two_hosts_behind_one_address_never_look_like_boots(
    form: str,
    pause_s: float,
) -> None:
    hosts = two_hosts(form)
    chance = random.Random(7)
    at, datagrams = 0.0, []
    for number in range(60):
        at += pause_s * chance.uniform(0.5, 1.5)
        datagrams.append(chance.choice(hosts).says(at, f"words {number}"))
    run = replay(datagrams)

    assert run.boots == []
    assert run.incidents == []


@FORMS
def test_two_hosts_behind_one_address_panic_at_once_and_are_kept_apart(
    form: str,
) -> None:
    old, young = two_hosts(form)
    datagrams = [
        (old if n % 3 else young).says(n * 20.0, f"words {n}") for n in range(12)
    ]
    begin = 300.0
    texts = [OOPS, *(f"line {n}" for n in range(50)), PANIC, END]
    for number, text in enumerate(texts):
        datagrams.append(old.says(begin + number / 500, f"{text}"))
        datagrams.append(young.says(begin + number / 500 + 0.001, f"{text}"))
    run = replay(datagrams)

    assert run.boots == []
    assert len(run.incidents) == 2
    for incident in run.incidents:
        trace = incident.records[incident.context :]
        assert [r.text for r in trace] == texts
        assert incident.end is EndReason.TERMINATOR
        assert incident.losses.total == 0
        stamps = [r.time_us or 0 for r in trace]
        assert stamps == sorted(stamps)


@FORMS
def test_a_second_host_that_is_first_heard_with_its_panic(form: str) -> None:
    old, young = two_hosts(form)
    datagrams = [old.says(n * 5.0, f"words {n}") for n in range(12)]
    texts = [PANIC, "CPU: 0 PID: 1 Comm: sh", END]
    datagrams += [young.says(57.0 + n / 1000, text) for n, text in enumerate(texts)]
    datagrams += [old.says(60.0 + n, f"more {n}") for n in range(12)]
    run = replay(datagrams)

    (incident,) = run.incidents
    trace = incident.records[incident.context :]
    assert [r.text for r in trace] == texts
    assert incident.end is EndReason.TERMINATOR
    assert run.boots == []


@FORMS
def test_a_host_that_boots_behind_a_shared_address_is_told_once(form: str) -> None:
    """Which of them it was nobody can know; after that both are heard as before."""
    old = Host(-90_000.0, form, 5000)
    datagrams = [old.says(n * 7.0, f"words {n}") for n in range(9)]
    fresh = Host(70.0, form, -1)
    datagrams += [fresh.says(70.0, "Linux version 6.1.0 (x)")]
    datagrams += [fresh.says(82.0 + n / 1000, f"driver {n}") for n in range(90)]
    for number in range(40):
        datagrams.append((old, fresh)[number % 2].says(100.0 + 9 * number, f"{number}"))
    run = replay(datagrams)

    assert len(run.boots) == 1


@FORMS
def test_many_hosts_behind_one_address_are_bounded(form: str) -> None:
    hosts = [Host(-1000.0 * (n + 1), form, 3000 * n) for n in range(20)]
    chance = random.Random(3)
    run = Replay()
    for number in range(2000):
        run.send([chance.choice(hosts).says(number * 2.0, f"words {number}")])
    run.finish()

    assert len(run.pipeline.sources["10.0.0.2"].others) <= MAX_OTHERS


@FORMS
@pytest.mark.parametrize("heard", [1, 3, 20])
def test_a_panic_that_comes_after_the_next_boot_is_reported_though_its_oops_was(
    form: str,
    heard: int,
) -> None:
    """rsyslogd's disk queue: what is new goes first, what waited comes after it."""
    old, new = Host(-90_000.0, form, 5000), Host(40.0, form, -1)
    texts = [OOPS, *(f"line {n}" for n in range(30)), PANIC, END]
    crash = [old.says(10.0 + n / 1000, text) for n, text in enumerate(texts)]
    boot = [new.says(40.0, "Linux version 6.1.0 (x)")]
    boot += [new.says(52.0 + n / 1000, f"driver {n}") for n in range(60)]
    run = Replay()
    run.send([old.says(1.0, "before"), *crash[:heard], *boot])
    for number, (received, payload) in enumerate(crash[heard:]):
        at = 60.0 + number / 1000
        run.until(at)
        run.pipeline.feed(envelope(payload, "10.0.0.2", received), at)
        if number % 10 == 0:
            run.send([new.says(at, f"between {number}")])
    run.send([new.says(90.0 + n, f"later {n}") for n in range(5)])
    run.finish()

    # The first one could not name the panic: it had not arrived.
    assert [i.onset.text for i in run.incidents] == [OOPS, PANIC]
    assert run.incidents[0].boot == run.incidents[1].boot
    assert len(run.boots) == 1


@FORMS
def test_a_whole_panic_that_comes_after_the_next_boot_is_one_of_the_old_boot(
    form: str,
) -> None:
    old, new = Host(-90_000.0, form, 5000), Host(40.0, form, -1)
    texts = [OOPS, "line", PANIC, END]
    crash = [old.says(10.0 + n / 1000, text) for n, text in enumerate(texts)]
    run = Replay()
    run.send([old.says(1.0, "before"), new.says(40.0, "Linux version 6.1.0 (x)")])
    run.send([new.says(52.0 + n / 1000, f"driver {n}") for n in range(60)])
    for number, (received, payload) in enumerate(crash):
        at = 60.0 + number / 1000
        run.until(at)
        run.pipeline.feed(envelope(payload, "10.0.0.2", received), at)
    run.send([new.says(90.0 + n, f"later {n}") for n in range(5)])
    run.finish()

    (incident,) = run.incidents
    assert [r.text for r in incident.records[incident.context :]] == texts
    assert len(run.boots) == 1
    assert incident.boot != run.boots[0].boot


@pytest.mark.parametrize("pause_s", [0.3, 0.999995, 1.0, 5.0])
def test_hosts_that_are_told_apart_within_a_record_keep_its_fragments(
    pause_s: float,
) -> None:
    """What tells them apart may be the first fragment of a panic, or its time."""
    old, new = Host(-4000.0, "extended", 13), Host(0.0, "extended", -1)
    datagrams = [old.says(at, f"chatter {at}") for at in (1.0, 11.0, 11.5)]
    datagrams.append(new.says(12.0, "omprog-panic: alive host=x boot=b2"))
    at, whole = new.says(12.0 + pause_s, PANIC)
    header, _, text = whole.partition(";")
    for begun, over in ((0, 13), (13, len(text))):
        part = f"{header},ncfrag={begun}/{len(text)};{text[begun:over]}"
        datagrams.append((at + begun * 1e-6, part))

    result = replay(datagrams)
    assert [PANIC in i.onset.text for i in result.incidents] == [True]


def test_a_panic_at_time_0_of_a_second_host_is_one_incident() -> None:
    """A forged clock: it began a burst that was decided to be another host's, again."""
    old = Host(-4000.0, "extended", 13)
    datagrams = [old.says(at, f"chatter {at}") for at in (1.0, 11.0, 11.5)]
    datagrams.append((14.0, f"4,500,0,-;{PANIC}"))
    datagrams.append(old.says(15.0, "chatter"))

    result = replay(datagrams)
    assert [i.onset.text for i in result.incidents] == [PANIC]

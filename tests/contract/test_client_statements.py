"""What a sending host says is what the monitor reads."""

from __future__ import annotations

import json

import pytest

import omprog_panic
import omprog_panic_client
from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.client_message import PREFIX, parse_client_message
from omprog_panic.collector.pipeline import Pipeline
from omprog_panic.spool.record import AliveRecord
from omprog_panic_client import message

IDENTITY = message.Identity(
    host="db-07.example.org",
    boot="6b8f2a0e-7f3c-4a53-9d1c-2f60a3c1b9d2",
    kernel="6.12.117+deb12-cloud-amd64",
    version="0.1.0",
)
SAID = {
    "alive": message.alive(IDENTITY, 1020),
    "farewell": message.farewell(IDENTITY),
    "drill": message.drill(IDENTITY),
    "verify": message.verify(IDENTITY, "0123456789abcdef"),
}


def test_both_packages_are_one_version() -> None:
    assert omprog_panic_client.__version__ == omprog_panic.__version__
    assert message.PREFIX == PREFIX


@pytest.mark.parametrize("word", SAID)
def test_the_monitor_reads_what_the_client_says(word: str) -> None:
    read = parse_client_message(SAID[word])

    assert read is not None
    assert read.kind == word
    assert read.values["host"] == IDENTITY.host
    assert read.values["boot"] == IDENTITY.boot
    assert read.values["kernel"] == IDENTITY.kernel
    assert read.values["version"] == IDENTITY.version


@pytest.mark.parametrize("extended", [True, False], ids=["extended", "basic"])
@pytest.mark.parametrize("word", SAID)
def test_the_collector_publishes_it(word: str, extended: bool) -> None:
    text = SAID[word]
    head = "12,400,9000000,-;" if extended else "[    9.000000] "
    pipeline = Pipeline(allowed=AllowedNetworks(["10.0.0.0/8"]))
    at = "2026-11-23T00:00:00.000000+00:00"
    line = json.dumps({"ip": "10.0.0.2", "at": at, "raw": f"{head}{text}"})
    pipeline.feed(line.encode(), 1.0)
    pipeline.tick(60.0)
    found = [
        record
        for record in pipeline.take()
        if isinstance(record, AliveRecord) and record.says != "heard"
    ]

    assert [record.says for record in found] == [word]
    assert found[0].host == IDENTITY.host
    assert found[0].client_version == "0.1.0"
    assert found[0].next_s == (1020 if word == "alive" else None)
    assert found[0].token == ("0123456789abcdef" if word == "verify" else None)


@pytest.mark.parametrize("text", SAID.values(), ids=SAID)
def test_it_fits_one_datagram_at_its_longest(text: str) -> None:
    longest = message.Identity("h" * 300, "b" * 300, "k" * 300, "v" * 300)

    assert len(text) < 300
    assert len(message.verify(longest, "t" * 300)) < 900
    assert len(message.repaired("m" * 5000)) < 900


def test_a_value_cannot_forge_another() -> None:
    forged = message.Identity("a next=1\nb", "", "", "")

    assert message.alive(forged, 60) == "omprog-panic: alive host=anext=1b next=60"
    read = parse_client_message(message.alive(forged, 60))
    assert read is not None
    assert read.values["next"] == "60"


def test_words_of_mending_are_no_statement_to_the_monitor() -> None:
    assert parse_client_message(message.repaired("the MAC")) is None

"""Every capture of a real panic, replayed in its own time: the golden table."""

from __future__ import annotations

import json

import pytest

from omprog_panic.model import EndReason
from tests.omprog_driver import REPOSITORY
from tests.replayer import CAPTURES, Datagram, load_capture, replay

GOLDEN = REPOSITORY / "tests" / "golden" / "captures.json"
NAMES = sorted(path.stem for path in CAPTURES.glob("*.jsonl"))


def summary(name: str) -> dict[str, object]:
    run = replay(load_capture(name))
    return {
        "boots": [
            {"announced": b.announced, "kernel": b.kernel, "after": b.last_text}
            for b in run.boots
        ],
        "incidents": [
            {
                "onset": i.onset.text.split("\n")[0],
                "last": i.records[-1].text.split("\n")[0],
                "end": i.end.value,
                "context": i.context,
                "records": len(i.records) - i.context,
                "lost": i.losses.total,
                "replayed": i.losses.replayed,
                "form": i.form,
                "kernel": i.kernel,
                "before_listening": i.before_listening,
            }
            for i in run.incidents
        ],
        "known": run.pipeline.counters["known_incidents"],
    }


def test_the_table_names_every_capture() -> None:
    assert sorted(json.loads(GOLDEN.read_text())) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_incidents_of_a_capture(name: str) -> None:
    assert summary(name) == json.loads(GOLDEN.read_text())[name]


PANICS = {
    "sysrq-crash-basic-halts": EndReason.TERMINATOR,
    "sysrq-crash-basic-reboots": EndReason.REBOOTING,
    "sysrq-crash-extended-reboots": EndReason.REBOOTING,
    "init-killed-basic-reboots": EndReason.REBOOTING,
    "oom-panic-extended-reboots": EndReason.REBOOTING,
}


def sent_text(payload: str) -> str:
    """What a datagram says, by hand and not by our parser."""
    if payload.startswith("["):
        lines = payload.removesuffix("\n").split("\n")
        return "\n".join(line[line.index("]") + 2 :] for line in lines)
    text = payload.partition(";")[2].removesuffix("\n").split("\n")[0]
    return text.replace("\\x0a", "\n").replace("\\x09", "\t").replace("\\x5c", "\\")


@pytest.mark.parametrize("name", sorted(PANICS))
def test_the_trace_is_what_was_sent(name: str) -> None:
    datagrams = load_capture(name)
    (incident,) = replay(datagrams).incidents

    sent = [sent_text(payload) for _, payload in datagrams]
    got = [record.text for record in incident.records]
    assert got == sent[-len(got) :]
    assert incident.end is PANICS[name]
    assert incident.context == 200
    assert incident.onset.text.startswith("Kernel panic - not syncing")


@pytest.mark.parametrize("name", sorted(PANICS))
def test_without_its_terminator_a_trace_ends_by_silence(name: str) -> None:
    (incident,) = replay(load_capture(name)[:-1]).incidents

    assert incident.end is EndReason.SILENCE


def merged(*hosts: list[Datagram]) -> list[tuple[float, int, str]]:
    return sorted(
        (at, host, payload)
        for host, datagrams in enumerate(hosts)
        for at, payload in datagrams
    )

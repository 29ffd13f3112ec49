"""Lines to records: limits over all sources, and when something is due."""

from __future__ import annotations

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.pipeline import Pipeline, PipelineLimits
from omprog_panic.spool.record import AliveRecord, CountersRecord, IncidentRecord
from tests.omprog_driver import envelope

PANIC = "[    5.000000] Kernel panic - not syncing: x"
NETWORKS = AllowedNetworks(["10.0.0.0/8"])


def make_pipeline(**limits: int) -> Pipeline:
    return Pipeline(limits=PipelineLimits(**limits), allowed=NETWORKS)


def test_what_is_no_line_of_ours_is_counted() -> None:
    pipeline = make_pipeline()
    pipeline.feed(b'{"ip":1}\n\nnonsense', 1.0)

    assert pipeline.counters["malformed_lines"] == 3


def test_a_sign_of_life_is_reported_once_a_minute() -> None:
    pipeline = make_pipeline()
    for now in (0.0, 1.0, 59.0, 61.0):
        pipeline.feed(envelope(f"[{now + 5:5.0f}.000000] x", "10.0.0.2", now), now)

    signs = [r for r in pipeline.take() if isinstance(r, AliveRecord)]
    assert [sign.at[14:19] for sign in signs] == ["00:00", "01:01"]


def test_few_sources_that_hold_too_much_are_closed_one_by_one() -> None:
    pipeline = make_pipeline(max_memory_bytes=5000)
    for host in (2, 3, 4):
        pipeline.feed(envelope(PANIC + "x" * 2000, f"10.0.0.{host}"), float(host))
    pipeline.keep_within_memory(5.0)

    closed = [r for r in pipeline.take() if isinstance(r, IncidentRecord)]
    assert [incident.source for incident in closed] == ["10.0.0.2"]
    assert sorted(pipeline.sources) == ["10.0.0.3", "10.0.0.4"]


def test_sources_outside_the_networks_are_closed() -> None:
    pipeline = make_pipeline()
    pipeline.feed(envelope(PANIC, "10.0.0.2"), 1.0)
    pipeline.allow(AllowedNetworks(["192.0.2.0/24"]), 2.0)

    assert pipeline.sources == {}
    assert pipeline.counters["evicted_hosts"] == 1
    assert any(isinstance(record, IncidentRecord) for record in pipeline.take())


def test_a_late_tick_gives_what_ticks_in_time_give() -> None:
    late, in_time = make_pipeline(), make_pipeline()
    for pipeline in (late, in_time):
        pipeline.feed(envelope(PANIC, "10.0.0.2"), 1.0)
        pipeline.feed(b"nonsense", 1.0)
    late.tick(1000.0)
    while (deadline := in_time.deadline()) is not None:
        in_time.tick(deadline)

    records = late.take()
    assert records == in_time.take()
    assert isinstance(records[-1], CountersRecord)
    assert not late.recording


def test_a_link_local_sender_is_the_listed_one_whatever_its_interface() -> None:
    pipeline = Pipeline(allowed=AllowedNetworks(["fe80::1%eth0"]))
    for ip in ("fe80::1%va", "fe80::1", "FE80::1%2"):
        pipeline.feed(envelope("[    1.500000] A", ip), 0.0)

    assert list(pipeline.sources) == ["fe80::1"]
    assert pipeline.sources["fe80::1"].named

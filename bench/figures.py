"""What a measurement gives: named figures, each with its unit and what must hold."""

from __future__ import annotations

import dataclasses
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Figures = dict[str, float]


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """What a figure must be; ``at_least`` or ``below``, either may be missing."""

    words: str
    at_least: float | None = None
    below: float | None = None

    def held(self, value: float) -> bool | None:
        """Whether the value is as it must be; None: nothing was asked of it."""
        if self.at_least is not None:
            return value >= self.at_least
        return None if self.below is None else value < self.below


TARGETS = {
    "protocol_ratio": Target("confirmed lines/s, ours : do-nothing C"),
    "protocol_ratio_python": Target("the same : do-nothing Python", at_least=0.95),
    "protocol_lines_per_s": Target("confirmed lines/s, ours"),
    "protocol_lines_per_s_c": Target("confirmed lines/s, do-nothing C"),
    "protocol_lines_per_s_python": Target("confirmed lines/s, do-nothing Python"),
    "collector_lines_per_s": Target("lines/s of the collector alone, mixed load"),
    "collector_to_protocol_ratio": Target("the same : confirmed C", at_least=4.0),
    "sec_lines_per_s": Target("lines/s of SEC on the same file"),
    "sec_ratio": Target("ours : SEC", at_least=4.0),
    "spool_delay_ms_p50": Target("last datagram to spool file, tmpfs", below=20.0),
    "spool_delay_ms_p99": Target("the same, 99th percentile"),
    "alert_delay_ms_p50": Target("last datagram to alert, tmpfs", below=60.0),
    "alert_delay_ms_p99": Target("the same, 99th percentile", below=200.0),
    "spool_delay_disk_ms_p50": Target("last datagram to spool file, disk"),
    "spool_delay_disk_ms_p99": Target("the same, 99th percentile"),
    "alert_delay_disk_ms_p50": Target("last datagram to alert, disk"),
    "alert_delay_disk_ms_p99": Target("the same, 99th percentile"),
    "post_at_once_ms_p50": Target("a script that posts the terminator line only"),
    "post_at_once_ms_p99": Target("the same, 99th percentile"),
    "rss_idle_mb": Target("resident memory, idle", below=20.0),
    "rss_10k_traces_mb": Target("with 10,000 open traces of 100 lines", below=250.0),
    "rss_flood_mb": Target("after 1,000,000 forged addresses that are allowed"),
    "rss_flood_refused_mb": Target("after 1,000,000 addresses that are refused"),
    "flood_panic_delay_ms": Target("a panic in that flood to its file", below=1000.0),
    "cold_start_ms": Target("exec to the first OK", below=100.0),
    "first_line_ms": Target("exec to the first confirmed line"),
    "storm_sent": Target("storm: datagrams sent"),
    "storm_socket_dropped": Target("storm: dropped by the kernel's socket"),
    "storm_counted": Target("storm: datagrams that imudp counted"),
    "storm_in_traces": Target("storm: datagrams that are in a trace"),
    "storm_incidents": Target("storm: incidents"),
    "storm_complete": Target("storm: with every line"),
    "storm_drained_s": Target("storm: seconds from the first datagram", below=90.0),
    "storm_rss_mb": Target("storm: the collector's peak of resident memory"),
    "intake_records_per_s": Target("incidents/s into the database", at_least=1000.0),
    "intake_first_alert_s": Target("storm: until the first alerts wait", below=1.0),
    "intake_first_alerts": Target("storm of 3 causes: first alerts", below=4.0),
    "intake_follow_ups": Target("storm of 3 causes: follow-ups", below=4.0),
    "intake_stored": Target("storm: incidents stored", at_least=10_000.0),
    "heartbeats_cpu_percent": Target("heartbeats of 1,000 senders, % core", below=1.0),
    "analysis_lines_per_s": Target("lines/s of the analysis, mixed log"),
}


def percentile(values: Sequence[float], per_cent: int) -> float:
    """Return a percentile by nearest rank: a value that was measured."""
    ordered = sorted(values)
    rank = -(-len(ordered) * per_cent // 100)
    return ordered[max(0, rank - 1)]


def delays(name: str, seconds: Sequence[float]) -> Figures:
    """Sum up delays in milliseconds: median and 99th percentile."""
    return {
        f"{name}_ms_p50": round(statistics.median(seconds) * 1000, 2),
        f"{name}_ms_p99": round(percentile(seconds, 99) * 1000, 2),
    }

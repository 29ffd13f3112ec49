"""The command line of the collector, as rsyslogd's drop-in writes it."""

from __future__ import annotations

import argparse
from pathlib import Path

from omprog_panic import __version__
from omprog_panic.collector.journal import JournalLimits
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.pipeline import PipelineLimits
from omprog_panic.spool.writer import MAX_BYTES


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; plain words only, rsyslog 8.2302 does not know quotes."""
    parser = argparse.ArgumentParser(
        prog="omprog-panic-collector",
        description="Collects netconsole traces; rsyslogd (omprog) starts it.",
    )
    trace, sizes = TraceLimits(), JournalLimits()
    add = parser.add_argument
    add("--spool", type=Path, required=True, metavar="DIR")
    add("--journal", type=Path, required=True, metavar="DIR")
    add(
        "--allow",
        type=Path,
        metavar="FILE",
        help="the allowed networks, one CIDR per line; without it only loopback",
    )
    add("--context", type=_count, default=trace.context_records, metavar="RECORDS")
    add("--silence", type=_seconds, default=trace.silence_s, metavar="SECONDS")
    add(
        "--kdump-silence",
        type=_seconds,
        default=trace.kdump_silence_s,
        metavar="SECONDS",
    )
    add("--settle", type=_seconds, default=trace.settle_s, metavar="SECONDS")
    add("--max-age", type=_seconds, default=trace.max_age_s, metavar="SECONDS")
    add("--max-records", type=_positive, default=trace.max_records, metavar="RECORDS")
    add("--max-bytes", type=_positive, default=trace.max_bytes, metavar="BYTES")
    add("--max-hosts", type=_positive, default=PipelineLimits().max_hosts)
    add("--memory-bytes", type=_positive, default=PipelineLimits().max_memory_bytes)
    add("--spool-bytes", type=_positive, default=MAX_BYTES, metavar="BYTES")
    add("--journal-bytes", type=_positive, default=sizes.max_bytes, metavar="BYTES")
    add("--journal-segment", type=_positive, default=sizes.segment_bytes)
    add("--after-ok", action="store_true", help="the OK at start was already sent")
    add("--version", action="version", version=__version__)
    return parser


def trace_limits(options: argparse.Namespace) -> TraceLimits:
    """Return the bounds of a trace."""
    return TraceLimits(
        context_records=options.context,
        silence_s=options.silence,
        kdump_silence_s=min(options.kdump_silence, options.silence),
        settle_s=options.settle,
        max_age_s=options.max_age,
        max_records=options.max_records,
        max_bytes=options.max_bytes,
    )


def pipeline_limits(options: argparse.Namespace) -> PipelineLimits:
    """Return the bounds over all sources."""
    return PipelineLimits(
        max_hosts=options.max_hosts,
        max_memory_bytes=options.memory_bytes,
    )


def journal_limits(options: argparse.Namespace) -> JournalLimits:
    """Return the sizes of the journal."""
    return JournalLimits(
        segment_bytes=options.journal_segment,
        max_bytes=options.journal_bytes,
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text}: must be between 0 and 86400 seconds")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text}: must be 0 or more")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be 1 or more")
    return value

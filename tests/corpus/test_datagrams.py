"""Each sample as datagrams of a sending host: the collector finds the same crash."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.analysis import analyze_text, analyze_trace
from omprog_panic.kernel.line import parse_line
from omprog_panic.model import Severity
from tests.corpus.samples import SAMPLES, Sample
from tests.replayer import Datagram, replay

# What prints these is no kernel: netconsole sends the text alone.
READERS = ("dmesg", "journalctl", "syslog")
# Not of printk(): xmon talks to the console itself.
NOT_SENT = ("xmon",)
SENT = [
    sample
    for sample in SAMPLES
    if "TITLE" in sample.header
    and not any(word in comment for comment in sample.comments for word in NOT_SENT)
]


def is_read(sample: Sample) -> bool:
    return any(word in comment for comment in sample.comments for word in READERS)


def datagrams(sample: Sample, form: str) -> list[Datagram]:
    """Return the payloads as printk and netconsole make them."""
    sent: list[Datagram] = []
    for number, raw in enumerate(sample.lines):
        line = parse_line(number, raw)
        micros = line.time_us if line.time_us is not None else 5_000_000 + number * 100
        stamp = f"[{micros // 1_000_000:5}.{micros % 1_000_000:06}]"
        text = raw.decode("utf-8", "replace").rstrip("\r\n")
        if form == "extended":
            payload = f"4,{number + 1},{micros},-;{line.text}"
        elif line.stamped and not is_read(sample) and text.startswith("["):
            payload = text  # with the vendor's column
        else:
            payload = f"{stamp} {line.text}"
        sent.append((number * 0.001, payload))
    return sent


@pytest.mark.parametrize("form", ["basic", "extended"])
@pytest.mark.parametrize("sample", SENT, ids=lambda sample: sample.path.stem)
def test_the_collector_makes_one_incident_of_it(sample: Sample, form: str) -> None:
    [report] = list(analyze_text(sample.lines))
    incidents = replay(datagrams(sample, form)).incidents
    if report.severity is Severity.INFO:
        return  # the collector may pass it over: the analysis of a log finds it

    assert len(incidents) == 1
    again = analyze_trace(incidents[0].records, incidents[0].context)
    assert (again.kind, again.title) == (report.kind, report.title)
    assert again.panicked == report.panicked
    assert again.fingerprint == report.fingerprint

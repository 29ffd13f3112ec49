"""A made-up incident, to try templates and services with. Pure."""

from __future__ import annotations

import dataclasses

from omprog_panic.kernel.analysis import Facts, Frame, Report
from omprog_panic.model import EndReason, Record, Severity
from omprog_panic.render.context import MessageContext, build_context
from omprog_panic.spool.record import IncidentRecord

_LINES = (
    (5, "systemd[1]: Started Daily apt download activities."),
    (6, "sysrq: Trigger a crash"),
    (0, "Kernel panic - not syncing: sysrq triggered crash"),
    (4, "CPU: 3 PID: 4711 Comm: bash Not tainted 6.1.0-56-cloud-amd64 #1"),
    (4, "Hardware name: Sample Systems Example/1000, BIOS 1.0 01/01/2026"),
    (4, "Call Trace:"),
    (4, " <TASK>"),
    (4, " dump_stack_lvl+0x44/0x5c"),
    (4, " panic+0x118/0x2ed"),
    (4, " sysrq_handle_crash+0x16/0x20"),
    (4, " </TASK>"),
    (0, "---[ end Kernel panic - not syncing: sysrq triggered crash ]---"),
)

SAMPLE_RECORD = IncidentRecord(
    id="0123456789abcdef0123456789abcdef",
    source="192.0.2.1",
    boot="sample",
    end=EndReason.TERMINATOR,
    context=2,
    records=tuple(
        Record(text, 61_000_000 + number * 137, 500 + number, level, 0)
        for number, (level, text) in enumerate(_LINES)
    ),
    host="sample-host",
    kernel="6.1.0-56-cloud-amd64",
    form="extended",
    written_at="2026-01-01T00:00:00.000000+00:00",
)

SAMPLE_REPORT = Report(
    kind="panic",
    severity=Severity.PANIC,
    title="kernel panic: sysrq triggered crash",
    function=None,
    fingerprint="0" * 16,
    panicked=True,
    first_line=3,
    last_line=12,
    facts=Facts(
        kernel="6.1.0-56-cloud-amd64",
        kernel_build="#1",
        hardware="Sample Systems Example/1000, BIOS 1.0 01/01/2026",
        cpu=3,
        pid=4711,
        process="bash",
        frames=(Frame("sysrq_handle_crash", 0x16, 0x20),),
        panic_line="Kernel panic - not syncing: sysrq triggered crash",
        uptime_s=61.0,
    ),
)

_TEST_BANNER = (
    "TEST: somebody asked for this message with `omprog-panic test-alert`.",
    "No machine has crashed; what follows is made up.",
)


def sample_context() -> MessageContext:
    """Make a context with every fact filled in, to check templates with."""
    return build_context(SAMPLE_RECORD, SAMPLE_REPORT, {})


def bare_context() -> MessageContext:
    """Make one in which nothing optional is known: the other half of a template."""
    report = dataclasses.replace(SAMPLE_REPORT, facts=Facts())
    record = dataclasses.replace(SAMPLE_RECORD, host=None, kernel=None)
    return build_context(record, report, {})


def marked_context(alert_id: str, at: str) -> MessageContext:
    """Make the message of ``omprog-panic test-alert``, sent at ``at`` (RFC 3339)."""
    record = dataclasses.replace(SAMPLE_RECORD, written_at=at)
    return build_context(
        record,
        SAMPLE_REPORT,
        {},
        severity="TEST",
        alert_id=alert_id,
        banner=_TEST_BANNER,
    )

"""Sample messages of every kind, to try templates and services with. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.kernel.analysis import Facts, Frame, Report
from omprog_panic.model import EndReason, Record, Severity
from omprog_panic.notification.familiarity import SAMPLE_FAMILIARITY
from omprog_panic.notification.fields import Fields
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.render.english import ENGLISH
from omprog_panic.render.incident import Framing, build_context, unlisted
from omprog_panic.render.notice import notice
from omprog_panic.spool.record import IncidentRecord

if TYPE_CHECKING:
    from omprog_panic.render.catalog import Catalog
    from omprog_panic.render.context import MessageContext

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

SAMPLE_ALERT_ID = "01234567"


# All that is never missing in real facts.
_BARE = {"hosts": [{"address": "192.0.2.1"}], "count": 1}


def sample_context(catalog: Catalog = ENGLISH) -> MessageContext:
    """Return a context with every fact filled in, to check templates with."""
    report = dataclasses.replace(
        SAMPLE_REPORT,
        function="sysrq_handle_crash",
        facts=dataclasses.replace(
            SAMPLE_REPORT.facts,
            pc="sysrq_handle_crash+0x16/0x20",
            hardware_error="memory error that could not be corrected",
            taint="W",
            taint_words=("a warning happened before",),
        ),
    )
    framing = Framing(catalog, IncidentNotes(SAMPLE_FAMILIARITY))
    return build_context(SAMPLE_RECORD, report, unlisted, framing)


def bare_context(catalog: Catalog = ENGLISH) -> MessageContext:
    """Return one in which nothing optional is known: the other half of a template."""
    report = dataclasses.replace(SAMPLE_REPORT, facts=Facts())
    record = dataclasses.replace(SAMPLE_RECORD, host=None, kernel=None)
    return build_context(record, report, unlisted, Framing(catalog))


def marked_context(
    alert_id: str, at: str, catalog: Catalog = ENGLISH, banner: tuple[str, ...] = ()
) -> MessageContext:
    """Return the message of ``omprog-panic test-alert``, sent at ``at`` (RFC 3339)."""
    record = dataclasses.replace(SAMPLE_RECORD, written_at=at)
    banner = (*banner, catalog.texts["test"], catalog.texts["made-up"])
    framing = Framing(catalog, level="test", alert_id=alert_id, banner=banner)
    return build_context(record, SAMPLE_REPORT, unlisted, framing)


def samples(catalog: Catalog = ENGLISH) -> dict[str, tuple[MessageContext, ...]]:
    """Return a full and a bare message of every kind, to try templates with."""
    about = sample_context(catalog)
    made: dict[str, tuple[MessageContext, ...]] = {
        Kind.INCIDENT.value: (about, bare_context(catalog))
    }
    for kind, form in FORMATS.items():
        if kind not in {Kind.INCIDENT, Kind.TEST}:
            bare = form.decode(
                Fields({"hosts": [{"address": "192.0.2.1"}], "count": 1})
            )
            made[kind.value] = (
                notice(form.sample, SAMPLE_ALERT_ID, catalog=catalog, incident=about),
                notice(bare, SAMPLE_ALERT_ID, catalog=catalog),
            )
    return made

"""Made-up messages of every kind, to try templates and services with. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.kernel.analysis import Facts, Frame, Report
from omprog_panic.model import EndReason, Record, Severity
from omprog_panic.render import messages
from omprog_panic.render.context import Framing, MessageContext, build_context
from omprog_panic.render.messages import (
    INCIDENT,
    KINDS,
    IncidentNotes,
    Known,
    facts_of,
)
from omprog_panic.render.notice import NoticeContext, notice
from omprog_panic.render.words import ENGLISH
from omprog_panic.spool.record import IncidentRecord

if TYPE_CHECKING:
    from omprog_panic.render.messages import Facts as MessageFacts
    from omprog_panic.render.words import Words

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

SAMPLE_ALERT_ID = "0123456789ab"
_DAY = "2026-01-01T"
_KNOWN = Known("seen", 3, 2, "2025-12-24T08:00:00+00:00", 0, "6.1.0-56-cloud-amd64")
_CRASHED = (
    messages.CrashedHost("web-01", "192.0.2.11", 1),
    messages.CrashedHost("web-02", "192.0.2.12", 2),
    messages.CrashedHost("", "192.0.2.13", 1),
)
_CAUSE: dict[str, object] = {
    "title": "general protection fault in nvme_irq",
    "titles": ("general protection fault in nvme_irq", "page fault in nvme_irq"),
    "severity": "panic",
    "first_host": "sample-host",
    "since": f"{_DAY}10:00:00+00:00",
    "kernels": (messages.Share("6.1.0-56-cloud-amd64", 40), messages.Share("?", 2)),
    "hardware": (messages.Share("Sample Systems Example/1000", 42),),
}
_LOST = messages.LostHost(
    name="sample-host",
    address="192.0.2.1",
    at=f"{_DAY}10:03:12+00:00",
    last_heard_at=f"{_DAY}09:58:00+00:00",
    last_text="EXT4-fs (vda1): mounted filesystem",
    kernel="7.0.0-1-amd64",
    says_farewell=True,
)
_QUIET = messages.QuietHost(
    name="sample-host",
    address="192.0.2.1",
    at=f"{_DAY}10:03:12+00:00",
    last_heard_at=f"{_DAY}09:03:00+00:00",
    silent_s=3612.0,
    limit_s=3600.0,
    kernel="6.1.0-56-cloud-amd64",
)
SAMPLE_FACTS: dict[str, MessageFacts] = {
    "follow-up": messages.FollowUp(
        **_CAUSE,  # type: ignore[arg-type]
        hosts=_CRASHED,
        count=41,
        crashes=43,
        all_hosts=42,
        all_crashes=44,
        again=(messages.CrashedHost("sample-host", "192.0.2.1", 2),),
    ),
    "panic-loop": messages.PanicLoop(
        **_CAUSE,  # type: ignore[arg-type]
        hosts=(messages.CrashedHost("sample-host", "192.0.2.1", 5),),
        count=1,
        crashes=5,
        all_hosts=1,
        all_crashes=22,
        next_s=1800.0,
    ),
    "back": messages.Back(
        hosts=(
            messages.BackHost(
                name="sample-host",
                address="192.0.2.1",
                at=f"{_DAY}10:03:12+00:00",
                down_s=192.0,
                kernel="6.1.0-57-cloud-amd64",
                kernel_before="6.1.0-56-cloud-amd64",
                incident_id=SAMPLE_RECORD.id,
                title="sysrq triggered crash",
            ),
        ),
        count=1,
    ),
    "suspected-crash": messages.SuspectedCrash(hosts=(_LOST,), count=1),
    "sender-silent": messages.SenderSilent(hosts=(_QUIET,), count=1),
    "sender-speaks": messages.SenderSpeaks(hosts=(_QUIET,), count=1),
    "never-heard": messages.NeverHeard(
        hosts=(
            messages.QuietHost("sample-host", "192.0.2.1", limit_s=3600.0),
            messages.QuietHost("rack-3", "198.51.100.0/24", limit_s=3600.0),
        ),
        count=22,
    ),
    "monitor-deaf": messages.MonitorDeaf(
        monitor="sample-monitor",
        at=f"{_DAY}10:01:00+00:00",
        last_heard_at=f"{_DAY}09:30:00+00:00",
        misses=2,
        address="127.0.0.1",
        port=6666,
    ),
    "monitor-hears": messages.MonitorHears(
        monitor="sample-monitor",
        at=f"{_DAY}10:31:00+00:00",
        deaf_since=f"{_DAY}10:01:00+00:00",
        deaf_s=1800.0,
    ),
    "held": messages.Held(
        service="slack [ops] slack://T...",
        count=23,
        since=f"{_DAY}10:00:00+00:00",
        per_hour=30,
        kinds=(messages.HeldKind("incident", 21), messages.HeldKind("back", 2)),
    ),
    "silence-ended": messages.SilenceEnded(
        id="5e1f",
        author="ada",
        comment="new kernel on rack 3",
        starts_at=f"{_DAY}08:00:00+00:00",
        ends_at=f"{_DAY}10:00:00+00:00",
        match=("host=db-*", "kernel=6.12.*"),
        crashes=2,
        signs=1,
        incidents=(
            messages.NamedIncident(
                SAMPLE_RECORD.id, "sysrq triggered crash", "sample-host"
            ),
        ),
    ),
    "digest": messages.Digest(
        since="2025-12-31T08:00:00+00:00",
        until=f"{_DAY}08:00:00+00:00",
        causes=(
            messages.DigestCause(
                title="INFO: task hung in jbd2_journal_commit_transaction",
                kind="hung-task",
                severity="warning",
                id=SAMPLE_RECORD.id,
                crashes=7,
                hosts=("sample-host", "web-01"),
                known=_KNOWN,
            ),
        ),
        more_causes=1,
        boots=(_LOST,),
        silent=(_QUIET,),
        never=(messages.QuietHost("rack-3", "198.51.100.0/24"),),
        held=(messages.HeldService("slack [ops] slack://T...", 23),),
        silenced=2,
    ),
    "undelivered": messages.Undelivered(
        service="slack [ops] slack://T...",
        reason="error=403",
        count=2,
        alerts=(
            messages.LostAlert(
                SAMPLE_RECORD.id, "sysrq triggered crash", "sample-host"
            ),
        ),
    ),
}


def sample_context(words: Words = ENGLISH) -> MessageContext:
    """Make a context with every fact filled in, to check templates with."""
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
    framing = Framing(words, IncidentNotes(_KNOWN))
    return build_context(SAMPLE_RECORD, report, {}, framing)


def bare_context(words: Words = ENGLISH) -> MessageContext:
    """Make one in which nothing optional is known: the other half of a template."""
    report = dataclasses.replace(SAMPLE_REPORT, facts=Facts())
    record = dataclasses.replace(SAMPLE_RECORD, host=None, kernel=None)
    return build_context(record, report, {}, Framing(words))


def marked_context(
    alert_id: str, at: str, words: Words = ENGLISH, banner: tuple[str, ...] = ()
) -> MessageContext:
    """Make the message of ``omprog-panic test-alert``, sent at ``at`` (RFC 3339)."""
    record = dataclasses.replace(SAMPLE_RECORD, written_at=at)
    banner = (*banner, words.texts["test"], words.texts["made-up"])
    framing = Framing(words, level="test", alert_id=alert_id, banner=banner)
    return build_context(record, SAMPLE_REPORT, {}, framing)


def samples(
    words: Words = ENGLISH,
) -> dict[str, tuple[MessageContext | NoticeContext, ...]]:
    """Give messages of every kind to try templates with: a full one, and a bare one."""
    about = sample_context(words)
    made: dict[str, tuple[MessageContext | NoticeContext, ...]] = {
        INCIDENT: (about, bare_context(words))
    }
    for kind in KINDS:
        full = notice(
            kind, SAMPLE_FACTS[kind], SAMPLE_ALERT_ID, words=words, incident=about
        )
        made[kind] = (
            full,
            notice(kind, _bare_facts(kind), SAMPLE_ALERT_ID, words=words),
        )
    return made


def _bare_facts(kind: str) -> MessageFacts:
    return facts_of(kind, {"hosts": [{"address": "192.0.2.1"}], "count": 1})

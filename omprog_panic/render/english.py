"""The English messages. Pure."""

from __future__ import annotations

from omprog_panic.model import EndReason
from omprog_panic.render.catalog import Catalog


def _english(number: int) -> int:
    return 0 if number == 1 else 1


ENGLISH = Catalog(
    form=_english,
    date="%Y-%m-%d",
    time="%H:%M:%S UTC",
    units=("d", "h", "min", "s"),
    severities={},
    endings={
        EndReason.TERMINATOR: (
            'the kernel printed its last line ("---[ end Kernel panic")'
        ),
        EndReason.REBOOTING: (
            'the kernel printed its last line ("Rebooting in ... seconds")'
        ),
        EndReason.END_TRACE: 'the report has its end line ("---[ end trace")',
        EndReason.EVENT: "the event was over: no further line of it came",
        EndReason.SILENCE: "ended by silence: nothing more arrived",
        EndReason.REBOOT: "ended by a reboot of the host",
        EndReason.NEXT_REPORT: "ended where the next report of the host began",
        EndReason.AGE: "cut off: the host kept printing for too long",
        EndReason.EVICTED: "cut off: too many hosts were printing at once",
        EndReason.SHUTDOWN: "cut off: the collector was stopped",
    },
    nouns={
        "record": ("record", "records"),
        "byte": ("byte", "bytes"),
        "line": ("line", "lines"),
        "time": ("time", "times"),
        "day": ("day", "days"),
        "on host": ("host", "hosts"),
    },
    texts={
        "crash-mark": "---- the crash begins here ----",
        "context-mark": "---- before the crash ----",
        "gap": "... {records} lost{reason} ...",
        "gap-unknown": "... an unknown number of records lost{reason} ...",
        "left-out-here": "... {lines} left out ...",
        "left-out": (
            "... {lines} left out: see omprog-panic incidents show {alert_id} ..."
        ),
        "whole-trace": "The full trace: {name}",
        "cut": "... cut: see omprog-panic incidents show {alert_id} ...",
        "complete": "complete",
        "uncounted": "ended normally; losses cannot be counted",
        "not-complete": "NOT COMPLETE",
        "lost-records": "{records} lost in transit",
        "lost-fragments": "{records} incomplete: fragments were lost",
        "elided": (
            "{records} ({bytes}) left out of the middle: the trace was too long"
        ),
        "before-listening": (
            "It happened before monitoring began: it came with a replay of the kernel "
            "log."
        ),
        "verdict": "the hardware failed, not the software: {words}",
        "stand-in": "Sent here because it could not be delivered to {service}",
        "sent-again": "Sent again: the first time, {first}, it may have arrived.",
        "drill": "DRILL: this crash was announced; it is part of a drill.",
        "test": "TEST: this message was requested with `omprog-panic test-alert`.",
        "made-up": "No machine has crashed; the rest of this message is a sample.",
        "template-failed": "Template failed, another was used: {what}",
        "known-first": "Never seen before.",
        "known-new-on-kernel": (
            "New on kernel {kernel}; seen on other kernels: {times} on {hosts} since "
            "{since}."
        ),
        "known-back": (
            "Seen again after {days}; before that: {times} on {hosts} since {since}."
        ),
        "known-seen": "Seen before: {times} on {hosts} since {since}.",
    },
    facts={},
)

"""The memory and the log of the policy: the names in a file never change with the code.

The files in policy-v1 are what a released version may have written. To add a table or
an event, add its example here and run with OMPROG_PANIC_UPDATE_GOLDEN=1. Files that
are there are never overwritten: change a codec so that it still reads them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from omprog_panic.config.policy import PolicyConfig, parse_policy
from omprog_panic.config.routing import EscalationStep, parse_match
from omprog_panic.config.time_span import Occurrence, parse_span
from omprog_panic.notification.boots import BackHost, UnannouncedBoot
from omprog_panic.notification.digest import DigestCause
from omprog_panic.notification.familiarity import Familiarity
from omprog_panic.notification.holder import Holder
from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.notification import Labels
from omprog_panic.notification.silence_ended import NamedIncident, SilencedEvent
from omprog_panic.notification.suppressed import SuppressedCause
from omprog_panic.policy.event import (
    Boot,
    CauseAction,
    CauseCommand,
    ConfigChanged,
    Crash,
    Event,
    ProbeReturned,
    ProbeSent,
    SignOfLife,
    SilenceChanged,
)
from omprog_panic.policy.event_codec import decode_evaluation, encode_evaluation
from omprog_panic.policy.familiarity import History
from omprog_panic.policy.receiver import Receiver
from omprog_panic.policy.state.boot import PendingBoot
from omprog_panic.policy.state.bundle import BundleState
from omprog_panic.policy.state.cause import (
    CauseState,
    Closing,
    SentStep,
    StepState,
)
from omprog_panic.policy.state.configuration import ConfigState
from omprog_panic.policy.state.digest import DigestState
from omprog_panic.policy.state.group import (
    GroupHost,
    GroupLead,
    GroupPending,
    GroupState,
    GroupTotals,
)
from omprog_panic.policy.state.lifecycle import (
    Baseline,
    LifecycleStart,
    LifecycleState,
    OpenCrashes,
    OpenHost,
)
from omprog_panic.policy.state.memory import (
    Memory,
    decode_checkpoint,
    encode_checkpoint,
)
from omprog_panic.policy.state.monitor import MONITOR, MonitorState, SelfCheckState
from omprog_panic.policy.state.rate_limit import RateLimitState
from omprog_panic.policy.state.resolved import ResolvedState
from omprog_panic.policy.state.sender import (
    HostCausesState,
    KnownBoot,
    LastCrash,
    LastHeard,
    SenderState,
    UnheardState,
)
from omprog_panic.policy.state.silence import SilenceState
from omprog_panic.policy.state.table import ONLY_ROW, Table
from omprog_panic.policy.timestamps import Timestamps

EXAMPLES = Path(__file__).parent / "policy-v1"
NOW = Timestamps(3600.5, 1767261600.0, 3500.5, 3600)
AT = "2026-01-01T10:00:00.000000+00:00"
INCIDENT = "0123456789abcdef0123456789abcdef"
TITLE = "sysrq triggered crash"
KNOWN = Familiarity("seen", 3, 2, 1766563200.0, 0, "6.1.0")
MATCH = parse_match({"host": ["db-*", "!db-08"], "severity": ["panic"]})
RECEIVERS = (Receiver("0123456789ab", "slack [ops] slack://T...", ("night", "ops")),)
EVERY = (parse_span("Sun 02:00-04:00 Europe/Berlin"),)
HOLDER = Holder("ada", 1.5, 2.5, "bad firmware")
LABELS = Labels(
    "panic", "panic", "db-07", "192.0.2.1", "rack-3", TITLE, "crash", "6.1.0"
)
BOOT = Boot(
    "b0", AT, "192.0.2.1", "db-07", "boot-2", False, AT, "EXT4-fs: mounted", "6.1.0"
)


def config() -> PolicyConfig:
    """Return settings in which nothing is left out."""
    return parse_policy(
        {
            "senders": [
                {"name": "db-07", "address": "192.0.2.1", "silent_after_s": 600},
                {"name": "rack-3", "address": ["198.51.100.0/24", "2001:db8::/64"]},
            ],
            "severities": {
                "panic": "alert",
                "oops": "alert",
                "lockup": "alert",
                "hardware": "alert",
                "warning": "digest",
                "info": "store",
            },
            "kinds": {"hung-task": "digest"},
            "default_route": {
                "to": ["ops"],
                "template": "short",
                "escalate": {"after": "15m", "to": ["lead"], "repeat": "30m"},
            },
            "routes": [
                {
                    "name": "databases",
                    "match": {"host": ["db-*"]},
                    "to": [],
                    "times": ["!office"],
                    "escalate": [{"after": "1h30m", "to": ["lead"]}],
                    "continue": True,
                    "routes": [{"match": {"kind": "oom"}, "to": ["night"]}],
                }
            ],
            "grouping": {
                "group_wait_s": 5,
                "group_interval_s": 300,
                "repeat_s": [600, 1800],
                "forget_after_s": 21600,
                "messages_per_hour": 30,
                "host_causes_per_hour": 3,
            },
            "life_signs": {"silent_after_s": 3600, "never_seen_after_s": 0},
            "lifecycle": {"resolve_after_s": 600, "worse_hosts_factor": 3},
            "calendars": {"office": ["Mon-Fri 08:00-18:00 Europe/Berlin"]},
            "maintenance": [
                {
                    "name": "patches",
                    "match": {"host": ["db-*"]},
                    "every": ["Sun 02:00-04:00 Europe/Berlin"],
                    "comment": "updates",
                }
            ],
            "digest": {"at": "08:30"},
            "self_check": {
                "interval_s": 900,
                "timeout_s": 60,
                "address": "127.0.0.1",
                "port": 6666,
            },
        }
    )


def crash() -> Crash:
    return Crash(
        id=INCIDENT,
        at=AT,
        source="192.0.2.1",
        host="db-07",
        fingerprint="8b0c6a4f2e1d3c5b",
        severity="panic",
        kind="panic",
        title=TITLE,
        function="sysrq_handle_crash",
        kernel="6.1.0",
        hardware="QEMU",
        panicked=True,
        boot="boot-1",
        ended_at=AT,
        before_listening=True,
        history=History(3, 2, 1766563200.0, 1767175200.0, ("6.1.0", "6.12.0")),
    )


EVENTS: dict[str, Event] = {
    "config-changed": ConfigChanged(config(), RECEIVERS),
    "silence-changed": SilenceChanged(
        "5f0c21aa", MATCH, "ada", "new", 1.5, 2.5, 7, EVERY
    ),
    "cause-command": CauseCommand(
        "command-00000007",
        "8b0c6a4f2e1d3c5b",
        CauseAction.ACKNOWLEDGE,
        "ada",
        "bad firmware",
        1.5,
        2.5,
        7,
    ),
    "sign-of-life": SignOfLife(
        "s0", AT, "192.0.2.1", "alive", "db-07", "6.1.0", "boot-1", 900.0
    ),
    "crash": crash(),
    "boot": BOOT,
    "probe-sent": ProbeSent("00ff", "Network is unreachable"),
    "probe-returned": ProbeReturned("00ff"),
}


def group() -> GroupState:
    return GroupState(
        cause="8b0c6a4f2e1d3c5b",
        service="0123456789ab",
        route="databases",
        template="short",
        opened_t=10.0,
        opened_at=1767261600.0,
        last_t=12.5,
        lead=GroupLead(9.5, INCIDENT, LABELS, KNOWN),
        notified_t=11.0,
        step=2,
        totals=GroupTotals(
            crashes=4,
            unnamed=1,
            hosts={"192.0.2.1": GroupHost("db-07", 3)},
            kernels={"6.1.0": 1},
            hardware={"?": 1},
            titles=(TITLE, "other"),
        ),
        pending=GroupPending(2, {"192.0.2.9": 1}, {"192.0.2.1": 1}),
    )


def sender() -> SenderState:
    return SenderState(
        source="192.0.2.1",
        host="db-07",
        kernel="6.1.0",
        heard=LastHeard(10.5, 1767261600.0, 9.5),
        heartbeat=True,
        next_s=900.0,
        says_farewell=True,
        farewell_t=1.0,
        drill_t=2.0,
        drill_host="db-07",
        silent=True,
        crash=LastCrash(INCIDENT, 3.0, 4.0, "boot-1", True, True, True, TITLE, "6.1"),
        boot=KnownBoot("id-1", 5.0, 6.0),
        open_in=("8b0c6a4f2e1d3c5b|0123456789ab",),
    )


def lifecycle() -> LifecycleState:
    return LifecycleState(
        cause="8b0c6a4f2e1d3c5b",
        service="0123456789ab",
        template="short",
        start=LifecycleStart(INCIDENT, 9.5, 1767261600.0, LABELS),
        seen=OpenCrashes(
            last_t=12.5,
            severity="panic",
            crashes=4,
            hosts={"192.0.2.1": OpenHost("db-07", 3, 9.5, 10.5, "boot-1", 11.5)},
            unnamed=1,
            kernels={"6.1.0": 1},
        ),
        fired=True,
        told=HOLDER,
        baseline=Baseline(1, ("6.1.0",), "oops"),
        worse=("severity",),
        times=2,
    )


def cause() -> CauseState:
    step = EscalationStep(900.0, ("lead",), 1800.0)
    return CauseState(
        cause="8b0c6a4f2e1d3c5b",
        services=("0123456789ab",),
        holder=HOLDER,
        released_by="grace",
        was_held=True,
        steps=(StepState(step, "databases", 9.5, {"ba98": SentStep(2, 11.5)}),),
        targets={"ba98": HOLDER, "ba99": None},
        closing=Closing("grace", "new firmware"),
    )


def silence() -> SilenceState:
    return SilenceState(
        id="5f0c21aa",
        match=MATCH,
        author="ada",
        comment="new kernel",
        starts_at=1.5,
        ends_at=2.5,
        crashes=3,
        signs=4,
        incidents=(NamedIncident(INCIDENT, TITLE, "db-07"),),
        services=("0123456789ab",),
        events=(SilencedEvent("back", "db-07"),),
        hosts=("192.0.2.1",),
        every=EVERY,
        occurrence=Occurrence(1.5, 2.5),
    )


def digest() -> DigestState:
    return DigestState(
        since=1767168000.0,
        day=20453,
        causes={
            "f00d": DigestCause(
                "task hung", "hung-task", "warning", INCIDENT, 7, ("db-07",), KNOWN
            )
        },
        more_causes=1,
        boots=(
            UnannouncedBoot("db-07", "192.0.2.1", 2.0, 1.0, "mounted", "6.1.0", True),
        ),
        more_boots=2,
        suppressed={"0123456789ab": 5},
        silenced=3,
    )


def memory() -> Memory:
    """Return a memory with one row in every table, and no field left out."""
    made = Memory()
    made.configuration.put(ONLY_ROW, ConfigState(config(), RECEIVERS))
    made.monitor.put(ONLY_ROW, MonitorState(1.5, 2.5, 3.5, 4, 5, 6, 7.5))
    made.self_check.put(
        ONLY_ROW, SelfCheckState("00ff", ("00fe", "00ff"), 1.5, 2.5, 3, True, 4.5, 5.5)
    )
    made.groups.put("8b0c6a4f2e1d3c5b|0123456789ab", group())
    made.lifecycles.put("8b0c6a4f2e1d3c5b|0123456789ab", lifecycle())
    made.causes.put("8b0c6a4f2e1d3c5b", cause())
    made.resolved.put("8b0c6a4f2e1d3c5b|0123456789ab", ResolvedState(2, 12.5))
    made.senders.put("192.0.2.1", sender())
    made.host_causes.put("192.0.2.1", HostCausesState({"8b0c6a4f2e1d3c5b": 1.5}))
    made.unheard.put("192.0.2.2", UnheardState(1.5, True))
    made.boots.put("b0", PendingBoot(1.5, 2.5, BOOT))
    back = BackHost("db-07", "192.0.2.1", 2.5, 192.0, "6.2", "6.1", INCIDENT, TITLE)
    made.bundles.put(
        "back|0123456789ab",
        BundleState(Kind.BACK, "0123456789ab", "short", 1.5, (back,), 3),
    )
    made.rate_limits.put(
        "0123456789ab",
        RateLimitState(
            "0123456789ab",
            [1.5, 2.5],
            {Kind.BACK: 2},
            3.5,
            4.5,
            0.5,
            [0.25],
            {"192.0.2.1": 1.5},
            {"panic|t": SuppressedCause("panic", "t", ("db-07",), 2)},
            1,
        ),
    )
    made.silences.put("5f0c21aa", silence())
    made.digests.put(ONLY_ROW, digest())
    return made


def held_by(name: str, written: str) -> str:
    """Return what a file holds; a new one is written when that is asked for."""
    path = EXAMPLES / f"{name}.json"
    if os.environ.get("OMPROG_PANIC_UPDATE_GOLDEN") and not path.exists():
        path.write_text(written)
    return path.read_text()


def indented(text: str) -> str:
    return json.dumps(json.loads(text), indent=1) + "\n"


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_written_and_read_as_in_the_file(name: str) -> None:
    written = indented(encode_evaluation(NOW, [EVENTS[name]]))

    text = held_by(f"event-{name}", written)
    assert text == written
    assert decode_evaluation(text) == (NOW, [EVENTS[name]])


def test_a_monitor_of_version_1_does_not_know_when_the_clock_was_set() -> None:
    text = MONITOR.to_text(MonitorState(1.5, 2.5, 3.5, 4, 5, 6))
    first = {**json.loads(text), "version": 1}
    del first["set_t"]

    assert MONITOR.from_text(json.dumps(first)) == MonitorState(1.5, 2.5, 3.5, 4, 5, 6)


@pytest.mark.parametrize("name", Memory().tables())
def test_a_row_is_written_and_read_as_in_the_file(name: str) -> None:
    table = memory().tables()[name]
    ((key, row),) = table.rows.items()
    written = indented(table.form.to_text(row))

    text = held_by(f"row-{name}", written)
    assert text == written
    read = Table(table.form)
    read.load(key, text)
    assert read.rows == table.rows


def test_a_checkpoint_is_written_and_read_as_in_the_file() -> None:
    made = Memory()
    made.unheard.put("192.0.2.2", UnheardState(1.5, True))
    made.senders.put("192.0.2.1", sender())
    written = indented(encode_checkpoint(made))

    text = held_by("checkpoint", written)
    assert text == written
    assert decode_checkpoint(text).rows() == made.rows()


def test_there_is_a_file_for_everything_and_no_other() -> None:
    names = {f"event-{name}" for name in EVENTS}
    names |= {f"row-{name}" for name in Memory().tables()}

    assert {path.stem for path in EXAMPLES.iterdir()} == names | {"checkpoint"}

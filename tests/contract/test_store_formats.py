"""JSON columns: their keys and words in the database never change with the code."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from omprog_panic.alerter.settings_report import (
    SettingsInUse,
    settings_from_json,
    settings_to_json,
)
from omprog_panic.kernel.report import Facts, Frame, Report
from omprog_panic.model import EndReason, Severity
from omprog_panic.sinks.alertmanager import KeptAlert, decode_kept, encode_kept
from omprog_panic.sinks.first_message import (
    FirstMessage,
    decode_first_message,
    encode_first_message,
)
from omprog_panic.store.decisions import services_from_json, services_to_json
from omprog_panic.store.outbox import OutboxState
from omprog_panic.store.policy_store import LogKind
from omprog_panic.store.report_codec import report_from_json, report_to_json
from omprog_panic.store.silences import (
    every_from_json,
    every_to_json,
    matchers_from_json,
    matchers_to_json,
)

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = Path(__file__).parent / "store-v1"
REPORT = Report(
    kind="panic",
    severity=Severity.PANIC,
    title="kernel panic: sysrq triggered crash",
    function="sysrq_handle_crash",
    fingerprint="0123456789abcdef",
    panicked=True,
    first_line=2,
    last_line=40,
    sound=False,
    unsound_because="records are missing",
    source_file="drivers/tty/sysrq.c",
    subsystem="TTY LAYER AND SERIAL DRIVERS",
    facts=Facts(
        kernel="6.1.0-56-cloud-amd64",
        kernel_build="#1 Debian 6.1.192-2",
        hardware="QEMU Standard PC",
        cpu=1,
        pid=123,
        process="bash",
        taint="OE",
        taint_words=("out-of-tree module", "unsigned module"),
        modules=("netconsole", "configfs"),
        module_flags=(("netconsole", "OE"),),
        frames=(
            Frame("sysrq_handle_crash", 0x16, 0x20, "sysrq"),
            Frame("ret_from_fork", certain=False),
        ),
        pc="sysrq_handle_crash+0x16/0x20",
        code="48 89",
        registers=("RAX: 0000000000000001",),
        panic_line="Kernel panic - not syncing: sysrq triggered crash",
        uptime_s=12.5,
        keys=(("rack", "7"),),
        hardware_error="machine check",
    ),
    repeats=3,
)


class Format(NamedTuple):
    """A codec and a value that uses everything that it writes."""

    value: object
    write: Callable[[Any], str]
    read: Callable[[str], object]


FORMATS = {
    "report": Format(REPORT, report_to_json, report_from_json),
    "decision-services": Format(
        ("json [ops] json://h", "slack [night] slack://T..."),
        services_to_json,
        services_from_json,
    ),
    "silence-matchers": Format(
        {"host": ["db-*", "web"], "severity": ["oops"]},
        matchers_to_json,
        matchers_from_json,
    ),
    "silence-every": Format(
        ("Sun 02:00-04:00 Europe/Berlin", "last Sat UTC"),
        every_to_json,
        every_from_json,
    ),
    "alertmanager-alert": Format(
        KeptAlert(
            labels={"alertname": "KernelPanic", "instance": "db-07"},
            annotations={"summary": "PANIC db-07"},
            starts_at=1767261600.0,
            page="https://wiki.example.org/panics",
        ),
        encode_kept,
        decode_kept,
    ),
    "first-message": Format(
        FirstMessage("C0123456789", "1767261600.000100", "`PANIC db-07`"),
        encode_first_message,
        decode_first_message,
    ),
    "settings-in-use": Format(
        SettingsInUse(
            templates=("incident: unknown name",),
            reload=("config.yaml:3: $.limits: unknown",),
            files={"/etc/omprog-panic/config.yaml": "00ff"},
            services=("0123456789ab",),
        ),
        settings_to_json,
        settings_from_json,
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_example_is_what_is_written(name: str) -> None:
    path = EXAMPLES / f"{name}.json"
    value, write, _ = FORMATS[name]
    written = json.dumps(json.loads(write(value)), indent=1) + "\n"
    if os.environ.get("OMPROG_PANIC_UPDATE_GOLDEN") and not path.exists():
        path.write_text(written)

    assert path.read_text() == written


@pytest.mark.parametrize("name", FORMATS)
def test_the_example_can_be_read(name: str) -> None:
    text = (EXAMPLES / f"{name}.json").read_text()

    assert FORMATS[name].read(text) == FORMATS[name].value


@pytest.mark.parametrize("name", FORMATS)
def test_the_example_has_a_version(name: str) -> None:
    assert json.loads((EXAMPLES / f"{name}.json").read_text())["version"] == 1


def test_there_is_an_example_of_each_and_no_other() -> None:
    assert {path.stem for path in EXAMPLES.iterdir()} == set(FORMATS)


def test_the_words_in_the_database_stay() -> None:
    assert {state.value for state in OutboxState} == {
        "waiting", "sending", "sent", "dead", "dropped",
    }  # fmt: skip
    assert {kind.value for kind in LogKind} == {"state", "evaluation"}
    assert {severity.value for severity in Severity} == {
        "panic", "oops", "lockup", "hardware", "warning", "info",
    }  # fmt: skip
    assert {reason.value for reason in EndReason} == {
        "terminator", "rebooting", "end-trace", "event", "silence", "reboot",
        "next-report", "age", "evicted", "shutdown",
    }  # fmt: skip


# Each of these would make a name in the code a name in the database.
REFLECTION = {"vars", "asdict", "astuple", "_asdict", "_fields", "__dict__", "fields",
              "attrgetter", "setattr", "_mapping", "__members__"}  # fmt: skip
CODECS = sorted(
    [
        *(ROOT / "omprog_panic/store").glob("*.py"),
        ROOT / "omprog_panic/alerter/settings_report.py",
    ]
)


@pytest.mark.parametrize("path", CODECS, ids=lambda path: path.name)
def test_nothing_stored_is_named_by_reflection(path: Path) -> None:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in REFLECTION:
            found.append(f"{node.lineno}: .{node.attr}")
        if isinstance(node, ast.Name) and node.id in REFLECTION:
            found.append(f"{node.lineno}: {node.id}")
        if isinstance(node, ast.Call):
            # cls(**data): the keys of the data would be names in the code.
            found += [
                f"{node.lineno}: **{ast.unparse(keyword.value)}"
                for keyword in node.keywords
                if keyword.arg is None and not isinstance(keyword.value, ast.Dict)
            ]

            if ast.unparse(node.func) == "getattr":
                name = node.args[1]
                found += [] if isinstance(name, ast.Constant) else [ast.unparse(node)]

    assert found == []

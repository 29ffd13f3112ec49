"""Values that are valid by default; a test overrides what it is about."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from omprog_panic.config.model import Service
from omprog_panic.config.senders import ListedSender, SenderDirectory
from omprog_panic.kernel.analysis import Facts, Report
from omprog_panic.model import EndReason, Record, Severity
from omprog_panic.secret import Secret
from omprog_panic.spool.record import IncidentRecord

DATABASE = "db/alerter.sqlite"  # below the folder of config.yaml
PANIC_LINE = "Kernel panic - not syncing: sysrq triggered crash"


def make_incident(number: int = 1, **changes: Any) -> IncidentRecord:
    texts = ("usb 1-1: new device", PANIC_LINE, "Call Trace:", f"---[ end {PANIC_LINE}")
    incident = IncidentRecord(
        id=f"{number:032x}",
        source="10.0.0.2",
        boot="b1",
        end=EndReason.TERMINATOR,
        context=1,
        records=tuple(
            Record(text, 1_000_000 + i, i, 4, 0, at="2026-11-22T22:15:42.500000+00:00")
            for i, text in enumerate(texts)
        ),
        kernel="6.1.0-56-cloud-amd64",
        written_at="2026-11-22T22:15:43.000000+00:00",
    )
    return dataclasses.replace(incident, **changes)


def make_lone_incident(number: int = 1, **changes: Any) -> IncidentRecord:
    """Make an incident that has a cause and a host of its own: it is alerted alone."""
    index = number % 65521
    # Numbers do not tell causes apart, words do.
    word = "".join(chr(ord("a") + int(digit, 16)) for digit in f"{index:05x}")
    incident = make_incident(number, source=f"10.7.{index >> 8}.{index & 255}")
    records = tuple(
        item._replace(text=item.text.replace("sysrq triggered", f"{word} met a"))
        for item in incident.records
    )
    return dataclasses.replace(incident, **{"records": records, **changes})


def make_report(**changes: Any) -> Report:
    report = Report(
        kind="panic",
        severity=Severity.PANIC,
        title="kernel panic: sysrq triggered crash",
        function=None,
        fingerprint="f" * 16,
        panicked=True,
        first_line=2,
        last_line=4,
        facts=Facts(panic_line=PANIC_LINE),
    )
    return dataclasses.replace(report, **changes)


def make_service(name: str = "ops", **changes: Any) -> Service:
    service = Service(
        key=f"key-{name}",
        scheme="json",
        tags=frozenset({name}),
        shown="json://127.0.0.1:9/...",
        form="text",
        document=Secret(f"{name}=json://127.0.0.1:9/{name}-secret"),
    )
    return dataclasses.replace(service, **changes)


def database_location(config: Path) -> Path:
    """Return where the alerter of ``write_config`` has its database."""
    return config.parent / DATABASE


def write_config(folder: Path, urls: list[str], **limits: float) -> Path:
    """Write a working configuration below ``folder``; give the path of config.yaml."""
    services = folder / "apprise.yml"
    services.write_text("".join(f"{url}\n" for url in urls))
    services.chmod(0o640)
    config = folder / "config.yaml"
    # JSON is YAML.
    config.write_text(
        json.dumps(
            {
                "senders": [{"name": "db-07", "address": "10.0.0.2"}],
                "paths": {
                    "spool": "spool",
                    "database": DATABASE,
                    "apprise": "apprise.yml",
                    "templates": "alert_templates",
                },
                "limits": limits,
                # What is tested with it is not the policy, and nobody listens.
                "grouping": {"messages_per_hour": 10000, "host_causes_per_hour": 10000},
                "self_check": {"interval_s": 0},
            },
            indent=1,
        )
    )
    return config


def name_of(names: Mapping[str, str]) -> Callable[[str, str | None], str]:
    """Return what names a host, where these names are listed by address."""
    entries = [{"name": name, "address": address} for address, name in names.items()]
    return SenderDirectory(map(ListedSender.from_json, entries)).name_of

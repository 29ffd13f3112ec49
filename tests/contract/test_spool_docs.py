"""docs/spool.md against what the collector writes; the reader knows only the page."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.errors import MalformedRecordError
from omprog_panic.model import EndReason, Record
from omprog_panic.spool.codec import VERSION, decode, encode
from omprog_panic.spool.record import (
    AliveRecord,
    BootRecord,
    CountersRecord,
    IncidentRecord,
    Losses,
    ProbeRecord,
    SpoolRecord,
)

PAGE = (Path(__file__).parents[2] / "docs" / "spool.md").read_text("utf-8")
AT = "2026-11-22T22:15:42.500000+00:00"

WHOLE: dict[str, SpoolRecord] = {
    "incident": IncidentRecord(
        id="1" * 32,
        source="2001:db8::1",
        boot="b1",
        end=EndReason.NEXT_REPORT,
        context=1,
        records=(
            Record("before"),
            Record("näh\nzwei", 5, 6, 0, 0, "C2", AT, {"cpu": "2", "b": ""}, 0),
            Record("3 records lost", lost=3),
        ),
        losses=Losses(3, 1, 2, 90, 4),
        host="db-07",
        kernel="6.1.0",
        form="extended",
        before_listening=True,
        notes=("a sentence",),
        written_at=AT,
    ),
    "boot": BootRecord("2" * 32, "10.0.0.2", "b2", True, AT, "x", AT, "6.1", "db", AT),
    "alive": AliveRecord(
        "3" * 32, "10.0.0.2", AT, "verify", "db", "b", "6.1", "1.0", 900, "0f", AT
    ),
    "probe": ProbeRecord("4" * 32, "127.0.0.1", "0f", AT, AT),
    "counters": CountersRecord("5" * 32, AT, {"incidents": 2}, ("10.0.0.9",), AT, (7,)),
}
LEAST: dict[str, SpoolRecord] = {
    "incident": IncidentRecord(
        "1" * 32, "10.0.0.2", "b", EndReason.SILENCE, 0, (Record("x"),)
    ),
    "boot": BootRecord("2" * 32, "10.0.0.2", "b", False, None, None, AT),
    "alive": AliveRecord("3" * 32, "10.0.0.2", AT),
    "probe": ProbeRecord("4" * 32, "127.0.0.1", "0f", AT),
    "counters": CountersRecord("5" * 32, AT, {}),
}
BOTH = [
    pytest.param(kind, record, id=f"{kind}-{name}")
    for name, records in (("whole", WHOLE), ("least", LEAST))
    for kind, record in records.items()
]


def section(title: str) -> str:
    """The page from a heading of the third level to the next heading."""
    return PAGE.split(f"\n### {title}\n")[1].split("\n## ")[0].split("\n### ")[0]


def table(text: str, heading: str) -> dict[str, list[str]]:
    """The rows of the first table whose first column is headed so."""
    rows = (
        text[text.index(f"| {heading} |") :]
        .split("\n\n", maxsplit=1)[0]
        .splitlines()[2:]
    )
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {first.strip("`"): rest for first, *rest in cells}


JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int,),
    "list": (list,),
    "object": (dict,),
    "true or false": (bool,),
    "string or null": (str, type(None)),
    "number or null": (int, type(None)),
}


@pytest.mark.parametrize(("kind", "record"), BOTH)
def test_a_file_has_exactly_the_documented_fields(
    kind: str, record: SpoolRecord
) -> None:
    content = encode(record)
    body = json.loads(content)
    common = table(PAGE[PAGE.index("## A record") :], "field")
    fields = {**common, **table(section(kind), "field")}

    assert body["kind"] == kind
    assert f"`{kind}`" in common["kind"][1]
    assert set(body) == set(fields)
    for name, value in body.items():
        assert type(value) in JSON_TYPES[fields[name][0]], name
    assert content.isascii()
    assert b"\n" not in content


def test_a_printk_record_has_exactly_the_documented_fields() -> None:
    text = section("incident").split("A member of `records`")[1]
    body = json.loads(encode(WHOLE["incident"]))

    assert set(table(text, "field")) == set(Record._fields)
    for member in body["records"]:
        for name, value in member.items():
            kind = table(text, "field")[name][0]
            assert type(value) in JSON_TYPES[kind], name


def test_losses_have_exactly_the_documented_fields() -> None:
    text = section("incident").split("`losses`:")[1]

    fields = {field.name for field in dataclasses.fields(Losses)}
    assert set(table(text, "field")) == fields


def test_every_ending_is_documented() -> None:
    documented = table(section("incident"), "value")

    assert set(documented) == {reason.value for reason in EndReason}


def test_every_counter_is_documented() -> None:
    folder = Path(__file__).parents[2] / "omprog_panic/collector"
    sources = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    call = (
        r'(?:counters\.add|add_quietly|self\.add|Dropped)\(\s*"(\w+)"|counts\["(\w+)"'
    )
    counted = [first or second for first, second in re.findall(call, sources)]

    assert counted
    assert set(table(section("counters"), "counter")) == set(counted)


# --- a reader that knows only the page ----------------------------------------


def read(content: bytes) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(content)
    if not 1 <= body["version"] <= 1:
        raise ValueError(body["version"])
    for member in body.get("records", []):
        for name in ("time_us", "sequence", "level", "facility", "caller", "keys"):
            member.setdefault(name, None)
        member.setdefault("at", "")
        member.setdefault("lost", 0)
    return body


@pytest.mark.parametrize(("kind", "record"), BOTH)
def test_a_reader_written_from_the_page_reads_what_the_collector_writes(
    kind: str, record: SpoolRecord
) -> None:
    got = read(encode(record))

    assert got.pop("version") == 1
    assert got.pop("kind") == kind
    if isinstance(record, IncidentRecord):
        assert got.pop("end") == record.end.value
        assert got.pop("losses") == dataclasses.asdict(record.losses)
        assert got["records"][got["context"]]["text"] == record.onset.text
        records = [item._asdict() for item in record.records]
        assert got.pop("records") == records
    for name, value in got.items():
        known = getattr(record, name)
        assert value == (list(known) if isinstance(known, tuple) else known), name


@pytest.mark.parametrize(("kind", "record"), BOTH)
def test_our_own_reader_gives_the_record_back(kind: str, record: SpoolRecord) -> None:
    content = encode(record)

    assert decode(content) == record
    body = json.loads(content) | {"added_later": kind}
    assert decode(json.dumps(body).encode()) == record


# --- what older collectors wrote ----------------------------------------------

# One folder a version, of files that were written when it was new; they are never
# written again. ``*-first.json`` has none of the fields that were added since.
FOLDERS = {
    version: Path(__file__).parent / f"spool-v{version}"
    for version in range(1, VERSION + 1)
}
OLD = [
    pytest.param(path, id=f"{path.parent.name}-{path.stem}")
    for folder in FOLDERS.values()
    for path in sorted(folder.glob("*.json"))
]


def test_every_version_has_a_file_of_every_kind_that_it_wrote() -> None:
    for folder in FOLDERS.values():
        names = {path.stem.removesuffix("-first") for path in folder.glob("*.json")}
        assert names == set(WHOLE)


@pytest.mark.parametrize("path", OLD, ids=str)
def test_a_file_of_an_older_collector_is_read(path: Path) -> None:
    kind, _, first = path.stem.partition("-")
    expected = (LEAST if first else WHOLE)[kind]

    assert decode(path.read_bytes()) == expected


@pytest.mark.parametrize("path", OLD, ids=str)
def test_the_reader_of_the_page_reads_it_too(path: Path) -> None:
    assert read(path.read_bytes())["kind"] == path.stem.partition("-")[0]


def test_a_file_of_a_later_version_is_refused() -> None:
    body = json.loads(encode(LEAST["boot"])) | {"version": VERSION + 1}

    with pytest.raises(MalformedRecordError, match="version"):
        decode(json.dumps(body).encode())

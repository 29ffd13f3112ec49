"""What a checkpoint writes is the same to the byte as in tests/contract/journal-v1.

So renaming a class or an attribute cannot change the format. A change that is wanted
needs a new version in state_codec.py, and a folder of its own.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from omprog_panic.collector.journal import Journal
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.source import Source
from omprog_panic.collector.state_codec import (
    decode_source,
    encode_addresses,
    encode_networks,
    encode_published,
    encode_source,
)

HERE = Path(__file__).parent
FOLDER = HERE / "journal-v1"
LIMITS = TraceLimits(context_records=5, max_records=12)
AT = "2026-11-22T21:{:02}:{:02}.000000+00:00"
PANIC = "Kernel panic - not syncing: Fatal exception"
OOPS = "BUG: kernel NULL pointer dereference, address: 0000000000000000"


def fed(*datagrams: tuple[float, str]) -> Source:
    """Feed datagrams, received at so many seconds; time passes between them."""
    source = Source(LIMITS)
    for now, payload in datagrams:
        deadline = source.deadline()
        while deadline is not None and deadline <= now:
            source.tick(deadline)
            deadline = source.deadline()
        source.feed(payload, AT.format(*divmod(int(now), 60)), now)
    source.settle(100.0)
    source.last_sign_at = 1.0
    return source


def basic(us: int, text: str) -> str:
    return f"[{us // 10**6:5}.{us % 10**6:06}] {text}"


def make_states() -> dict[str, bytes]:
    long_trace = [(2.0, basic(7_000_100 + n, f" frame_{n}+0x1/0x2")) for n in range(20)]
    open_trace = fed(
        (1.0, basic(6_000_000, "netconsole: network logging started")),
        (1.5, "[    6.500000] omprog-panic: alive host=db-07 kernel=6.1.0 next=900"),
        (2.0, basic(7_000_000, PANIC)),
        *long_trace,
    )
    extended = fed(
        (1.0, "6.12.1,6,10,1000000,-;ready\n host=db-08"),
        (1.0, "6.12.1,4,13,1000040,-;after a hole"),
        (2.0, f"6.12.1,4,14,1000050,-;{OOPS}"),
        (2.0, "6.12.1,4,15,1000060,-;---[ end trace 0000000000000000 ]---"),
    )
    rebooted = fed(
        (1.0, basic(50_000_000, OOPS)),
        (3.0, basic(50_000_100, "---[ end trace 0000000000000000 ]---")),
        (30.0, basic(0, "Linux version 6.1.0 (x)")),
        (31.0, basic(8_000_000, "netconsole: network logging started")),
        (40.0, basic(17_000_000, "up")),
    )
    return {
        "source-open-trace": encode_source("10.0.0.2", open_trace),
        "source-extended": encode_source("2001:db8::1", extended),
        "source-rebooted": encode_source("10.0.0.3", rebooted),
        "source-evicted": encode_source("10.0.0.4", None),
        "addresses": encode_addresses(["10.0.0.2", "2001:db8::1"]),
        "networks": encode_networks(["10.0.0.0/8", "2001:db8::/32"]),
        "published": encode_published(["1" * 32, "2" * 32]),
    }


STATES = make_states()
SOURCES = [name for name in STATES if name.startswith("source-")]


def test_every_format_has_a_file() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.state")) == sorted(STATES)


@pytest.mark.parametrize("name", STATES)
def test_the_bytes_are_those_of_the_file(name: str) -> None:
    assert STATES[name] == (FOLDER / f"{name}.state").read_bytes()


@pytest.mark.parametrize("name", SOURCES)
def test_a_file_is_read_and_written_again_without_a_change(name: str) -> None:
    content = (FOLDER / f"{name}.state").read_bytes()
    address, source = decode_source(content, LIMITS)

    assert encode_source(address, source) == content


def test_the_states_hold_what_there_is_to_hold() -> None:
    _, open_trace = decode_source(STATES["source-open-trace"], LIMITS)
    _, rebooted = decode_source(STATES["source-rebooted"], LIMITS)

    assert open_trace is not None
    trace = open_trace.primary.timeline.boot.cutter.trace
    assert trace is not None
    assert trace.lines.tail is not None
    assert trace.lines.elided_records > 0
    assert open_trace.names == ("db-07", "6.1.0")
    assert rebooted is not None
    assert len(rebooted.others) == 1


def test_a_segment_begins_with_its_header_and_one_entry_is_as_documented(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path)
    journal.append(1, b"abc", 1.5)
    journal.close()
    (segment,) = tmp_path.glob("*.journal")

    expected = bytes.fromhex("f500f600 000000000000f83f 0f64a873 01 03000000") + b"abc"
    assert segment.name == "00000001.journal"
    assert segment.read_bytes()[: 16 + len(expected)] == b"omprog-panic j1\n" + expected


# --- no codec takes names from Python ---------------------------------------------

CODECS = sorted((HERE.parents[1]).glob("omprog_panic*/**/*codec*.py"))
FUNCTIONS = {"vars", "getattr", "setattr", "asdict", "astuple", "pickle"}
ATTRIBUTES = {"asdict", "astuple", "fields", "_asdict", "_fields"}
ATTRIBUTES |= {"__dict__", "__slots__", "__annotations__"}


def test_there_are_codecs() -> None:
    names = {path.relative_to(HERE.parents[1]).as_posix() for path in CODECS}

    assert "omprog_panic/spool/codec.py" in names
    assert "omprog_panic/collector/state_codec.py" in names


def reflection_in(code: str) -> set[str]:
    """The names in a module's code by which Python identifiers become data."""
    nodes = list(ast.walk(ast.parse(code)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return names & FUNCTIONS | attributes & ATTRIBUTES


@pytest.mark.parametrize(
    "path", CODECS, ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_a_codec_takes_no_name_from_python(path: Path) -> None:
    assert reflection_in(path.read_text("utf-8")) == set()


@pytest.mark.parametrize(
    "code", ["vars(x)", "x.__dict__", "dataclasses.asdict(x)", "setattr(x, n, 1)"]
)
def test_reflection_is_found(code: str) -> None:
    assert len(reflection_in(code)) == 1

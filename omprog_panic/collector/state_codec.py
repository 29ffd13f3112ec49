"""The state that a checkpoint writes into the journal, to bytes and back. Pure.

Every content is JSON with a version of its own. The names in it are written here as
literals: they are the format of docs/journal.md, and renaming an attribute cannot
change them.
"""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any

from omprog_panic.collector.boot_session import BootSession
from omprog_panic.collector.burst import BootMemory
from omprog_panic.collector.host_stream import HostStream
from omprog_panic.collector.numbering import PacketOrder
from omprog_panic.collector.open_trace import OpenTrace, TraceLines
from omprog_panic.collector.source import Source
from omprog_panic.collector.start_mark import StartMark
from omprog_panic.collector.timeline import Timeline
from omprog_panic.errors import MalformedStateError
from omprog_panic.model import Severity
from omprog_panic.netconsole.reassembly import Numbering

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.collector.open_trace import TraceLimits

SOURCE_VERSION = 1
ADDRESSES_VERSION = 1
NETWORKS_VERSION = 1
PUBLISHED_VERSION = 1
_BETWEEN = "\x1e"  # separates the lines of a context, where none of them contains it
_Json = dict[str, Any]

# --- lists ----------------------------------------------------------------------


def encode_addresses(addresses: Iterable[str]) -> bytes:
    """Write the addresses of the sources whose state follows."""
    return _encode_list(ADDRESSES_VERSION, "addresses", addresses)


def decode_addresses(content: bytes) -> list[str]:
    """Parse what :func:`encode_addresses` wrote."""
    return _decode_list(ADDRESSES_VERSION, "addresses", content)


def encode_networks(networks: Iterable[str]) -> bytes:
    """Write the allowed networks, as CIDR."""
    return _encode_list(NETWORKS_VERSION, "networks", networks)


def decode_networks(content: bytes) -> list[str]:
    """Parse what :func:`encode_networks` wrote."""
    return _decode_list(NETWORKS_VERSION, "networks", content)


def encode_published(names: Iterable[str]) -> bytes:
    """Write the ids of incidents that were published."""
    return _encode_list(PUBLISHED_VERSION, "published", names)


def decode_published(content: bytes) -> list[str]:
    """Parse what :func:`encode_published` wrote."""
    return _decode_list(PUBLISHED_VERSION, "published", content)


def _encode_list(version: int, name: str, items: Iterable[str]) -> bytes:
    return json.dumps({"version": version, name: list(items)}).encode()


def _decode_list(version: int, name: str, content: bytes) -> list[str]:
    try:
        return list(map(str, _checked(json.loads(content), version)[name]))
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedStateError(f"{name}: {error}") from error


def _checked(body: _Json, latest: int) -> _Json:
    version = body["version"]
    if version != latest:
        raise MalformedStateError(f"version {version!r} is not supported")
    return body


# --- a source -------------------------------------------------------------------


def encode_source(address: str, source: Source | None) -> bytes:
    """Write the state of a source; None: there is none, it was evicted.

    JSON, a line feed, then the context of the first host as it is: the context is
    most of the state, and JSON would look at each of its characters.

    The source must not be undecided.
    """
    body: _Json = {"version": SOURCE_VERSION, "address": address}
    if source is None:
        return json.dumps(body).encode()
    body["last_sign_at"] = source.last_sign_at
    primary = body["primary"] = _encode_stream(source.primary)
    body["others"] = [_encode_stream(other) for other in source.others]
    context: list[str] = primary["context"]
    text = _BETWEEN.join(context)
    if not context or text.count(_BETWEEN) >= len(context):
        return json.dumps(body).encode()
    primary["context"] = None
    head = json.dumps(body).encode()
    return head + b"\n" + text.encode("utf-8", "surrogatepass")


def decode_source(content: bytes, limits: TraceLimits) -> tuple[str, Source | None]:
    """Parse what :func:`encode_source` wrote: the address, and the source.

    Raises:
        MalformedStateError: it was written in another version.

    """
    head, feed, text = content.partition(b"\n")
    try:
        body = _checked(json.loads(head), SOURCE_VERSION)
        address = str(body["address"])
        if "primary" not in body:
            return address, None
        if feed:
            context = text.decode("utf-8", "surrogatepass").split(_BETWEEN)
            body["primary"]["context"] = context
        source = Source(limits)
        source.last_sign_at = body["last_sign_at"]
        source.primary = _decode_stream(body["primary"], limits)
        source.others = [_decode_stream(other, limits) for other in body["others"]]
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedStateError(f"source: {error}") from error
    return address, source


def decode_source_address(content: bytes) -> str:
    """Parse only the address of what :func:`encode_source` wrote.

    Raises:
        MalformedStateError: it was written in another version.

    """
    try:
        body = _checked(json.loads(content.partition(b"\n")[0]), SOURCE_VERSION)
        return str(body["address"])
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedStateError(f"source: {error}") from error


def _encode_stream(stream: HostStream) -> _Json:
    """Write a stream, the boot that is its newest, and its traces as one object."""
    timeline, order = stream.timeline, stream.order
    boot = timeline.boot
    return {
        "formats": stream.formats,
        "stamped": stream.stamped,
        "numbering": None if order is None else _encode_numbering(order.numbering()),
        "host": timeline.host,
        "kernel": timeline.kernel,
        "form": timeline.form,
        "last_at": timeline.last_at,
        "last_heard": timeline.last_heard,
        "retired_at": timeline.retired_at,
        "boot": _encode_boot(boot),
        "context": boot.cutter.context,
        "late_until": boot.cutter.ended.late_until,
        "late_us": boot.cutter.ended.late_us,
        "late_panic": boot.cutter.ended.late_panic,
        "trace": None
        if boot.cutter.trace is None
        else _encode_trace(boot.cutter.trace),
    }


def _decode_stream(body: _Json, limits: TraceLimits) -> HostStream:
    boot = _decode_boot(body["boot"], limits)
    boot.cutter.context = body["context"]
    boot.cutter.ended.late_until = body["late_until"]
    boot.cutter.ended.late_us = body["late_us"]
    boot.cutter.ended.late_panic = body["late_panic"]
    trace = body["trace"]
    boot.cutter.trace = None if trace is None else _decode_trace(trace)
    timeline = Timeline(limits, boot)
    timeline.host = body["host"]
    timeline.kernel = body["kernel"]
    timeline.form = body["form"]
    timeline.last_at = body["last_at"]
    timeline.last_heard = body["last_heard"]
    timeline.retired_at = body["retired_at"]
    stream = HostStream(timeline)
    stream.formats = body["formats"]
    stream.stamped = body["stamped"]
    if body["numbering"] is not None:
        stream.order = PacketOrder()
        stream.order.resume(_decode_numbering(body["numbering"]))
    return stream


def _encode_numbering(numbering: Numbering) -> _Json:
    return {
        "next": numbering.next,
        "holes": numbering.holes,
        "others": numbering.others,
    }


def _decode_numbering(body: _Json) -> Numbering:
    holes = tuple((first, last) for first, last in body["holes"])
    return Numbering(body["next"], holes, tuple(body["others"]))


def _encode_boot(boot: BootSession) -> _Json:
    return {
        "name": boot.name,
        "announced": boot.announced,
        "marks": _encode_marks(boot.cutter.ended.marks),
        "high_us": boot.memory.high_us,
        "started": boot.memory.started,
        "died": boot.died,
        "farewell": boot.farewell,
        "in_replay": boot.in_replay,
        "replayed": boot.replayed,
        "last_lines": boot.last_lines,
        "spans": boot.spans,
    }


def _decode_boot(body: _Json, limits: TraceLimits) -> BootSession:
    boot = BootSession(limits)
    boot.name = body["name"]
    boot.announced = body["announced"]
    boot.cutter.ended.marks = tuple(_decode_marks(body["marks"]))
    started = tuple((time_us, text) for time_us, text in body["started"])
    boot.memory = BootMemory(body["high_us"], started)
    boot.died = body["died"]
    boot.farewell = body["farewell"]
    boot.in_replay = body["in_replay"]
    boot.replayed = body["replayed"]
    boot.last_lines = body["last_lines"]
    boot.spans = tuple((first, last) for first, last in body["spans"])
    return boot


def _encode_trace(trace: OpenTrace) -> _Json:
    lines = trace.lines
    return {
        "severity": trace.severity.value,
        "panicked": trace.panicked,
        "kdump": trace.kdump,
        "prolonged": trace.prolonged,
        "settle_at": trace.settle_at,
        "age_at": trace.age_at,
        "last": trace.last,
        "last_us": trace.last_us,
        "start_us": trace.start_us,
        "begun_us": trace.begun_us,
        "starts": _encode_marks(trace.starts.marks),
        "unended": _encode_marks(trace.starts.unended),
        "context": lines.context,
        "head": lines.head,
        "tail": None if lines.tail is None else list(lines.tail),
        "elided_records": lines.elided_records,
        "elided_bytes": lines.elided_bytes,
    }


def _decode_trace(body: _Json) -> OpenTrace:
    lines = TraceLines(body["head"])
    lines.context = body["context"]
    if body["tail"] is not None:
        lines.tail = deque(body["tail"])
        lines.tail_bytes = sum(map(len, lines.tail))
    lines.elided_records = body["elided_records"]
    lines.elided_bytes = body["elided_bytes"]
    trace = OpenTrace(lines, Severity(body["severity"]))
    trace.panicked = body["panicked"]
    trace.kdump = body["kdump"]
    trace.prolonged = body["prolonged"]
    trace.settle_at = body["settle_at"]
    trace.age_at = body["age_at"]
    trace.last = body["last"]
    trace.last_us = body["last_us"]
    trace.start_us = body["start_us"]
    trace.begun_us = body["begun_us"]
    trace.starts.marks = _decode_marks(body["starts"])
    trace.starts.unended = _decode_marks(body["unended"])
    return trace


def _encode_marks(marks: Iterable[StartMark]) -> list[list[int | str | bool | None]]:
    return [[mark.time_us, mark.text, mark.at, mark.panic] for mark in marks]


def _decode_marks(rows: Iterable[Any]) -> list[StartMark]:
    return [StartMark(time_us, text, at, panic) for time_us, text, at, panic in rows]

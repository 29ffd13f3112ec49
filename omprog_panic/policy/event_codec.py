"""The log of the policy: what was evaluated and when, as JSON. Pure.

The field names are written out here: renaming a class or an attribute changes no file.
tests/contract/policy-v1 holds an example of each event.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from omprog_panic.config.policy import parse_policy
from omprog_panic.config.routing import match_to_json, parse_match
from omprog_panic.config.time_span import parse_span
from omprog_panic.errors import MalformedRecordError
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
from omprog_panic.policy.familiarity import History
from omprog_panic.policy.receiver import decode_receiver, encode_receiver
from omprog_panic.policy.timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.policy.json_object import Json

VERSION = 1


def encode_evaluation(now: Timestamps, events: Sequence[Event]) -> str:
    """Return one entry of the log."""
    return json.dumps(
        {
            "version": VERSION,
            "now": {
                "t": now.t,
                "wall": now.wall,
                "listened": now.listened,
                "offset_s": now.offset_s,
            },
            "events": [encode_event(event) for event in events],
        }
    )


def decode_evaluation(text: str) -> tuple[Timestamps, list[Event]]:
    """Parse what ``encode_evaluation`` returned.

    Raises:
        MalformedRecordError: it is something else, or of a later version.

    """
    try:
        raw = json.loads(text)
        if raw["version"] != VERSION:
            raise MalformedRecordError(f"unknown version {raw['version']} of the log")
        at = raw["now"]
        now = Timestamps(at["t"], at["wall"], at["listened"], at["offset_s"])
        return now, [decode_event(event) for event in raw["events"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MalformedRecordError(f"not an entry of the log: {error}") from error


def encode_event(event: Event) -> Json:
    """Return one JSON object; "event" names its class."""
    match event:
        case ConfigChanged():
            return {
                "event": "config-changed",
                "config": event.config.to_json(),
                "receivers": [encode_receiver(item) for item in event.receivers],
            }
        case SilenceChanged():
            return {"event": "silence-changed", **_encode_silence(event)}
        case CauseCommand():
            return {"event": "cause-command", **_encode_command(event)}
        case SignOfLife():
            return {"event": "sign-of-life", **_encode_sign(event)}
        case Crash():
            return {"event": "crash", **_encode_crash(event)}
        case Boot():
            return {"event": "boot", **encode_boot(event)}
        case ProbeSent():
            return {
                "event": "probe-sent",
                "token": event.token,
                "error": event.error,
            }
        case ProbeReturned():
            return {"event": "probe-returned", "token": event.token}


def decode_event(raw: Json) -> Event:
    """Parse what ``encode_event`` returned.

    Raises:
        MalformedRecordError: an event that is not known.
        KeyError: a field is missing.

    """
    match raw["event"]:
        case "config-changed":
            receivers = tuple(decode_receiver(item) for item in raw["receivers"])
            return ConfigChanged(parse_policy(raw["config"]), receivers)
        case "silence-changed":
            return _decode_silence(raw)
        case "cause-command":
            return _decode_command(raw)
        case "sign-of-life":
            return _decode_sign(raw)
        case "crash":
            return _decode_crash(raw)
        case "boot":
            return decode_boot(raw)
        case "probe-sent":
            return ProbeSent(raw["token"], raw["error"])
        case "probe-returned":
            return ProbeReturned(raw["token"])
        case unknown:
            raise MalformedRecordError(f"unknown event {unknown!r}")


def _encode_silence(event: SilenceChanged) -> Json:
    return {
        "id": event.id,
        "match": match_to_json(event.match),
        "author": event.author,
        "comment": event.comment,
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "revision": event.revision,
        "every": [span.text for span in event.every],
    }


def _decode_silence(raw: Json) -> SilenceChanged:
    return SilenceChanged(
        id=raw["id"],
        match=parse_match(raw["match"]),
        author=raw["author"],
        comment=raw["comment"],
        starts_at=raw["starts_at"],
        ends_at=raw["ends_at"],
        revision=raw["revision"],
        every=tuple(map(parse_span, raw["every"])),
    )


def _encode_command(event: CauseCommand) -> Json:
    return {
        "id": event.id,
        "cause": event.cause,
        "action": event.action.value,
        "author": event.author,
        "comment": event.comment,
        "at": event.at,
        "until": event.until,
        "revision": event.revision,
    }


def _decode_command(raw: Json) -> CauseCommand:
    return CauseCommand(
        id=raw["id"],
        cause=raw["cause"],
        action=CauseAction(raw["action"]),
        author=raw["author"],
        comment=raw["comment"],
        at=raw["at"],
        until=raw["until"],
        revision=raw["revision"],
    )


def _encode_sign(event: SignOfLife) -> Json:
    return {
        "id": event.id,
        "at": event.at,
        "source": event.source,
        "says": event.says,
        "host": event.host,
        "kernel": event.kernel,
        "boot": event.boot,
        "next_s": event.next_s,
    }


def _decode_sign(raw: Json) -> SignOfLife:
    return SignOfLife(
        id=raw["id"],
        at=raw["at"],
        source=raw["source"],
        says=raw["says"],
        host=raw["host"],
        kernel=raw["kernel"],
        boot=raw["boot"],
        next_s=raw["next_s"],
    )


def _encode_crash(event: Crash) -> Json:
    return {
        "id": event.id,
        "at": event.at,
        "source": event.source,
        "host": event.host,
        "fingerprint": event.fingerprint,
        "severity": event.severity,
        "kind": event.kind,
        "title": event.title,
        "function": event.function,
        "kernel": event.kernel,
        "hardware": event.hardware,
        "panicked": event.panicked,
        "boot": event.boot,
        "ended_at": event.ended_at,
        "before_listening": event.before_listening,
        "subsystem": event.subsystem,
        "history": {
            "crashes": event.history.crashes,
            "hosts": event.history.hosts,
            "first_at": event.history.first_at,
            "last_at": event.history.last_at,
            "kernels": list(event.history.kernels),
        },
    }


def _decode_crash(raw: Json) -> Crash:
    history = raw["history"]
    return Crash(
        id=raw["id"],
        at=raw["at"],
        source=raw["source"],
        host=raw["host"],
        fingerprint=raw["fingerprint"],
        severity=raw["severity"],
        kind=raw["kind"],
        title=raw["title"],
        function=raw["function"],
        kernel=raw["kernel"],
        hardware=raw["hardware"],
        panicked=raw["panicked"],
        boot=raw["boot"],
        ended_at=raw["ended_at"],
        before_listening=raw["before_listening"],
        history=History(
            crashes=history["crashes"],
            hosts=history["hosts"],
            first_at=history["first_at"],
            last_at=history["last_at"],
            kernels=tuple(history["kernels"]),
        ),
        subsystem=raw.get("subsystem"),
    )


def encode_boot(event: Boot) -> Json:
    """Return the fields of a boot."""
    return {
        "id": event.id,
        "at": event.at,
        "source": event.source,
        "host": event.host,
        "boot": event.boot,
        "announced": event.announced,
        "last_heard_at": event.last_heard_at,
        "last_text": event.last_text,
        "kernel": event.kernel,
    }


def decode_boot(raw: Json) -> Boot:
    """Parse what ``encode_boot`` returned."""
    return Boot(
        id=raw["id"],
        at=raw["at"],
        source=raw["source"],
        host=raw["host"],
        boot=raw["boot"],
        announced=raw["announced"],
        last_heard_at=raw["last_heard_at"],
        last_text=raw["last_text"],
        kernel=raw["kernel"],
    )

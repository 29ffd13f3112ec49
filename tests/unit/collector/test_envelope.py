from __future__ import annotations

import json

import pytest

from omprog_panic.collector.envelope import Envelope, parse_envelope, restore
from omprog_panic.errors import MalformedEnvelopeError

AT = "2026-11-22T21:54:00.123456+00:00"


def line(raw: str, ip: str = "10.0.0.2") -> bytes:
    return json.dumps({"ip": ip, "at": AT, "raw": raw}, ensure_ascii=False).encode()


def test_a_plain_line_and_an_escaped_one_read_alike() -> None:
    plain = b'{"ip":"10.0.0.2","at":"%s","raw":"[    1.5] x"}' % AT.encode()

    assert parse_envelope(plain) == Envelope("10.0.0.2", AT, "[    1.5] x")
    assert parse_envelope(line('say "x" \\ \t')).payload == 'say "x" \\ \t'


@pytest.mark.parametrize(
    ("raw", "payload"),
    [
        pytest.param(
            "[    1.5] A#012[    1.5] #011B", "[    1.5] A\n[    1.5] \tB", id="basic"
        ),
        pytest.param("CPU#177 stuck", "CPU#177 stuck", id="not-an-escape"),
        pytest.param("#033[31mred", "\x1b[31mred", id="escape-character"),
        pytest.param("x#012", "x", id="kept-trailing-line-feed"),
        pytest.param("raw\nfeed\n", "raw\nfeed", id="escaping-switched-off"),
        pytest.param(
            "6,1084,4242424,-;usb 1-1: new#012 SUBSYSTEM=usb#012 DEVICE=c189:1",
            "6,1084,4242424,-;usb 1-1: new\n SUBSYSTEM=usb\n DEVICE=c189:1",
            id="dictionary",
        ),
        pytest.param(
            "12,1,2,-;a #012 literal", "12,1,2,-;a #012 literal", id="literal"
        ),
        pytest.param(
            "6.1-x,6,1,2,-,ncfrag=0/30;text#012 ra",
            "6.1-x,6,1,2,-,ncfrag=0/30;text\n ra",
            id="fragment-cut-inside-a-key",
        ),
    ],
)
def test_what_rsyslogd_did_is_undone(raw: str, payload: str) -> None:
    assert restore(raw) == payload


def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    assert parse_envelope(b'{"ip":"::1","at":"now","raw":"a\xff\xfe"}').payload == (
        "a\ufffd\ufffd"
    )


def test_an_ipv4_sender_on_an_ipv6_socket_keeps_its_address() -> None:
    assert parse_envelope(line("x", ip="::ffff:10.0.0.2")).ip == "10.0.0.2"


def test_a_lone_surrogate_can_be_written_to_a_file_again() -> None:
    payload = parse_envelope(b'{"ip":"::1","at":"now","raw":"\\ud800 x"}').payload

    assert payload.encode("utf-8").decode() == payload


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not json", id="no-json"),
        pytest.param(b"\x00\xff\x80", id="binary"),
        pytest.param(b"[]", id="no-object"),
        pytest.param(b"{}", id="no-keys"),
        pytest.param(b'{"ip":1,"at":"x","raw":"y"}', id="number"),
        pytest.param(b'{"ip":"../../etc","at":"x","raw":"y"}', id="no-address"),
        pytest.param(b'{"ip":"::1","at":"\\n","raw":"y"}', id="line-feed-in-time"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_anything_else_is_malformed(content: bytes) -> None:
    with pytest.raises(MalformedEnvelopeError):
        parse_envelope(content)

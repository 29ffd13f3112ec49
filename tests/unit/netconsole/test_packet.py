from __future__ import annotations

import pytest

from omprog_panic.errors import MalformedPacketError
from omprog_panic.netconsole.packet import (
    Packet,
    parse_packet,
    record_of,
    render_extended,
    split_dropped,
    unescape,
)


@pytest.mark.parametrize(
    ("payload", "prefix", "time_us", "caller", "body"),
    [
        pytest.param(
            "[    8.404286] sysrq: x", None, 8404286, None, "sysrq: x", id="default"
        ),
        pytest.param(
            "[    8.405749]  <TASK>", None, 8405749, None, " <TASK>", id="indent"
        ),
        pytest.param(
            "[123456.000001] x", None, 123456000001, None, "x", id="long-uptime"
        ),
        pytest.param("[   11.480276] ", None, 11480276, None, "", id="empty-record"),
        pytest.param("[   11.480276]", None, 11480276, None, "", id="space-gone"),
        pytest.param(
            "Kernel panic - x", None, None, None, "Kernel panic - x", id="no-time"
        ),
        pytest.param("<0>[   10.462321] K", 0, 10462321, None, "K", id="syslog-format"),
        pytest.param("<4> </TASK>", 4, None, None, " </TASK>", id="syslog-no-time"),
        pytest.param("<12>[    9.438622] hi", 12, 9438622, None, "hi", id="user-space"),
        pytest.param("[    8.404651][    T1] K", None, 8404651, "T1", "K", id="caller"),
        pytest.param(
            "[    8.404651][    C0] K", None, 8404651, "C0", "K", id="caller-cpu"
        ),
        pytest.param("[    T1] K", None, None, "T1", "K", id="caller-no-time"),
        pytest.param(
            " [<ffffffff8118bd0e>] printk+0x57/0x73",
            None,
            None,
            None,
            " [<ffffffff8118bd0e>] printk+0x57/0x73",
            id="frame-is-no-prefix",
        ),
        pytest.param("<48> ", None, None, None, "<48> ", id="opcode-is-no-priority"),
        pytest.param("<c6> ", None, None, None, "<c6> ", id="opcode"),
        pytest.param("[#1]", None, None, None, "[#1]", id="die-counter"),
    ],
)
def test_basic_prefix(
    payload: str,
    prefix: int | None,
    time_us: int | None,
    caller: str | None,
    body: str,
) -> None:
    packet = parse_packet(payload)

    assert packet == Packet(body, False, prefix, time_us, caller)


def test_every_line_of_a_basic_record_loses_its_prefix() -> None:
    packet = parse_packet("[   11.5] A\n[   11.500000] B\n[   11.500000]  C")
    whole = parse_packet("[   11.500000] A\n[   11.500000] B\n[   11.500000]  C")

    assert packet.time_us is None  # five digits are no time stamp
    assert record_of(whole, "").text == "A\nB\n C"


def test_extended_header_with_everything() -> None:
    packet = parse_packet(
        "6.12.107+deb13-amd64,6,385,10602126,-,caller=T1,ncfrag=0/33,new=x;text; more",
    )

    assert packet == Packet(
        "text; more",
        True,
        6,
        10602126,
        "T1",
        385,
        "-",
        "6.12.107+deb13-amd64",
        (0, 33),
    )


def test_dictionary_and_userdata_are_keys_not_text() -> None:
    packet = parse_packet(
        r"12,383,12,-;a\x0ab caf\xc3\xa9" + "\n rack=r12\n SUBSYSTEM=usb\n rack=later",
    )
    record = record_of(packet, "now")

    assert record.text == "a\nb café"
    assert record.keys == {"rack": "r12", "SUBSYSTEM": "usb"}
    assert (record.facility, record.level, record.at) == (1, 4, "now")


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param("6,1,5,x;text", id="unknown-flag"),
        pytest.param("6,99999999999999999999,5,-;text", id="sequence-too-large"),
        pytest.param("6,1,5,-,ncfrag=9/9;text", id="fragment-outside"),
        pytest.param("6,1,5,-,ncfrag=0/999999;text", id="fragment-too-large"),
    ],
)
def test_a_broken_extended_header_is_named(payload: str) -> None:
    with pytest.raises(MalformedPacketError):
        parse_packet(payload)


def test_a_semicolon_does_not_make_a_header() -> None:
    assert parse_packet("use pci=nocrs; report a bug").extended is False


def test_a_rendered_header_parses_back() -> None:
    packet = parse_packet("6.6.1-x,4,7,8,c,caller=C3;body\n SUBSYSTEM=x")

    assert parse_packet(render_extended(packet)) == packet


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (r"\x5c_SB_.LNKC", "\\_SB_.LNKC"),
        (r"caf\xc3\xa9", "café"),
        (r"\xff", "\ufffd"),
        (r"\xZZ", r"\xZZ"),
        ("plain", "plain"),
    ],
)
def test_unescape(escaped: str, text: str) -> None:
    assert unescape(escaped) == text


def test_dropped_notice_in_front_of_a_record() -> None:
    assert split_dropped("** 123 printk messages dropped **\n[    1.5] x") == (
        123,
        "[    1.5] x",
    )
    assert split_dropped("** 12 printk messages dropped ** x") == (12, "x")
    assert split_dropped("** replaying **") == (0, "** replaying **")

"""Ethernet frames as a guest's neighbours see and send them. Pure."""

from __future__ import annotations

import dataclasses
import ipaddress
import struct

ARP, IPV4, IPV6, VLAN = 0x0806, 0x0800, 0x86DD, 0x8100
_UDP, _ICMPV6 = 17, 58
_SOLICITATION, _ADVERTISEMENT = 135, 136


def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def mac_text(mac: bytes) -> str:
    return ":".join(f"{byte:02x}" for byte in mac)


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    to: str
    sender: str
    vlan: int | None
    kind: int
    body: bytes


def parse_frame(data: bytes) -> Frame | None:
    """Take an Ethernet frame apart, with or without a VLAN tag."""
    if len(data) < 14:
        return None
    to, sender = mac_text(data[:6]), mac_text(data[6:12])
    (kind,) = struct.unpack_from("!H", data, 12)
    if kind != VLAN:
        return Frame(to, sender, None, kind, data[14:])
    tag, kind = struct.unpack_from("!HH", data, 14)
    return Frame(to, sender, tag & 0xFFF, kind, data[18:])


def build_frame(frame: Frame) -> bytes:
    tag = b"" if frame.vlan is None else struct.pack("!HH", VLAN, frame.vlan)
    head = mac_bytes(frame.to) + mac_bytes(frame.sender) + tag
    return (head + struct.pack("!H", frame.kind) + frame.body).ljust(60, b"\0")


def asked_address(frame: Frame) -> str | None:
    """Whose MAC address a frame asks for: an ARP request or a solicitation."""
    body = frame.body
    if frame.kind == ARP and len(body) >= 28 and body[6:8] == b"\0\1":
        return str(ipaddress.ip_address(body[24:28]))
    is_icmp = frame.kind == IPV6 and len(body) >= 64 and body[6] == _ICMPV6
    if is_icmp and body[40] == _SOLICITATION:
        return str(ipaddress.ip_address(body[48:64]))
    return None


def answer(question: Frame, address: str, mac: str) -> bytes:
    """Answer that ``mac`` has ``address``."""
    packed = ipaddress.ip_address(address).packed
    if question.kind == ARP:
        asker = question.body[8:18]
        return _arp(2, mac, packed, question.sender, asker, question.vlan)
    asking = question.body[8:24]
    message = struct.pack("!BBHI", _ADVERTISEMENT, 0, 0, 0x60000000)
    message += packed + struct.pack("!BB", 2, 1) + mac_bytes(mac)
    total = _checksum(packed + asking + struct.pack("!II", 32, _ICMPV6) + message)
    message = message[:2] + struct.pack("!H", total) + message[4:]
    head = struct.pack("!IHBB", 6 << 28, len(message), _ICMPV6, 255)
    body = head + packed + asking + message
    return build_frame(Frame(question.sender, mac, question.vlan, IPV6, body))


def gratuitous_arp(address: str, mac: str, vlan: int | None = None) -> bytes:
    """Return what a router announces when it takes over an address."""
    packed = ipaddress.ip_address(address).packed
    everybody = "ff:ff:ff:ff:ff:ff"
    return _arp(1, mac, packed, everybody, bytes(6) + packed, vlan)


def _arp(
    operation: int, mac: str, own: bytes, to: str, asker: bytes, vlan: int | None
) -> bytes:
    body = struct.pack("!HHBBH", 1, IPV4, 6, 4, operation)
    return build_frame(Frame(to, mac, vlan, ARP, body + mac_bytes(mac) + own + asker))


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


@dataclasses.dataclass(frozen=True, slots=True)
class Datagram:
    """A UDP datagram and the frame it came in."""

    at: float  # monotonic seconds
    to_mac: str
    vlan: int | None
    source: str
    source_port: int
    destination: str
    port: int
    payload: bytes

    @property
    def text(self) -> str:
        return self.payload.decode("utf-8", "replace")


def parse_datagram(frame: Frame, at: float) -> Datagram | None:
    """Take the UDP datagram out of a frame; no fragments, no extension headers."""
    body = frame.body
    if frame.kind == IPV4 and len(body) >= 28 and body[9] == _UDP:
        start = (body[0] & 15) * 4
        source, destination = body[12:16], body[16:20]
    elif frame.kind == IPV6 and len(body) >= 48 and body[6] == _UDP:
        start = 40
        source, destination = body[8:24], body[24:40]
    else:
        return None
    source_port, port, length, _ = struct.unpack_from("!HHHH", body, start)
    return Datagram(
        at=at,
        to_mac=frame.to,
        vlan=frame.vlan,
        source=str(ipaddress.ip_address(source)),
        source_port=source_port,
        destination=str(ipaddress.ip_address(destination)),
        port=port,
        payload=body[start + 8 : start + length],
    )

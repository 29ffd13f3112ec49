"""Packets that resolve a MAC address: ARP, and IPv6 neighbour solicitation. Pure.

The kernel's neighbour table is used only when there is no answer: it may keep a
router's old MAC address as long as nothing is sent there.
"""

from __future__ import annotations

import ipaddress
import struct

_ARP = struct.Struct("!HHBBH6s4s6s4s")
_ETHERNET_ARP = 0x0806
_BROADCAST = b"\xff" * 6
_SOLICITATION, _ADVERTISEMENT = 135, 136
_SOURCE_OPTION, _TARGET_OPTION = 1, 2


def mac_bytes(mac: str) -> bytes:
    """Parse a MAC address as ip prints it."""
    return bytes.fromhex(mac.replace(":", ""))


def mac_text(mac: bytes) -> str:
    r"""Format a MAC address as ip prints it.

    >>> mac_text(b"\x02\x00\x00\x00\x00\x0a")
    '02:00:00:00:00:0a'
    """
    return ":".join(f"{byte:02x}" for byte in mac)


def arp_request(own_mac: str, own_ip: str, wanted: str) -> bytes:
    """Build the ARP request for ``wanted``, an Ethernet frame."""
    mac = mac_bytes(own_mac)
    return (
        _BROADCAST
        + mac
        + struct.pack("!H", _ETHERNET_ARP)
        + _ARP.pack(1, 0x0800, 6, 4, 1, mac, _packed(own_ip), bytes(6), _packed(wanted))
    )


def parse_arp_reply(frame: bytes, wanted: str) -> str | None:
    """Return the MAC address of ``wanted`` in an ARP reply; None: another frame."""
    if len(frame) < 14 + _ARP.size or frame[12:14] != b"\x08\x06":
        return None
    fields = _ARP.unpack_from(frame, 14)
    hardware, protocol, operation, sender, address = (
        fields[0],
        fields[1],
        fields[4],
        fields[5],
        fields[6],
    )
    if (hardware, protocol, operation) != (1, 0x0800, 2) or address != _packed(wanted):
        return None
    return mac_text(sender)


def solicitation(own_mac: str, wanted: str) -> bytes:
    """Build the neighbour solicitation; the kernel fills in the checksum."""
    head = struct.pack("!BBHI", _SOLICITATION, 0, 0, 0)
    option = struct.pack("!BB", _SOURCE_OPTION, 1) + mac_bytes(own_mac)
    return head + _packed(wanted) + option


def solicited_group(wanted: str) -> str:
    """Return the solicited-node multicast address of ``wanted``.

    >>> solicited_group("fd00::1:2")
    'ff02::1:ff01:2'
    """
    base = int(ipaddress.IPv6Address("ff02::1:ff00:0"))
    low = int(ipaddress.IPv6Address(wanted)) & 0xFFFFFF
    return str(ipaddress.IPv6Address(base | low))


def parse_advertisement(message: bytes, wanted: str) -> str | None:
    """Return the MAC address of ``wanted`` in a neighbour advertisement, or None."""
    if len(message) < 24 or message[0] != _ADVERTISEMENT:
        return None
    if message[8:24] != _packed(wanted):
        return None
    options = message[24:]
    while len(options) >= 8 and options[1]:
        if options[0] == _TARGET_OPTION:
            return mac_text(options[2:8])
        options = options[options[1] * 8 :]
    return None


def _packed(address: str) -> bytes:
    return ipaddress.ip_address(address.partition("%")[0]).packed

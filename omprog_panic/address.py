"""Addresses and networks in one form, so that they can be compared. Pure.

One machine is written in several ways: rsyslogd prints a link-local sender with its
interface (``fe80::1%eth0``), and a socket for both families shows IPv4 senders as
``::ffff:10.0.0.2``. Whatever compares addresses does it through this file.
"""

from __future__ import annotations

import functools
import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


@functools.lru_cache(maxsize=8192)
def parse_address(text: str) -> Address:
    """Parse an address; without its zone, and IPv4 never in IPv6 form.

    >>> parse_address("fe80::1%eth0"), parse_address("::ffff:10.0.0.2")
    (IPv6Address('fe80::1'), IPv4Address('10.0.0.2'))

    Raises:
        ValueError: it is no address.

    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.scope_id is not None:
            return ipaddress.IPv6Address(int(address))
    return address


@functools.lru_cache(maxsize=8192)
def parse_network(text: str, *, strict: bool = True) -> Network:
    """Parse an address (a network of one) or a network, as ``parse_address`` does.

    >>> parse_network("fe80::1%eth0"), parse_network("::ffff:10.0.0.0/120")
    (IPv6Network('fe80::1/128'), IPv4Network('10.0.0.0/24'))

    Raises:
        ValueError: it is neither, or has host bits although ``strict``.

    """
    if "/" not in text:
        return ipaddress.ip_network(parse_address(text))
    address, _, length = text.partition("/")
    if "%" in address:
        text = f"{ipaddress.IPv6Address(address.partition('%')[0])}/{length}"
    network = ipaddress.ip_network(text, strict=strict)
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        number = int(network.network_address) & 0xFFFFFFFF
        return ipaddress.IPv4Network((number, network.prefixlen - 96))
    return network


def plain(text: str) -> str:
    """Return an address in the form in which it is stored and compared.

    What is no address is returned as it is.

    >>> plain("fe80::1%eth0"), plain("::FFFF:10.0.0.2"), plain("nowhere")
    ('fe80::1', '10.0.0.2', 'nowhere')
    """
    if ":" not in text:
        return text  # IPv4 has one form: nearly every address, for every datagram
    try:
        return str(parse_address(text))
    except ValueError:
        return text


def is_within(text: str, network: Network) -> bool:
    """Return whether an address belongs to a network; what is none belongs nowhere.

    >>> is_within("fe80::1%eth0", parse_network("fe80::/10"))
    True
    """
    try:
        return parse_address(text) in network
    except ValueError:
        return False


def is_address(text: str) -> bool:
    """Return whether it is an address."""
    if ":" not in text and not text[:1].isdigit():
        return False  # a name: the usual case, and an exception takes time
    try:
        parse_address(text)
    except ValueError:
        return False
    return True


def is_loopback(text: str) -> bool:
    """Return whether it is an address of this machine that no other one reaches."""
    try:
        return parse_address(text).is_loopback
    except ValueError:
        return False

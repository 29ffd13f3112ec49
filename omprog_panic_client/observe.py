"""Collect the facts about this machine; changes nothing but ARP tables."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from omprog_panic_client.errors import RefusedError
from omprog_panic_client.facts import (
    SYSDATA,
    Destination,
    Facts,
    Kernel,
    Link,
    Route,
    Target,
    Watchdog,
)
from omprog_panic_client.ipjson import parse_links, parse_neighbour, parse_route
from omprog_panic_client.modprobefile import FOLDERS, parse_options
from omprog_panic_client.modulefile import OPTIONS_FILE
from omprog_panic_client.plan import PREFIX
from omprog_panic_client.procfiles import first_number, parse_consoles, yes
from omprog_panic_client.settings import AUTOMATIC, Monitor, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic_client.modprobefile import ForeignOption
    from omprog_panic_client.system import System

CONFIGFS = "/sys/kernel/config/netconsole"
PRINTK = "/proc/sys/kernel/printk"
PANIC = "/proc/sys/kernel/panic"
_MODULE = "/sys/module/netconsole"
_NET = "/sys/class/net"
_MODULE_FILE = re.compile(r"^(?:\S*/)?netconsole\.ko", re.MULTILINE)


def observe(system: System, settings: Settings, known: Mapping[str, str]) -> Facts:
    """Collect all facts; ``known`` has the last address of each named monitor."""
    kernel = observe_kernel(system)
    links = observe_links(system)
    ours = {t.remote_ip: t for t in kernel.targets if t.name.startswith(PREFIX)}
    destinations = tuple(
        _destination(system, settings, monitor, links, known, ours)
        for monitor in settings.monitors
    )
    links = _with_cards(system, links)
    return Facts(
        host=system.host_name(),
        kernel=kernel,
        links=links,
        destinations=destinations,
        options=observe_options(system),
    )


# --- the kernel ----------------------------------------------------------------


def observe_kernel(system: System) -> Kernel:
    """Read the facts of /proc and /sys, and the netconsole targets."""

    def read(path: str) -> str:
        return (system.read(path) or "").strip()

    release = read("/proc/sys/kernel/osrelease")
    targets = tuple(_target(system, name) for name in system.names(CONFIGFS))
    return Kernel(
        release=release,
        boot_id=read("/proc/sys/kernel/random/boot_id"),
        cmdline=read("/proc/cmdline"),
        console_loglevel=first_number(system.read(PRINTK), 7),
        panic_timeout=first_number(system.read(PANIC), 0),
        oops_only=yes(system.read(f"{_MODULE}/parameters/oops_only")),
        kdump=yes(system.read("/sys/kernel/kexec_crash_loaded")),
        devkmsg=read("/proc/sys/kernel/printk_devkmsg") or "ratelimit",
        consoles=parse_consoles(read("/proc/consoles")),
        watchdogs=_watchdogs(system),
        netconsole=_netconsole(system, release),
        configfs=_is_folder(system, CONFIGFS),
        targets=targets,
    )


def observe_options(system: System) -> tuple[ForeignOption, ...]:
    """Read which files of modprobe.d other than ours give netconsole targets."""
    files: dict[str, str] = {}
    for folder in FOLDERS:
        for name in system.names(folder):
            if name.endswith(".conf"):
                files.setdefault(name, f"{folder}/{name}")
    return tuple(
        option
        for _, path in sorted(files.items())
        if path != OPTIONS_FILE
        for option in parse_options(path, system.read(path) or "")
    )


def _is_folder(system: System, path: str) -> bool:
    parent, _, name = path.rpartition("/")
    return name in system.names(parent)


def _netconsole(system: System, release: str) -> str:
    for folder in ("/lib/modules", "/usr/lib/modules"):
        builtin = system.read(f"{folder}/{release}/modules.builtin") or ""
        if _MODULE_FILE.search(builtin):
            return "builtin"
        if _MODULE_FILE.search(system.read(f"{folder}/{release}/modules.dep") or ""):
            return "module"
    return "module" if _is_folder(system, _MODULE) else "absent"


def _watchdogs(system: System) -> tuple[Watchdog, ...]:
    folder = "/sys/class/watchdog"
    return tuple(
        Watchdog(
            name,
            (system.read(f"{folder}/{name}/identity") or "").strip(),
            (system.read(f"{folder}/{name}/state") or "").strip() == "active",
        )
        for name in system.names(folder)
    )


def _target(system: System, name: str) -> Target:
    folder = f"{CONFIGFS}/{name}"
    there = system.names(folder)

    def read(attribute: str) -> str:
        return (system.read(f"{folder}/{attribute}") or "").strip()

    def flag(attribute: str) -> bool | None:
        return yes(read(attribute)) if attribute in there else None

    userdata: tuple[tuple[str, str], ...] | None = None
    sysdata: tuple[tuple[str, bool], ...] = ()
    if "userdata" in there:
        inside = system.names(f"{folder}/userdata")
        sysdata = tuple((s, yes(read(f"userdata/{s}"))) for s in SYSDATA if s in inside)
        keys = [key for key in inside if not key.endswith("_enabled")]
        userdata = tuple((key, read(f"userdata/{key}/value")) for key in keys)
    return Target(
        name=name,
        enabled=yes(read("enabled")),
        dev_name=read("dev_name"),
        local_port=first_number(read("local_port"), 0),
        remote_port=first_number(read("remote_port"), 0),
        local_ip=_normalized(read("local_ip")),
        remote_ip=_normalized(read("remote_ip")),
        remote_mac=read("remote_mac").lower(),
        extended=flag("extended"),
        release=flag("release"),
        userdata=userdata,
        sysdata=sysdata,
    )


def _normalized(address: str) -> str:
    """Return an address in Python's form; kernels print IPv6 in other forms."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address


# --- the network ---------------------------------------------------------------


def observe_links(system: System) -> dict[str, Link]:
    """List the interfaces; nothing where ``ip`` fails."""
    try:
        return parse_links(system.run(["ip", "-json", "-details", "link", "show"]))
    except RefusedError:
        return {}


def _with_cards(system: System, links: dict[str, Link]) -> dict[str, Link]:
    """Add the facts of sysfs; virtual interfaces have no device there."""
    cards = {}
    for name, link in links.items():
        there = system.names(f"{_NET}/{name}") if not link.kind else []
        cards[name] = replace(
            link,
            wireless="wireless" in there or "phy80211" in there,
            usb=system.link_target(f"{_NET}/{name}/device/subsystem") == "usb",
            driver=system.link_target(f"{_NET}/{name}/device/driver"),
        )
    return cards


def _destination(
    system: System,
    settings: Settings,
    monitor: Monitor,
    links: dict[str, Link],
    known: Mapping[str, str],
    ours: Mapping[str, Target],
) -> Destination:
    destination = Destination()
    for address in _addresses(system, monitor, known, ours):
        route = observe_route(system, address, settings.interface)
        candidate = Destination(address, route)
        if destination.route is None:
            destination = candidate
        if route is not None:
            break
    link = links.get(destination.route.device) if destination.route else None
    if destination.route is None or destination.route.local or link is None:
        return destination
    current = ours.get(destination.address)
    return replace(
        destination, mac=_mac(system, destination, destination.route, link, current)
    )


def _addresses(
    system: System,
    monitor: Monitor,
    known: Mapping[str, str],
    ours: Mapping[str, Target],
) -> list[str]:
    """Return the addresses to try; one that is already in use comes first.

    When the name cannot be resolved, the last known address is used.
    """
    found = system.resolve(monitor.host)
    if not found:
        return [known[monitor.host]] if monitor.host in known else []
    return sorted(found, key=lambda address: address not in ours)


def observe_route(system: System, address: str, interface: str) -> Route | None:
    """Return the kernel's route to an address; None: no route."""
    argv = ["ip", "-json", "route", "get", address]
    if interface != AUTOMATIC:
        argv += ["oif", interface]
    try:
        return parse_route(system.run(argv))
    except RefusedError:
        return None


def _mac(
    system: System,
    destination: Destination,
    route: Route,
    link: Link,
    current: Target | None,
) -> str:
    """Return the next hop's MAC address: from an answer, else the neighbour table.

    A permanent neighbour entry is used without asking. Where several machines answer
    (a pair of routers), the one in use is kept.
    """
    argv = [
        "ip",
        "-json",
        "neigh",
        "show",
        "to",
        destination.next_hop,
        "dev",
        link.name,
    ]
    try:
        table = system.run(argv)
    except RefusedError:
        table = ""
    entry = parse_neighbour(table)
    if entry and "PERMANENT" in table:
        return entry
    answers = system.ask_mac(link, route.source, destination.next_hop)
    for mac in (current.remote_mac if current else "", entry):
        if mac in answers:
            return mac
    return answers[0] if answers else entry

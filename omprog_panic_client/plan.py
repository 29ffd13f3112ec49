"""From facts to the targets that ought to exist, or why they cannot. Pure.

What the kernel refuses is from drivers/net/netconsole.c and net/core/netpoll.c.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from omprog_panic_client.facts import SYSDATA, Facts, Kernel, Link, Target, Way
from omprog_panic_client.settings import AUTOMATIC, Monitor, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "omprog-panic-"  # of the folders that are ours in configfs

# Virtual Ethernet whose driver sets IFF_DISABLE_NETPOLL, or has no wire below it.
NO_NETPOLL = {
    "veth": "a container's end of a wire",
    "netkit": "a container's end of a wire",
    "hsr": "a redundant ring",
    "dummy": "a card that goes nowhere",
    "ifb": "a card that goes nowhere",
}


@dataclass(frozen=True)
class Obstacle:
    """Why no target can be made for a monitor, and what to do about it."""

    monitor: str
    what: str
    remedy: str


Outcome = Union[Target, Obstacle]


def plan(settings: Settings, facts: Facts) -> list[Outcome]:
    """Return the target of each monitor, or the obstacle; in the order of the file."""
    return [
        plan_one(settings, facts, number, monitor, way)
        for number, (monitor, way) in enumerate(zip(settings.monitors, facts.ways), 1)
    ]


def plan_one(
    settings: Settings, facts: Facts, number: int, monitor: Monitor, way: Way
) -> Outcome:
    """Plan for one monitor."""
    trouble = (
        _no_netconsole(monitor, facts.kernel)
        or _no_way(settings, monitor, way)
        or _no_device(monitor, way, facts.links)
        or _no_neighbour(monitor, way)
    )
    if trouble is not None:
        return trouble
    assert way.route is not None
    return Target(
        name=f"{PREFIX}{number}",
        enabled=True,
        dev_name=way.route.device,
        local_port=monitor.source_port,
        remote_port=monitor.port,
        local_ip=way.route.source,
        remote_ip=way.address,
        remote_mac=way.mac,
        **_optional(settings, facts, extended=monitor.extended),  # type: ignore[arg-type]
    )


def _optional(settings: Settings, facts: Facts, *, extended: bool) -> dict[str, object]:
    """Return what later kernels added; the running one has or has not."""
    has = facts.kernel.optional
    wanted: dict[str, object] = {}
    if not facts.kernel.configfs:
        return {"extended": extended, "release": False}
    if "extended" in has:
        wanted["extended"] = extended
    if "release" in has:
        wanted["release"] = extended
    if "userdata" in has:
        host = (("host", settings.host or facts.host),)
        items = sorted(host + settings.user)  # as configfs lists them
        wanted["userdata"] = tuple(items) if extended else ()
        wanted["sysdata"] = tuple((s, extended) for s in SYSDATA if s in has)
    return wanted


def _no_netconsole(monitor: Monitor, kernel: Kernel) -> Obstacle | None:
    if kernel.netconsole == "builtin" and not kernel.configfs:
        return Obstacle(
            monitor.place,
            "netconsole is built into this kernel, without targets at run time",
            "put what omprog-panic-client cmdline prints on the kernel's command line",
        )
    if kernel.netconsole != "absent":
        return None
    return Obstacle(
        monitor.place,
        f"kernel {kernel.release} has no netconsole",
        "install the kernel's package of further modules (linux-modules-extra on "
        "Ubuntu), or a kernel with CONFIG_NETCONSOLE",
    )


def _no_way(settings: Settings, monitor: Monitor, way: Way) -> Obstacle | None:
    if not way.address:
        return Obstacle(
            monitor.place,
            "its name is not known",
            "give its address, or list it in /etc/hosts",
        )
    if way.route is None or not way.route.source:
        via = settings.interface
        through = "" if via == AUTOMATIC else f" through {via}"
        return Obstacle(
            monitor.place,
            f"there is no route to {way.address}{through}",
            "is the interface up? see: ip route get " + way.address,
        )
    if way.route.local:
        return Obstacle(
            monitor.place,
            f"{way.address} is this machine itself",
            "a kernel cannot send its last words to itself: name another machine",
        )
    return None


def _no_neighbour(monitor: Monitor, way: Way) -> Obstacle | None:
    if way.mac:
        return None
    who = "the next hop" if way.route and way.route.gateway else "the monitor"
    return Obstacle(
        monitor.place,
        f"{who} {way.next_hop} does not say its MAC address",
        f"is {way.next_hop} up, and in this network? its answer to ARP or neighbour "
        "solicitation is what netconsole needs",
    )


def _no_device(monitor: Monitor, way: Way, links: dict[str, Link]) -> Obstacle | None:
    assert way.route is not None
    link = links.get(way.route.device)
    if link is None:
        return None  # gone since it was asked; the next look will know
    if link.master:
        return Obstacle(
            monitor.place, *_enslaved(link, links.get(link.master, Link("")))
        )
    for each in standing_on(link, links):
        if not each.ethernet or each.kind in NO_NETPOLL:
            what = NO_NETPOLL.get(each.kind, each.kind or "no Ethernet")
            below = "" if each is link else f", which {link.name} stands on,"
            return Obstacle(
                monitor.place,
                f"{each.name}{below} ({what}) cannot send while the kernel dies",
                "reach the monitor through an Ethernet card, a VLAN, bond or bridge "
                "of such cards (interface= in the settings)",
            )
    return None


def _enslaved(link: Link, master: Link) -> tuple[str, str]:
    if master.kind == "vrf":
        return (
            f"{link.name} is in the VRF {link.master}, where netconsole is refused",
            "reach the monitor through an interface outside of any VRF",
        )
    return (
        f"{link.name} is a port of {link.master}, and the kernel refuses ports",
        f"set interface={link.master}, or interface=auto",
    )


def standing_on(link: Link, links: dict[str, Link]) -> Iterator[Link]:
    """Return an interface and all that it stands on, down to the cards."""
    waiting, seen = [link], set()
    while waiting:
        each = waiting.pop()
        if each.name in seen:
            continue
        seen.add(each.name)
        yield each
        waiting += [links[name] for name in each.lower if name in links]

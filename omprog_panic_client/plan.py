"""From facts to the desired targets, or why there can be none. Pure.

The kernel's restrictions are those of drivers/net/netconsole.c and net/core/netpoll.c.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from omprog_panic_client.facts import SYSDATA, Destination, Facts, Kernel, Link, Target
from omprog_panic_client.settings import AUTOMATIC, Monitor, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "omprog-panic-"  # of our directories in configfs

# Virtual Ethernet whose driver sets IFF_DISABLE_NETPOLL, or that has no network.
NO_NETPOLL = {
    "veth": "one end of a virtual cable",
    "netkit": "one end of a virtual cable",
    "hsr": "a redundant ring interface",
    "dummy": "an interface without a network",
    "ifb": "an interface without a network",
}


@dataclass(frozen=True)
class Obstacle:
    """Why a monitor can have no target, and the remedy."""

    monitor: str
    what: str
    remedy: str


Outcome = Union[Target, Obstacle]


def plan(settings: Settings, facts: Facts) -> list[Outcome]:
    """Return the target or the obstacle of each monitor, in the order of the file."""
    return [
        plan_one(settings, facts, number, monitor, destination)
        for number, (monitor, destination) in enumerate(
            zip(settings.monitors, facts.destinations), 1
        )
    ]


def plan_one(
    settings: Settings,
    facts: Facts,
    number: int,
    monitor: Monitor,
    destination: Destination,
) -> Outcome:
    """Return the target or the obstacle of one monitor."""
    problem = (
        _no_netconsole(monitor, facts.kernel)
        or _no_route(settings, monitor, destination)
        or _no_device(monitor, destination, facts.links)
        or _no_neighbour(monitor, destination)
    )
    if problem is not None:
        return problem
    assert destination.route is not None
    return Target(
        name=f"{PREFIX}{number}",
        enabled=True,
        dev_name=destination.route.device,
        local_port=monitor.source_port,
        remote_port=monitor.port,
        local_ip=destination.route.source,
        remote_ip=destination.address,
        remote_mac=destination.mac,
        **_optional(settings, facts, extended=monitor.extended),  # type: ignore[arg-type]
    )


def _optional(settings: Settings, facts: Facts, *, extended: bool) -> dict[str, object]:
    """Return the optional attributes that the running kernel has."""
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
            monitor.host,
            "netconsole is built into this kernel, without targets at run time",
            "add the output of omprog-panic-client cmdline to the kernel command line",
        )
    if kernel.netconsole != "absent":
        return None
    return Obstacle(
        monitor.host,
        f"kernel {kernel.release} has no netconsole",
        "install the kernel's package of extra modules (linux-modules-extra on "
        "Ubuntu), or a kernel with CONFIG_NETCONSOLE",
    )


def _no_route(
    settings: Settings, monitor: Monitor, destination: Destination
) -> Obstacle | None:
    if not destination.address:
        return Obstacle(
            monitor.host,
            "its name cannot be resolved",
            "configure its address, or list it in /etc/hosts",
        )
    if destination.route is None or not destination.route.source:
        via = settings.interface
        through = "" if via == AUTOMATIC else f" through {via}"
        return Obstacle(
            monitor.host,
            f"there is no route to {destination.address}{through}",
            "is the interface up? see: ip route get " + destination.address,
        )
    if destination.route.local:
        return Obstacle(
            monitor.host,
            f"{destination.address} is this machine itself",
            "a crashing machine cannot receive its own messages: use another monitor",
        )
    return None


def _no_neighbour(monitor: Monitor, destination: Destination) -> Obstacle | None:
    if destination.mac:
        return None
    who = (
        "the next hop"
        if destination.route and destination.route.gateway
        else "the monitor"
    )
    return Obstacle(
        monitor.host,
        f"{who} {destination.next_hop} does not answer with its MAC address",
        f"is {destination.next_hop} up, and in this network? netconsole needs its "
        "answer to ARP or neighbour solicitation",
    )


def _no_device(
    monitor: Monitor, destination: Destination, links: dict[str, Link]
) -> Obstacle | None:
    assert destination.route is not None
    link = links.get(destination.route.device)
    if link is None:
        return None  # gone meanwhile; the next check will see that
    if link.master:
        return Obstacle(
            monitor.host, *_enslaved(link, links.get(link.master, Link("")))
        )
    for each in with_lower_links(link, links):
        if not each.ethernet or each.kind in NO_NETPOLL:
            what = NO_NETPOLL.get(each.kind, each.kind or "no Ethernet")
            below = "" if each is link else f" below {link.name}"
            return Obstacle(
                monitor.host,
                f"{each.name}{below} ({what}) cannot send while the kernel crashes",
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


def with_lower_links(link: Link, links: dict[str, Link]) -> Iterator[Link]:
    """Yield an interface and all below it, down to the cards."""
    waiting, seen = [link], set()
    while waiting:
        each = waiting.pop()
        if each.name in seen:
            continue
        seen.add(each.name)
        yield each
        waiting += [links[name] for name in each.lower if name in links]

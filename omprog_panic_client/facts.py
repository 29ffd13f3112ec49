"""What was observed on a machine, as frozen values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omprog_panic_client.modprobefile import ForeignOption

# What each record may carry; release_enabled would repeat the header.
SYSDATA = ("cpu_nr_enabled", "taskname_enabled", "msgid_enabled")
_SINCE = {
    "extended": (4, 2),
    "release": (6, 6),
    "userdata": (6, 9),
    "cpu_nr_enabled": (6, 15),
    "taskname_enabled": (6, 15),
    "msgid_enabled": (6, 17),
}


@dataclass(frozen=True)
class Link:
    """One network interface. ``kind`` is ip's info_kind ("" for a real card)."""

    name: str
    index: int = 0
    address: str = ""
    ethernet: bool = True
    up: bool = True
    kind: str = ""
    master: str = ""  # whose port it is
    lower: tuple[str, ...] = ()  # the interface below (VLAN), or its ports
    wireless: bool = False
    usb: bool = False
    driver: str = ""


@dataclass(frozen=True)
class Route:
    """The kernel's route to one address; ``gateway`` empty: on-link."""

    device: str
    source: str
    gateway: str = ""
    local: bool = False  # the address is our own


@dataclass(frozen=True)
class Destination:
    """How one monitor is reached from this host; empty: not found."""

    address: str = ""
    route: Route | None = None
    mac: str = ""  # of the next hop

    @property
    def next_hop(self) -> str:
        """The host whose MAC address the frames carry."""
        return (self.route.gateway if self.route else "") or self.address


@dataclass(frozen=True)
class Target:
    """One netconsole target; the optional parts are None on kernels without them."""

    name: str
    enabled: bool
    dev_name: str
    local_port: int
    remote_port: int
    local_ip: str
    remote_ip: str
    remote_mac: str
    extended: bool | None = None
    release: bool | None = None
    userdata: tuple[tuple[str, str], ...] | None = None
    sysdata: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True)
class Console:
    """A line of /proc/consoles."""

    name: str
    flags: str

    @property
    def is_boot_console(self) -> bool:
        return "E" in self.flags and "B" in self.flags


@dataclass(frozen=True)
class Watchdog:
    """A line of /sys/class/watchdog."""

    name: str
    identity: str
    active: bool

    @property
    def is_hardware(self) -> bool:
        """Also true of a hypervisor's; softdog dies with the kernel."""
        return "software" not in self.identity.lower()


@dataclass(frozen=True)
class Kernel:
    """What the running kernel reports about itself; one attribute a fact."""

    release: str
    boot_id: str = ""
    cmdline: str = ""
    console_loglevel: int = 7
    panic_timeout: int = 0
    oops_only: bool = False
    kdump: bool = False
    devkmsg: str = "ratelimit"  # who may write to /dev/kmsg: on, ratelimit, off
    consoles: tuple[Console, ...] = ()
    watchdogs: tuple[Watchdog, ...] = ()
    netconsole: str = "module"  # "builtin", "module" or "absent"
    configfs: bool = True  # targets can be made at run time
    targets: tuple[Target, ...] = ()

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor.

        >>> Kernel("6.12.107+deb13-amd64").version
        (6, 12)
        """
        major, _, rest = self.release.partition(".")
        minor = rest.partition(".")[0]
        digits = "".join(c for c in minor if c.isdecimal())
        return int(major) if major.isdecimal() else 0, int(digits or 0)

    @property
    def optional(self) -> frozenset[str]:
        """Which optional attributes a target has on this kernel.

        An existing target shows them. Before the first target the version decides,
        though distributions have backported some of them.
        """
        if self.targets:
            target = self.targets[0]
            parts = {
                "extended": target.extended,
                "release": target.release,
                "userdata": target.userdata,
            }
            found = {name for name, value in parts.items() if value is not None}
            return frozenset(found | {name for name, _ in target.sysdata})
        return frozenset(name for name, v in _SINCE.items() if self.version >= v)


@dataclass(frozen=True)
class Facts:
    """Everything that the decisions depend on."""

    host: str
    kernel: Kernel
    links: dict[str, Link]
    destinations: tuple[
        Destination, ...
    ]  # one for each monitor of the settings, in their order
    options: tuple[ForeignOption, ...] = ()  # of modprobe.d, not ours

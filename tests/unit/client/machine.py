"""A sending host in memory, whose configfs obeys the kernel's rules.

``run`` answers ``ip`` from tables in iproute2's own form (recorded on real hosts).
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Sequence

from omprog_panic_client.errors import RefusedError
from omprog_panic_client.facts import Link
from omprog_panic_client.observe import CONFIGFS

ROUTER = "02:00:00:00:00:01"
ETH0 = {
    "ifindex": 2,
    "ifname": "eth0",
    "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
    "link_type": "ether",
    "address": "52:54:00:12:34:56",
}
ON_LINK = {"dst": "10.0.0.1", "dev": "eth0", "prefsrc": "10.0.0.2", "flags": []}
ROUTED = {**ON_LINK, "dst": "192.0.2.9", "gateway": "10.0.0.254"}

_DEFAULTS = {
    "enabled": "0",
    "dev_name": "eth0",
    "local_port": "6665",
    "remote_port": "6666",
    "local_ip": "0.0.0.0",  # noqa: S104
    "remote_ip": "0.0.0.0",  # noqa: S104
    "local_mac": "00:00:00:00:00:00",
    "remote_mac": "ff:ff:ff:ff:ff:ff",
}
_SYSDATA = ("cpu_nr_enabled", "taskname_enabled", "release_enabled", "msgid_enabled")
OLD: tuple[str, ...] = ("extended",)  # 4.2 to 6.5
MIDDLE: tuple[str, ...] = ("extended", "release", "userdata")  # 6.12
NEW: tuple[str, ...] = (*MIDDLE, *_SYSDATA)  # 7.2


@dataclasses.dataclass
class Machine:
    """Implements omprog_panic_client.system.System."""

    release: str = "6.1.0-56-cloud-amd64"
    parts: tuple[str, ...] = OLD
    links: list[dict[str, object]] = dataclasses.field(
        default_factory=lambda: [dict(ETH0)]
    )
    routes: dict[str, dict[str, object]] = dataclasses.field(
        default_factory=lambda: {"10.0.0.1": dict(ON_LINK), "192.0.2.9": dict(ROUTED)}
    )
    wire: dict[str, list[str]] = dataclasses.field(
        default_factory=lambda: {"10.0.0.1": [ROUTER], "10.0.0.254": [ROUTER]}
    )
    table: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    hosts: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    files: dict[str, str] = dataclasses.field(default_factory=dict)
    folders: set[str] = dataclasses.field(default_factory=set)
    symlinks: dict[str, str] = dataclasses.field(default_factory=dict)
    refused: dict[str, str] = dataclasses.field(default_factory=dict)  # device: words
    has_module: bool = True
    dynamic: bool = True  # CONFIG_NETCONSOLE_DYNAMIC
    static: str = ""  # the parameter that netconsole was loaded with
    said: list[str] = dataclasses.field(default_factory=list)
    ran: list[str] = dataclasses.field(default_factory=list)
    now: float = 100.0

    def __post_init__(self) -> None:
        self.files = {
            "/proc/sys/kernel/osrelease": f"{self.release}\n",
            "/proc/sys/kernel/random/boot_id": "b00t\n",
            "/proc/sys/kernel/printk": "4\t4\t1\t7\n",
            "/proc/sys/kernel/panic": "0\n",
            "/proc/cmdline": "ro\n",
            "/proc/mounts": "sysfs /sys sysfs rw 0 0\n",
            f"/lib/modules/{self.release}/modules.dep": (
                "kernel/drivers/net/netconsole.ko:\n" if self.has_module else ""
            ),
            **self.files,
        }
        self.folders |= {"/sys/kernel", "/sys/module", "/sys/class/net"}
        self._log: list[list[str]] = []

    # --- files ---------------------------------------------------------------

    def read(self, path: str) -> str | None:
        return self.files.get(path)

    def names(self, folder: str) -> list[str]:
        start = f"{folder}/"
        every = (*self.files, *self.folders)
        inside = (p[len(start) :] for p in every if p.startswith(start))
        return sorted({rest.partition("/")[0] for rest in inside})

    def write(self, path: str, text: str) -> None:
        if path not in self.files and not path.startswith("/proc/sysrq"):
            raise RefusedError(f"{path}: No such file or directory")
        if path.startswith(CONFIGFS):
            self._obey(path, text)
        self.files[path] = text

    def _obey(self, path: str, text: str) -> None:
        """The rules of netconsole.c's store functions."""
        target, _, attribute = path[len(CONFIGFS) + 1 :].partition("/")
        folder = f"{CONFIGFS}/{target}"
        enabled = self.files[f"{folder}/enabled"] == "1"
        if attribute == "enabled":
            device = self.files[f"{folder}/dev_name"]
            if text == "1" and device in self.refused:
                self._print(f"netpoll: netconsole: {self.refused[device]}")
                raise RefusedError(f"{path}: Invalid argument")
            if (text == "1") == enabled:
                raise RefusedError(f"{path}: Invalid argument")
            if text == "1":
                self._print("netconsole: network logging started")
        elif not attribute.startswith("userdata/") and enabled:
            raise RefusedError(f"{path}: Invalid argument")

    def _print(self, words: str) -> None:
        for log in self._log:
            log.append(words)

    def replace(self, path: str, text: str) -> None:
        self.files[path] = text

    def delete(self, path: str) -> None:
        self.files.pop(path, None)

    def mkdir(self, path: str) -> None:
        assert path.startswith(f"{CONFIGFS}/")
        if "/userdata/" in path:
            self.files[f"{path}/value"] = ""
            return
        for name, value in _DEFAULTS.items():
            self.files[f"{path}/{name}"] = value
        for part in self.parts:
            if part == "userdata":
                self.folders.add(f"{path}/userdata")
            elif part in _SYSDATA:
                self.files[f"{path}/userdata/{part}"] = "0"
            else:
                self.files[f"{path}/{part}"] = "0"

    def rmdir(self, path: str) -> None:
        userdata = f"{path}/userdata/"
        assert not [
            p for p in self.files if p.startswith(userdata) and p.endswith("/value")
        ], "the kernel keeps a target with userdata"
        self.files = {p: t for p, t in self.files.items() if not p.startswith(path)}
        self.folders = {p for p in self.folders if not p.startswith(path)}

    def link_target(self, path: str) -> str:
        return self.symlinks.get(path, "")

    # --- programs and the wire -------------------------------------------------

    def run(self, argv: Sequence[str]) -> str:
        command = " ".join(argv)
        if argv[0] == "ip":
            return self._ip(list(argv[2:]))
        self.ran.append(command)
        if command == "modprobe configfs":
            self.folders.add("/sys/kernel/config")
        elif command.startswith("mount"):
            self.files["/proc/mounts"] += "configfs /sys/kernel/config configfs rw\n"
        elif command == "modprobe netconsole":
            if not self.has_module:
                raise RefusedError("modprobe: FATAL: Module netconsole not found")
            self._load_with(self._parameter())
            self.folders.add("/sys/module/netconsole/parameters")
            if self.dynamic:
                self.folders.add(CONFIGFS)
        elif command == "modprobe -r netconsole":
            if self.names(CONFIGFS):
                raise RefusedError("modprobe: FATAL: Module netconsole is in use.")
            self.folders -= {"/sys/module/netconsole/parameters", CONFIGFS}
            self.static = ""
        return ""

    def _parameter(self) -> str:
        """What modprobe passes: every file is read, and the last one wins."""
        found = ""
        for path in sorted(p for p in self.files if "/modprobe.d/" in p):
            for line in self.files[path].splitlines():
                if line.startswith("options netconsole netconsole="):
                    found = line.partition("netconsole=")[2].strip('"')
        return found

    def _load_with(self, parameter: str) -> None:
        """init_netconsole: before 6.7 a single bad target fails the whole module."""
        major, minor = (int(part) for part in self.release.split(".")[:2])
        cards = {str(link["ifname"]) for link in self.links}
        for target in parameter.split(";") if parameter else []:
            device = target.partition("/")[2].partition(",")[0]
            if device not in cards and (major, minor) < (6, 7):
                words = "ERROR: could not insert 'netconsole': No such device"
                raise RefusedError(f"modprobe netconsole: modprobe: {words}")
        self.static = parameter

    def _ip(self, words: list[str]) -> str:
        if words[:2] == ["-details", "link"]:
            return json.dumps(self.links)
        if words[:2] == ["route", "get"]:
            route = self.routes.get(words[2])
            if route is None or ("oif" in words and route["dev"] != words[-1]):
                raise RefusedError("RTNETLINK answers: Network is unreachable")
            return json.dumps([route])
        assert words[:3] == ["neigh", "show", "to"]
        entry = self.table.get(words[3])
        if entry is None:
            return "[]"
        return json.dumps([{"dst": words[3], "lladdr": entry[0], "state": [entry[1]]}])

    def resolve(self, name: str) -> list[str]:
        literal = name.replace(":", "").replace(".", "")
        if all(c in "0123456789abcdef" for c in literal):
            return [name]
        return self.hosts.get(name, [])

    def ask_mac(self, link: Link, source: str, wanted: str) -> list[str]:  # noqa: ARG002
        return self.wire.get(wanted, [])

    def write_kmsg(self, level: int, text: str) -> None:
        self.said.append(f"<{level}>{text}")

    @contextlib.contextmanager
    def kernel_log(self) -> Iterator[list[str]]:
        words: list[str] = []
        self._log.append(words)
        try:
            yield words
        finally:
            self._log.remove(words)

    def host_name(self) -> str:
        return "db-07"

    def uptime(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_700_000_000.0 + self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds

    # --- what tests look at ------------------------------------------------------

    def target(self, name: str = "omprog-panic-1") -> dict[str, str]:
        """The attributes of a target, with its userdata."""
        start = f"{CONFIGFS}/{name}/"
        return {
            path[len(start) :]: text
            for path, text in self.files.items()
            if path.startswith(start)
        }

    def set(self, attribute: str, value: str, name: str = "omprog-panic-1") -> None:
        """Change a target behind the client's back."""
        self.files[f"{CONFIGFS}/{name}/{attribute}"] = value

"""The steps from the current to the desired targets. Pure.

A target's attributes change only while it is disabled; userdata changes at any time
(Documentation/networking/netconsole.rst).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from omprog_panic_client.facts import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# release needs extended, which is therefore switched on first.
_ORDER = (
    "extended",
    "release",
    "dev_name",
    "local_port",
    "remote_port",
    "local_ip",
    "remote_ip",
    "remote_mac",
)
_REASONS = {
    "dev_name": "the interface is {new} (was {old})",
    "local_ip": "our address is {new} (was {old})",
    "remote_ip": "the monitor's address is {new} (was {old})",
    "remote_mac": "the next hop's MAC is {new} (was {old})",
    "local_port": "the source port is {new} (was {old})",
    "remote_port": "the monitor's port is {new} (was {old})",
    "extended": "extended format {new} (was {old})",
    "release": "kernel release in each record {new} (was {old})",
    "userdata": "user keys changed",
    "sysdata": "cpu, task and counter in each record switched",
}


@dataclass(frozen=True)
class Step:
    """One operation in netconsole's configfs directory: mkdir, write or rmdir."""

    verb: str
    path: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.path}{' ' + self.value if self.value else ''}"


@dataclass(frozen=True)
class Change:
    """The steps that make one target the desired one, and the reasons."""

    name: str
    why: tuple[str, ...]
    steps: tuple[Step, ...]


def change(wanted: Target, current: Target | None) -> Change | None:
    """Return the change of one target; None: it is as desired."""
    if current is None:
        steps = [Step("mkdir", wanted.name), *_attributes(wanted, _ORDER)]
        steps += _data(wanted, replace(wanted, userdata=(), sysdata=()))
        steps.append(Step("write", f"{wanted.name}/enabled", "1"))
        return Change(wanted.name, ("the target was missing",), tuple(steps))
    differing = [
        field.name
        for field in fields(Target)
        if getattr(wanted, field.name) is not None
        and getattr(wanted, field.name) != getattr(current, field.name)
    ]
    if not differing:
        return None
    why = [_reason(name, wanted, current) for name in differing if name in _REASONS]
    steps = []
    attributes = [name for name in _ORDER if name in differing]
    if attributes and current.enabled:
        steps.append(Step("write", f"{wanted.name}/enabled", "0"))
    steps += _attributes(wanted, attributes)
    steps += _data(wanted, current)
    if attributes or not current.enabled:
        steps.append(Step("write", f"{wanted.name}/enabled", "1"))
    if not current.enabled:
        why.insert(0, "the target was switched off")
    return Change(wanted.name, tuple(why), tuple(steps))


def removal(current: Target) -> Change:
    """Return the change that removes a target."""
    steps = []
    if current.enabled:
        steps.append(Step("write", f"{current.name}/enabled", "0"))
    steps += [
        Step("rmdir", f"{current.name}/userdata/{key}")
        for key, _ in current.userdata or ()
    ]
    steps.append(Step("rmdir", current.name))
    return Change(current.name, ("no monitor in the settings",), tuple(steps))


def changes(
    wanted: Iterable[Target], ours: Iterable[Target], kept: Iterable[str]
) -> list[Change]:
    """Return the changes of all our targets; those in ``kept`` stay as they are."""
    now = {target.name: target for target in ours}
    desired = {target.name: target for target in wanted}
    found = [change(target, now.get(name)) for name, target in desired.items()]
    gone = [
        t for name, t in now.items() if name not in desired and name not in set(kept)
    ]
    return [c for c in found if c is not None] + [removal(target) for target in gone]


def _attributes(wanted: Target, names: Iterable[str]) -> Iterator[Step]:
    for name in names:
        value = getattr(wanted, name)
        if value is not None:
            text = str(int(value)) if isinstance(value, bool) else str(value)
            yield Step("write", f"{wanted.name}/{name}", text)


def _data(wanted: Target, current: Target) -> Iterator[Step]:
    """Yield the steps for userdata and sysdata; the target need not be disabled."""
    folder = f"{wanted.name}/userdata"
    if wanted.userdata is not None:
        desired, now = dict(wanted.userdata), dict(current.userdata or ())
        for key in sorted(now.keys() - desired.keys()):
            yield Step("rmdir", f"{folder}/{key}")
        for key, value in desired.items():
            if key not in now:
                yield Step("mkdir", f"{folder}/{key}")
            if now.get(key) != value:
                yield Step("write", f"{folder}/{key}/value", value)
    switches = dict(current.sysdata)
    for name, on in wanted.sysdata:
        if switches.get(name) != on:
            yield Step("write", f"{folder}/{name}", str(int(on)))


def _reason(name: str, wanted: Target, current: Target) -> str:
    old, new = getattr(current, name), getattr(wanted, name)
    words = {True: "on", False: "off", None: "unknown"}
    if isinstance(new, bool):
        old, new = words[old], words[new]
    return _REASONS[name].format(old=old or "none", new=new or "none")

"""Mount configfs and load the module; undo both on removal. I/O by System."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from omprog_panic_client.errors import RefusedError
from omprog_panic_client.modulefile import LOAD_FILE, OPTIONS_FILE
from omprog_panic_client.observe import CONFIGFS, observe_options

if TYPE_CHECKING:
    from omprog_panic_client.state import State
    from omprog_panic_client.system import System

LOAD = ["modprobe", "netconsole"]
REMOVE_STALE = "omprog-panic-client configure --remove-stale comments such a line out"
_MOUNT = "/sys/kernel/config"


def is_ready(system: System) -> bool:
    """Return whether targets can be created at run time."""
    return "netconsole" in system.names(_MOUNT)


def is_loaded(system: System, module: str) -> bool:
    """Return whether a module is in the kernel (or built in, with parameters)."""
    return module in system.names("/sys/module")


def missing_steps(system: System) -> list[list[str]]:
    """Return the commands that are needed before targets can be created."""
    steps = []
    if is_ready(system):
        return []
    if "config" not in system.names("/sys/kernel"):
        steps.append(["modprobe", "configfs"])
    if not _is_mounted(system):
        steps.append(["mount", "-t", "configfs", "configfs", _MOUNT])
    if not is_loaded(system, "netconsole"):
        steps.append(LOAD)
    return steps


def _is_mounted(system: System) -> bool:
    lines = (system.read("/proc/mounts") or "").splitlines()
    return any(line.split()[1:3] == [_MOUNT, "configfs"] for line in lines)


def prepare(system: System, state: State) -> tuple[State, str]:
    """Run these commands; after a failure the kernel is treated as without configfs.

    Without configfs the module is loaded later, when the file with its parameters is
    written. The text says which targets of other files the kernel refuses; "": none.
    """
    problem = ""
    for argv in missing_steps(system):
        if argv == LOAD and not _is_mounted(system):
            break
        if argv == LOAD:
            loaded, problem = _load(system)
            if not loaded:
                break
        elif not _succeeds(system, argv):
            continue
        if argv[0] == "mount":
            state = replace(state, mounted=True)
        else:
            state = replace(state, modules=[*state.modules, argv[1]], loaded="")
    return state, problem


def _load(system: System) -> tuple[bool, str]:
    """Load netconsole; a kernel before 6.7 refuses a target without an interface."""
    if _succeeds(system, LOAD):
        return True, ""
    if system.read(OPTIONS_FILE) is not None:
        # Ours, of another kernel or of an interface that is gone: it is written anew.
        system.delete(OPTIONS_FILE)
    try:
        system.run(LOAD)
    except RefusedError as error:
        blamed = with_foreign_options(system, error)
        return False, "" if blamed == str(error) else blamed
    return True, ""


def with_foreign_options(system: System, error: RefusedError) -> str:
    """Return why netconsole was not loaded, with the lines of others that it read."""
    where = "; ".join(f"{o.place}: {o.text}" for o in observe_options(system))
    return f"{error} ({where}; {REMOVE_STALE})" if where else str(error)


def undo(system: System, state: State) -> list[str]:
    """Unload and unmount what ``prepare`` did; return messages about failures."""
    for file in (LOAD_FILE, OPTIONS_FILE):
        system.delete(file)
    steps = [["modprobe", "-r", m] for m in reversed(state.modules) if m != "configfs"]
    if system.names(CONFIGFS):
        steps = []  # the module has targets of others
    elif state.mounted:
        steps.append(["umount", _MOUNT])
    if "configfs" in state.modules and steps:
        steps.append(["modprobe", "-r", "configfs"])
    return [
        f"{' '.join(argv)}: refused: it is left as it is"
        for argv in steps
        if not _succeeds(system, argv)
    ]


def _succeeds(system: System, argv: list[str]) -> bool:
    try:
        system.run(argv)
    except RefusedError:
        return False
    return True

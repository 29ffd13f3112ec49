"""Disable netconsole targets that others left in modprobe.d; undo it. I/O by System."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from omprog_panic_client.errors import RefusedError
from omprog_panic_client.modprobefile import FOLDERS, disable, enable
from omprog_panic_client.modulefile import OPTIONS_FILE
from omprog_panic_client.observe import observe_kernel, observe_options
from omprog_panic_client.plan import PREFIX
from omprog_panic_client.prepare import is_loaded

if TYPE_CHECKING:
    from omprog_panic_client.state import State
    from omprog_panic_client.system import System

UNLOAD = ["modprobe", "-r", "netconsole"]


def disable_options(system: System) -> list[str]:
    """Comment such lines out; return what was done.

    A file of a package in /usr/lib is not changed: a copy in /etc takes its place.

    Raises:
        RefusedError: a file cannot be written.

    """
    done = []
    for path in dict.fromkeys(o.path for o in observe_options(system)):
        ours = f"{FOLDERS[0]}/{path.rpartition('/')[2]}"
        system.replace(ours, disable(system.read(path) or ""))
        done.append(f"{ours}: options netconsole commented out")
    return done


def enable_options(system: System) -> list[str]:
    """Undo ``disable_options``; return what was done."""
    done = []
    for name in system.names(FOLDERS[0]):
        path = f"{FOLDERS[0]}/{name}"
        text = system.read(path) or ""
        before = enable(text)
        if before == text or path == OPTIONS_FILE:
            continue
        if before in [system.read(f"{folder}/{name}") for folder in FOLDERS[1:]]:
            system.delete(path)
        else:
            system.replace(path, before)
        done.append(f"{path}: options netconsole restored")
    return done


def unload(system: System, state: State) -> tuple[State, str]:
    """Unload netconsole, which has no target of ours left; return why that fails.

    A loaded module keeps the targets that it was loaded with; kernels before 6.7 do
    not show them.
    """
    kernel = observe_kernel(system)
    if kernel.netconsole != "module" or not is_loaded(system, "netconsole"):
        return state, ""
    others = [t.name for t in kernel.targets if not t.name.startswith(PREFIX)]
    if others:
        return state, (
            f"the disabled target is used until the next boot: netconsole cannot be "
            f"reloaded while it has the target {others[0]}, which is not ours"
        )
    try:
        system.run(UNLOAD)
    except RefusedError as error:
        return state, f"the disabled target is used until the next boot: {error}"
    modules = [module for module in state.modules if module != "netconsole"]
    return replace(state, modules=modules, loaded=""), ""

"""The output of ``status``. Pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omprog_panic_client.advice import Advice
    from omprog_panic_client.facts import Kernel, Target
    from omprog_panic_client.reconcile import Comparison
    from omprog_panic_client.state import State


def status_lines(view: Comparison, state: State) -> list[str]:
    """Return the status as lines of text."""
    kernel = view.facts.kernel
    lines = [_summary(view), f"kernel:    {kernel.release}"]
    lines.append(
        "set by:    configfs" if kernel.configfs else "set by:    module parameter"
    )
    current = {t.name: t for t in view.ours}
    for target in view.targets:
        lines += _target(target, current.get(target.name), view)
    for obstacle in view.obstacles:
        lines.append(f"OBSTACLE:  {obstacle.monitor}: {obstacle.what}")
        lines.append(f"           remedy: {obstacle.remedy}")
    lines.append(f"log level: {kernel.console_loglevel} (a call trace needs 5)")
    lines.append(f"last repair: {_when(state.repaired_at)}{_after(state.repaired)}")
    for advice in view.advice:
        lines.append(f"WARNING:   {advice.what} ({advice.weight.value})")
        lines.append(f"           remedy: {advice.remedy}")
    return lines


def status_values(view: Comparison, state: State) -> dict[str, object]:
    """Return the status as values for JSON."""
    return {
        "right": view.is_up_to_date,
        "kernel": _kernel(view.facts.kernel),
        "targets": [_target_values(target) for target in view.targets],
        "drift": list(view.drift),
        "obstacles": [
            {"monitor": o.monitor, "what": o.what, "remedy": o.remedy}
            for o in view.obstacles
        ],
        "warnings": [
            {
                "name": a.name,
                "weight": a.weight.name.lower(),
                "what": a.what,
                "remedy": a.remedy,
            }
            for a in view.advice
        ],
        "repaired_at": state.repaired_at,
        "repaired": state.repaired,
    }


def _kernel(kernel: Kernel) -> dict[str, object]:
    return {
        "release": kernel.release,
        "boot_id": kernel.boot_id,
        "cmdline": kernel.cmdline,
        "console_loglevel": kernel.console_loglevel,
        "panic_timeout": kernel.panic_timeout,
        "oops_only": kernel.oops_only,
        "kdump": kernel.kdump,
        "devkmsg": kernel.devkmsg,
        "consoles": [{"name": c.name, "flags": c.flags} for c in kernel.consoles],
        "watchdogs": [
            {"name": w.name, "identity": w.identity, "active": w.active}
            for w in kernel.watchdogs
        ],
        "netconsole": kernel.netconsole,
        "configfs": kernel.configfs,
        "targets": [_target_values(target) for target in kernel.targets],
    }


def _target_values(target: Target) -> dict[str, object]:
    return {
        "name": target.name,
        "enabled": target.enabled,
        "dev_name": target.dev_name,
        "local_port": target.local_port,
        "remote_port": target.remote_port,
        "local_ip": target.local_ip,
        "remote_ip": target.remote_ip,
        "remote_mac": target.remote_mac,
        "extended": target.extended,
        "release": target.release,
        "userdata": target.userdata,
        "sysdata": target.sysdata,
    }


def _summary(view: Comparison) -> str:
    if view.obstacles or not view.targets:
        return "BROKEN: a panic would not reach every monitor"
    if view.drift and (first := _prevented(view)):
        return f"BROKEN: {first.what}"
    if view.drift:
        return "DRIFTED: run omprog-panic-client configure to repair it"
    severe = next((a for a in view.advice if a.weight.name == "ALL"), None)
    return f"WARNING: {severe.what}" if severe else "OK: a panic would be received"


def _prevented(view: Comparison) -> Advice | None:
    found = (a for a in view.advice if a.name == "foreign-options")
    return next((a for a in found if a.weight.name == "ALL"), None)


def _target(wanted: Target, current: Target | None, view: Comparison) -> list[str]:
    destination = next(
        w for w in view.facts.destinations if w.address == wanted.remote_ip
    )
    gateway = destination.route.gateway if destination.route else ""
    hop = f"via {gateway}" if gateway else "on this network"
    state = "no target"
    if not view.facts.kernel.configfs:
        state = "by parameter"
    elif current is not None:
        state = "sending" if current.enabled else "switched off"
    form = "extended" if wanted.extended else "basic"
    return [
        f"target:    {wanted.remote_ip} port {wanted.remote_port}, {form}: {state}",
        (
            f"route:     {wanted.dev_name} from {wanted.local_ip} port "
            f"{wanted.local_port}, {hop}, MAC {wanted.remote_mac}"
        ),
    ]


def _when(at: float | None) -> str:
    if at is None:
        return "never"
    return dt.datetime.fromtimestamp(at, dt.timezone.utc).isoformat(timespec="seconds")


def _after(text: str) -> str:
    return f": {text}" if text else ""

"""What ``status`` shows. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omprog_panic_client.facts import Target
    from omprog_panic_client.keeper import View
    from omprog_panic_client.state import State


def status_lines(view: View, state: State) -> list[str]:
    """Return the lines for people."""
    kernel = view.facts.kernel
    lines = [_verdict(view), f"kernel:    {kernel.release}"]
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
    lines.append(f"last mend: {_when(state.mended_at)}{_after(state.mended)}")
    for advice in view.advice:
        lines.append(f"WARNING:   {advice.what} ({advice.weight.value})")
        lines.append(f"           remedy: {advice.remedy}")
    return lines


def status_values(view: View, state: State) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "right": view.is_right,
        "kernel": asdict(view.facts.kernel),
        "targets": [asdict(target) for target in view.targets],
        "drift": list(view.drift),
        "obstacles": [asdict(obstacle) for obstacle in view.obstacles],
        "warnings": [
            {**asdict(a), "weight": a.weight.name.lower()} for a in view.advice
        ],
        "mended_at": state.mended_at,
        "mended": state.mended,
    }


def _verdict(view: View) -> str:
    if view.obstacles or not view.targets:
        return "BROKEN: not every monitor would hear of a panic"
    if view.drift:
        return "DRIFTED: omprog-panic-client configure mends it"
    grave = next((a for a in view.advice if a.weight.name == "ALL"), None)
    return f"WARNING: {grave.what}" if grave else "OK: a panic would be heard"


def _target(wanted: Target, current: Target | None, view: View) -> list[str]:
    way = next(w for w in view.facts.ways if w.address == wanted.remote_ip)
    gateway = way.route.gateway if way.route else ""
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

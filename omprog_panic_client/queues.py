"""Queue limits of virtual cards, so that a whole trace fits. I/O by System.

From 6.11 on virtio_net limits the bytes in flight (BQL, Documentation/ABI/
testing/sysfs-class-net-queues). In a panic netpoll waits 4 ms for the card to
accept more; where the hypervisor has no free processor for so long, the record is left
to a work item that never runs, with all later records behind it. Without the limit, as
before 6.11, the ring has room for more than a trace.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from omprog_panic_client.procfiles import first_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from omprog_panic_client.facts import Facts, Target
    from omprog_panic_client.state import State
    from omprog_panic_client.system import System

MIN_LIMIT = 1 << 20  # bytes: more than the ring of 256 buffers takes
_LIMITED = "virtio_net"
_SINCE = (6, 11)
_NET = "/sys/class/net"


def raise_queue_limits(
    system: System, facts: Facts, targets: Iterable[Target], state: State
) -> tuple[State, list[str]]:
    """Raise the queue limits of the cards that the targets use.

    Return the state with the values to restore, and messages about what was done.

    Raises:
        RefusedError: the kernel refuses a value.

    """
    if facts.kernel.version < _SINCE:
        return state, []
    messages = []
    for card in sorted(set(_cards(facts, [t.dev_name for t in targets]))):
        raised = False
        for path in _limits(system, card):
            now = first_number(system.read(path), MIN_LIMIT)
            if now >= MIN_LIMIT:
                continue
            system.write(path, str(MIN_LIMIT))
            state = replace(state, queues={path: now, **state.queues})
            raised = True
        if raised:
            messages.append(
                f"{card} may have {MIN_LIMIT} bytes in flight, enough for a whole trace"
            )
    return state, messages


def restore(system: System, state: State) -> list[str]:
    """Restore the former limits; return messages about what was done."""
    done = []
    for path, value in state.queues.items():
        if system.read(path) is not None:  # the card may be gone
            system.write(path, str(value))
            done.append(f"{path} is {value} again")
    return done


def _cards(facts: Facts, devices: Iterable[str]) -> Iterator[str]:
    """Yield the cards below the devices: also those of bonds, bridges and VLANs."""
    waiting, seen = list(devices), set()
    for device in waiting:  # grows while it runs
        link = facts.links.get(device)
        if link is None or device in seen:
            continue
        seen.add(device)
        waiting += link.lower
        if link.driver == _LIMITED:
            yield device


def _limits(system: System, card: str) -> Iterator[str]:
    folder = f"{_NET}/{card}/queues"
    for queue in system.names(folder):
        if queue.startswith("tx-"):
            yield f"{folder}/{queue}/byte_queue_limits/limit_min"

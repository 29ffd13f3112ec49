"""Room in a virtual card for all that a panic says at once. I/O by System.

From 6.11 on virtio_net limits the bytes that are under way (BQL, Documentation/ABI/
testing/sysfs-class-net-queues). In a panic netpoll waits 4 ms for the card to take
more; where the hypervisor has no free processor for as long, the record is left to a
work item that never runs, and every later one behind it. Without the limit, as before
6.11, the ring holds more than a trace.
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

ROOM = 1 << 20  # bytes: the ring of 256 takes fewer
_LIMITED = "virtio_net"
_SINCE = (6, 11)
_NET = "/sys/class/net"


def make_room(
    system: System, facts: Facts, targets: Iterable[Target], state: State
) -> tuple[State, list[str]]:
    """Lift the limit of the cards that the targets use.

    Gives the state with what is to be put back, and sentences on what was done.

    Raises:
        RefusedError: the kernel refuses a value.

    """
    if facts.kernel.version < _SINCE:
        return state, []
    said = []
    for card in sorted(set(_cards(facts, [t.dev_name for t in targets]))):
        lifted = False
        for path in _limits(system, card):
            now = first_number(system.read(path), ROOM)
            if now >= ROOM:
                continue
            system.write(path, str(ROOM))
            state = replace(state, queues={path: now, **state.queues})
            lifted = True
        if lifted:
            said.append(f"{card} may have {ROOM} bytes under way, a whole trace")
    return state, said


def restore(system: System, state: State) -> list[str]:
    """Put back what was there before; gives sentences."""
    done = []
    for path, value in state.queues.items():
        if system.read(path) is not None:  # the card may be gone
            system.write(path, str(value))
            done.append(f"{path} is {value} again")
    return done


def _cards(facts: Facts, devices: Iterable[str]) -> Iterator[str]:
    """Return the cards that bonds, bridges and VLANs stand on, too."""
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

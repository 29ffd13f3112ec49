"""The pages, typed on a fresh monitor: each command in the order of reading.

What a page has the reader write into a file is written; its services are exchanged
for a receiver on loopback. The sending host of all pages, 10.0.0.2, panics when the
monitor was set up.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from tests.package import pages
from tests.package.life import CRASH
from tests.package.monitor import HOOK_PORT, WITHIN_S, capture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.package.life import Story
    from tests.package.machine import Machine
    from tests.package.pages import Fence, Line

MONITOR, HOST = "10.0.0.1", "10.0.0.2"
FOLDER = "/root"  # where the packages lie
OTHERWISE = {
    # In a namespace nothing keeps the clock right.
    "omprog-panic doctor": {0, 1, 3},
    "omprog-panic status": {0, 1},
    "omprog-panic status --format json": {0, 1},
    # Nothing waits: every service has answered.
    "omprog-panic outbox retry --all": {0, os.EX_UNAVAILABLE},
    "omprog-panic outbox drop --dead": {0, os.EX_UNAVAILABLE},
}
ASKS = {"omprog-panic apply": "omprog-panic apply --yes"}
INCIDENT_ID, SILENCE_ID = "3f2a", "5f0c"


def every_page_can_be_typed(story: Story) -> str:
    """Type all pages, and return how many commands that were."""
    machine = story.machine
    machine.run("echo 'APT::Get::Assume-Yes \"true\";' >/etc/apt/apt.conf.d/90yes")
    for package in story.package.parent.glob("*_all.deb"):
        machine.run(f"mv {machine.copy_in(package)} {FOLDER}/")
    told: list[str] = []
    faults: list[str] = []
    with story.monitor.receiver():
        for page in pages.names():
            before = len(faults)
            typed = [*_type(machine, page, "monitor", faults)]
            if typed:
                told.append(f"{page}: {len(typed)} commands")
            if page == "README.md" and len(faults) == before:
                _panic(story)
    for page in pages.names():
        removed = [*_type(machine, page, "removal", faults)]
        told += [f"{page}: {len(removed)} commands of removal"] if removed else []
    assert not faults, "\n".join(faults)
    return "\n".join(told)


def _type(machine: Machine, page: str, place: str, faults: list[str]) -> Iterator[Line]:
    for fence in pages.fences(page):
        if fence.file and place == "monitor":
            machine.write(fence.file, _written(fence))
        elif fence.place == place:
            for line in fence.commands():
                command = _answered(machine, line.text)
                code, text = machine.result(f"cd {FOLDER} && {command} </dev/null")
                if code not in OTHERWISE.get(line.text, {0}):
                    faults.append(f"{line}: exit code {code}\n{text}")
                yield line


def _written(fence: Fence) -> str:
    """Return a file's text, with a receiver in place of each service."""
    count = iter(range(100))
    return re.sub(
        r"(?m)(=\s*)\w+://\S+$",
        lambda found: f"{found[1]}json://127.0.0.1:{HOOK_PORT}/{next(count)}",
        fence.text + "\n",
    )


def _answered(machine: Machine, command: str) -> str:
    """Return a command with its question answered and its example ids made real."""
    for word, listing in (
        (INCIDENT_ID, "incidents list"),
        (SILENCE_ID, "silence list"),
    ):
        if re.search(rf"\b{word}\b", command):
            text = machine.run(f"omprog-panic {listing} --format json")
            found = re.search(r'"id": ?"([0-9a-f]+)"', text)
            assert found, f"{listing} has none: {text}"
            command = re.sub(rf"\b{word}\b", found[1][:8], command)
    return ASKS.get(command, command)


def _panic(story: Story) -> None:
    # The network of the pages. The host's address is here, too: it panics from here.
    story.machine.run(
        "ip link add lan type veth peer name far && ip link set far up"
        f" && ip addr add {MONITOR}/24 dev lan && ip link set lan up"
        f" && ip addr add {HOST}/32 dev lo"
    )
    story.monitor.wait_listening()
    story.monitor.replay(HOST, capture(CRASH))
    wanted = f"omprog-panic incidents list | grep -q {HOST}"
    story.machine.wait(wanted, "the incident", WITHIN_S)
    # As a monitor is found on the next morning: nothing waits.
    story.machine.wait("omprog-panic status", "an empty outbox", WITHIN_S)
    _, text = story.machine.result("omprog-panic doctor --format json")
    found = json.loads(text)["data"]["findings"]
    bad = [row for row in found if row["level"] == "critical"]
    assert not bad, bad


CHECKS: tuple[Callable[[Story], str], ...] = (every_page_can_be_typed,)

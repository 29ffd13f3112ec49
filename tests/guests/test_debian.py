"""The package in a whole Debian with systemd: boot, timer, hook, shutdown, removal."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.guests.debian import debian_image, tree
from tests.guests.guest import Hardware, boot
from tests.guests.host import (
    GATEWAY,
    MAC,
    MONITOR,
    OTHER_MAC,
    SETTINGS,
    THIRD_MAC,
    figure,
)
from tests.guests.kernel import Kernel, folder
from tests.guests.wire import open_wire
from tests.needs import missing_program, not_root
from tests.package.trees import build, build_tree, mirror

pytestmark = pytest.mark.guest
RELEASE = "bookworm"
FILES = "find /etc /var/lib /usr -xdev -name '*omprog*' | sort"


def package(place: Path) -> Path:
    """Build the client's package in a clean tree, which is kept."""
    root = folder() / f"build-{RELEASE}"
    if not root.exists():
        build_tree(RELEASE, root, tests=False)
    nocheck = {"DEB_BUILD_OPTIONS": "nocheck", "DEB_BUILD_PROFILES": "nocheck"}
    results = build(root, "/build", place / "out", **nocheck)
    return next(
        path for path in results if path.name.startswith("omprog-panic-client_")
    )


def test_life_of_the_package(oldest: Kernel, place: Path) -> None:
    if reason := missing_program("mmdebstrap") or not_root("build a tree"):
        pytest.skip(reason)
    image = debian_image(tree(RELEASE, mirror()), oldest, package(place))
    with open_wire(place) as wire:
        for neighbour in (MONITOR, GATEWAY):
            wire.set_neighbour(neighbour, MAC)
        network = wire.arguments()
        with boot(
            oldest, place, image, network=network, hardware=Hardware(memory_mb=1200)
        ) as guest:
            # Installed, but without settings: nothing runs and nothing has failed.
            assert guest.run("systemctl --failed --plain --no-legend").strip() == ""
            shown = guest.run("systemctl is-active omprog-panic-client", check=False)
            assert shown.strip() == "inactive"
            before = guest.run(
                "lsmod | cut -d' ' -f1 | sort; cat /proc/sys/kernel/printk"
            )

            guest.put(SETTINGS, f"monitor={MONITOR}\n")
            guest.run("omprog-panic-client configure")
            wire.wait_text("omprog-panic: alive host=guest")

            changed = time.monotonic()
            wire.set_neighbour(MONITOR, OTHER_MAC)  # nobody is told: the timer
            heard = wire.wait_text(f"MAC is {OTHER_MAC}", timeout_s=240)
            assert "omprog-panic: repaired" in heard.text
            figure(oldest, "Debian, MAC silently, timer", heard.at - changed)
            guest.run(
                f"ip neigh replace {MONITOR} lladdr {OTHER_MAC} dev eth0 nud stale"
            )
            changed = time.monotonic()
            wire.set_neighbour(MONITOR, THIRD_MAC, tell=True)  # the hook, or the timer
            heard = wire.wait_text(f"MAC is {THIRD_MAC}", timeout_s=240)
            figure(oldest, "Debian, MAC announced, hook", heard.at - changed)

            # An upgrade restarts services; that is no farewell.
            guest.run("systemctl restart omprog-panic-client")
            assert not any("farewell" in text for text in wire.texts())

            # Removed and installed again: what was changed is as it was found.
            guest.run(
                "cp -a /etc/omprog-panic /root/; dpkg --purge omprog-panic-client"
            )
            assert guest.run(FILES).strip() == ""
            after = guest.run(
                "lsmod | cut -d' ' -f1 | sort; cat /proc/sys/kernel/printk"
            )
            assert after.split() == before.split()
            guest.run("dpkg -i /root/client.deb", timeout_s=300)
            guest.run("cp -a /root/omprog-panic /etc/; omprog-panic-client configure")

            guest.start("systemctl poweroff")
            wire.wait_text("omprog-panic: farewell host=guest", timeout_s=240)
            # The last words of all: virtio has shut the card down before them.
            guest.wait_console("reboot: Power down", timeout_s=240)

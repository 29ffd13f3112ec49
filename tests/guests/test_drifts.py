"""Real kernels: what drifts is repaired, and the monitor hears of it.

``figure`` prints the seconds for the table of docs/sending-hosts.md (pytest -s).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guests.host import (
    FAR,
    GATEWAY,
    MAC,
    MONITOR,
    OTHER_MAC,
    SETTINGS,
    THIRD_MAC,
    Host,
    figure,
    start,
)
from tests.guests.kernel import Kernel

pytestmark = pytest.mark.guest


def verified(host: Host) -> None:
    """A token gets through."""
    after = host.position
    token = host.client("verify").split()[-1]
    host.wire.wait_text(token, after=after)


def test_on_link(kernel: Kernel, place: Path) -> None:
    with start(kernel, place) as host:
        output = host.configure()
        assert "target set up" in output
        heard = host.wire.wait_text("omprog-panic: alive host=guest")
        assert heard.source == "10.0.0.2"
        verified(host)

        # The monitor's card was changed, without a word: the timer's check.
        host.wire.set_neighbour(MONITOR, OTHER_MAC)
        figure(kernel, "MAC, check", host.check_repairs(f"MAC is {OTHER_MAC}"))

        # The target was switched off.
        target = "/sys/kernel/config/netconsole/omprog-panic-1"
        host.guest.run(f"echo 0 > {target}/enabled")
        figure(kernel, "off, check", host.check_repairs("the target was switched off"))

        # Something lowered the log level.
        host.guest.run("echo 4 > /proc/sys/kernel/printk")
        figure(kernel, "log level", host.check_repairs("the console log level is 8"))

        assert host.client("check") == "", "nothing is left to repair"
        verified(host)


def test_routed_with_a_gateway_that_announces_itself(
    kernel: Kernel, place: Path
) -> None:
    with start(kernel, place) as host:
        host.guest.run(f"ip route add default via {GATEWAY}")
        host.configure(f"monitor={FAR}")
        host.wire.wait_text("alive")
        # The kernel knows its gateway: there is traffic.
        host.guest.run(f"ping -c 1 -W 1 {FAR}", check=False)
        host.watch()

        host.wire.set_neighbour(GATEWAY, OTHER_MAC, tell=True)
        seconds = host.repaired_by_hook(f"MAC is {OTHER_MAC}")

        figure(kernel, "gateway with ARP announcement, hook", seconds)
        verified(host)

        host.wire.set_neighbour(GATEWAY, THIRD_MAC)
        figure(kernel, "gateway silent, check", host.check_repairs(THIRD_MAC))

        # Another way there: through another gateway.
        host.wire.set_neighbour("10.0.0.253", MAC)
        host.wire.route(FAR, "10.0.0.253")
        host.guest.run("ip route replace default via 10.0.0.253")
        seconds = host.repaired_by_hook(f"MAC is {MAC}")
        figure(kernel, "route, hook", seconds)


def test_ipv6(kernel: Kernel, place: Path) -> None:
    with start(kernel, place, address=False) as host:
        host.wire.set_neighbour("fd00::1", MAC)
        host.wire.set_neighbour("fe80::1", OTHER_MAC)
        host.wire.route("2001:db8::9", "fe80::1")
        host.guest.run("ip link set eth0 up; ip addr add fd00::2/64 dev eth0 nodad")
        host.guest.run("ip -6 route add default via fe80::1 dev eth0")
        host.guest.run("sleep 3")  # its link-local address is tentative for so long

        host.configure("monitor=fd00::1\nmonitor=2001:db8::9 port=6666")

        heard = host.wire.wait(lambda d: d.destination == "fd00::1")
        assert heard.source == "fd00::2"
        host.wire.wait(lambda d: d.destination == "2001:db8::9" and "alive" in d.text)
        host.wire.set_neighbour("fe80::1", THIRD_MAC)
        figure(kernel, "IPv6 gateway, check", host.check_repairs(THIRD_MAC))


def test_vlan(kernel: Kernel, place: Path) -> None:
    with start(kernel, place, address=False) as host:
        host.wire.set_neighbour(MONITOR, MAC, vlan=7)
        host.guest.run("modprobe 8021q; ip link set eth0 up")
        host.guest.run("ip link add link eth0 name eth0.7 type vlan id 7")
        host.address("eth0.7")
        host.configure()
        assert host.wire.wait_text("alive").vlan == 7

        host.wire.set_neighbour(MONITOR, OTHER_MAC, vlan=7)
        figure(kernel, "VLAN MAC, check", host.check_repairs(OTHER_MAC))


@pytest.mark.parametrize("kind", ["bond", "bridge"])
def test_enslaved(kernel: Kernel, place: Path, kind: str) -> None:
    """The card becomes a port while it sends: the target moves to the master."""
    with start(kernel, place) as host:
        host.configure()
        host.wire.wait_text("alive")
        host.watch()
        mode = " mode active-backup miimon 100" if kind == "bond" else ""
        host.guest.run(
            f"modprobe {kind if kind == 'bridge' else 'bonding max_bonds=0'}; "
            f"ip link add m0 type {kind}{mode}; ip addr flush dev eth0; "
            "ip link set eth0 down; ip link set eth0 master m0; ip link set eth0 up",
        )
        host.address("m0")

        seconds = host.repaired_by_hook("the interface is m0 (was eth0)")

        figure(kernel, f"card into a {kind}, hook", seconds)
        verified(host)


def test_renamed(kernel: Kernel, place: Path) -> None:
    """netconsole follows a rename by itself; addresses that went are given again."""
    with start(kernel, place) as host:
        host.configure()
        host.wire.wait_text("alive")
        host.watch()
        host.guest.run("ip link set eth0 down; ip link set eth0 name lan0")
        host.guest.run("ip link set lan0 up; sleep 2")

        assert "lan0 from 10.0.0.2" in host.client("status")
        verified(host)
        assert host.client("check") == ""


def test_card_away_and_back(kernel: Kernel, place: Path) -> None:
    """A driver that is reset takes the interface away: the kernel switches off."""
    with start(kernel, place) as host:
        host.configure()
        host.wire.wait_text("alive")
        host.watch()
        drivers = "/sys/bus/virtio/drivers/virtio_net"
        host.guest.run(
            f"d=$(basename $(readlink /sys/class/net/eth0/device)); cd {drivers}; "
            "echo $d > unbind; sleep 1; echo $d > bind; sleep 1",
        )
        before = host.guest.run("cat /sys/kernel/config/netconsole/*/enabled").strip()
        host.address()

        if before == "0":
            figure(kernel, "card back, hook", host.repaired_by_hook("switched off"))
        verified(host)


def test_monitor_moves(kernel: Kernel, place: Path) -> None:
    with start(kernel, place) as host:
        host.wire.set_neighbour("10.0.0.5", OTHER_MAC)
        host.guest.run("echo 10.0.0.1 mon.example >> /etc/hosts")
        host.configure("monitor=mon.example")
        host.wire.wait_text("alive")

        host.guest.run("sed -i s/10.0.0.1/10.0.0.5/ /etc/hosts")
        seconds = host.check_repairs("the monitor's address is 10.0.0.5 (was 10.0.0.1)")

        figure(kernel, "monitor's address, check", seconds)
        assert host.wire.datagrams[-1].destination == "10.0.0.5"


def test_own_address_changes(kernel: Kernel, place: Path) -> None:
    with start(kernel, place) as host:
        host.configure()
        host.wire.wait_text("alive")
        host.watch()
        host.guest.run("ip addr flush dev eth0; ip addr add 10.0.0.77/24 dev eth0")

        seconds = host.repaired_by_hook("our address is 10.0.0.77")

        figure(kernel, "own address, hook", seconds)
        assert host.wire.datagrams[-1].source == "10.0.0.77"


def test_removal(kernel: Kernel, place: Path) -> None:
    with start(kernel, place) as host:
        look = (
            "lsmod | cut -d' ' -f1 | sort; cat /proc/sys/kernel/printk; "
            "ls /sys/kernel/config; find /etc /var/lib -type f | sort"
        )
        host.guest.put(SETTINGS, f"monitor={MONITOR}\n")
        before = host.guest.run(look, check=False)
        host.configure(f"monitor={MONITOR}\nuser.rack=r12")
        host.wire.wait_text("alive")

        host.client("remove")

        host.guest.put(SETTINGS, f"monitor={MONITOR}\n")
        assert host.guest.run(look, check=False) == before


def test_the_parameter_that_cmdline_prints_is_right(
    kernel: Kernel, place: Path
) -> None:
    """Also what /etc/modprobe.d gets where there is no configfs."""
    with start(kernel, place) as host:
        host.guest.put(SETTINGS, f"monitor={MONITOR}\n")
        value = host.client("cmdline").split()[0].removeprefix("netconsole.")

        host.guest.run(f"modprobe netconsole {value}")

        host.wire.wait_text("Linux version")
        host.wire.wait_text("network logging started")

"""Each thing that keeps a crash from arriving is named, with its remedy."""

from __future__ import annotations

import pytest

from omprog_panic_client.advice import Advice, Weight, advise
from omprog_panic_client.observe import CONFIGFS, observe
from omprog_panic_client.settings import parse_settings
from tests.unit.client.machine import ETH0, ON_LINK, Machine

CONSOLES = "/proc/consoles"


def advice(machine: Machine, text: str = "monitor=10.0.0.1") -> dict[str, Advice]:
    settings = parse_settings(text)
    return {a.name: a for a in advise(settings, observe(machine, settings, {}))}


def good(release: str = "6.1.0-56-cloud-amd64") -> Machine:
    machine = Machine(release=release)
    machine.files["/proc/sys/kernel/printk"] = "8\t4\t1\t7\n"
    machine.files[CONSOLES] = "tty0                 -WU (EC  p  )    4:2\n"
    return machine


def test_a_good_host_has_nothing_to_hear() -> None:
    assert advice(good()) == {}


CASES = {
    "oops-only": ("/sys/module/netconsole/parameters/oops_only", "Y\n", Weight.PART),
    "console-loglevel": ("/proc/sys/kernel/printk", "4\t4\t1\t7\n", Weight.PART),
    "quiet": ("/proc/cmdline", "ro quiet splash\n", Weight.NOTE),
    "kdump": ("/sys/kernel/kexec_crash_loaded", "1\n", Weight.PART),
    "devkmsg": ("/proc/sys/kernel/printk_devkmsg", "off\n", Weight.NOTE),
    "boot-console": (CONSOLES, "earlyser0  -W- (EB  p a)    4:64\n", Weight.PART),
    "card": ("/sys/class/net/eth0/phy80211/name", "phy0\n", Weight.ALL),
    "duplicate-target": (
        "/proc/cmdline",
        "netconsole=@/eth0,@10.0.0.1/\n",
        Weight.NOTE,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_obstacle_is_told(name: str) -> None:
    path, text, weight = CASES[name]
    machine = good()
    machine.folders.add(CONFIGFS)
    machine.files[path] = text

    found = advice(machine)

    assert list(found) == [name]
    assert found[name].weight is weight
    assert found[name].remedy


def test_ignore_loglevel_lets_everything_through() -> None:
    machine = good()
    machine.files["/proc/sys/kernel/printk"] = "4\t4\t1\t7\n"
    machine.files["/proc/cmdline"] = "ro ignore_loglevel\n"

    assert advice(machine) == {}


def test_a_usb_card_below_a_vlan_is_found() -> None:
    machine = good()
    vlan = {"ifname": "v7", "link": "eth0", "linkinfo": {"info_kind": "vlan"}}
    machine.links = [dict(ETH0), {**ETH0, **vlan}]
    machine.routes["10.0.0.1"] = {**ON_LINK, "dev": "v7"}
    machine.symlinks["/sys/class/net/eth0/device/subsystem"] = "usb"
    machine.symlinks["/sys/class/net/eth0/device/driver"] = "r8152"

    assert advice(machine)["card"].what.startswith("eth0 (r8152) is on USB")


def test_another_target_to_the_same_monitor_is_told() -> None:
    machine = good()
    machine.mkdir(f"{CONFIGFS}/mine")
    machine.set("remote_ip", "10.0.0.1", "mine")
    machine.set("enabled", "1", "mine")

    assert (
        "mine may send to the same monitor" in advice(machine)["duplicate-target"].what
    )


@pytest.mark.parametrize(
    ("release", "consoles", "panic", "warned"),
    [
        ("6.18.1", "", "10", False),
        ("7.0.1", "", "10", True),
        ("7.0.1", "", "-1", True),
        ("7.0.1", "", "0", False),
        ("6.19.0", "netcon_ext0  -W- (E   N  a)\n", "10", True),
    ],
)
def test_a_kernel_that_reboots_before_it_sends_is_told(
    release: str, consoles: str, panic: str, warned: bool
) -> None:
    machine = good(release)
    machine.files[CONSOLES] = consoles
    machine.files["/proc/sys/kernel/panic"] = f"{panic}\n"

    assert ("panic-timeout" in advice(machine)) is warned


@pytest.mark.parametrize(
    ("watchdog", "words"),
    [
        (None, "none is present"),
        ("Software Watchdog", "none is present"),
        ("iTCO_wdt", "watchdog0 (iTCO_wdt) is present: RuntimeWatchdogSec=60"),
    ],
)
def test_the_offer_names_a_watchdog(watchdog: str | None, words: str) -> None:
    machine = good("7.2.13")
    machine.files["/proc/sys/kernel/panic"] = "10\n"
    if watchdog:
        machine.files["/sys/class/watchdog/watchdog0/identity"] = watchdog
        machine.files["/sys/class/watchdog/watchdog0/state"] = "inactive\n"

    remedy = advice(machine)["panic-timeout"].remedy

    assert remedy.startswith("halt_on_panic=yes in the settings sets kernel.panic=0")
    assert words in remedy


def test_kdump_and_boot_consoles_silence_newer_kernels_wholly() -> None:
    machine = good("7.2.13")
    machine.files["/sys/kernel/kexec_crash_loaded"] = "1\n"
    machine.files[CONSOLES] = "earlyser0  -W- (EB  p a)    4:64\n"

    assert {a.weight for a in advice(machine).values()} == {Weight.ALL}

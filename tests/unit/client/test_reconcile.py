"""Configure, drift, mend, remove, on a machine in memory."""

from __future__ import annotations

import pytest

from omprog_panic_client.errors import RefusedError
from omprog_panic_client.modulefile import LOAD_FILE, OPTIONS_FILE, SYSCTL_FILE
from omprog_panic_client.observe import CONFIGFS
from omprog_panic_client.reconcile import Reconciler, Result, remove
from omprog_panic_client.settings import parse_settings
from omprog_panic_client.state import FILE as STATE_FILE
from tests.unit.client.machine import MIDDLE, NEW, ON_LINK, ROUTER, Machine

ONE = "monitor=10.0.0.1"
OTHER_MAC = "02:00:00:00:00:99"


def check(machine: Machine, text: str = ONE) -> Result:
    return Reconciler(machine, parse_settings(text)).reconcile()


def still(result: Result) -> bool:
    """Nothing was done, nothing is in the destination."""
    return not result.done and not result.problems


def repaired(machine: Machine) -> list[str]:
    return [line for line in machine.said if "repaired" in line]


def test_a_fresh_host_gets_a_target_and_says_that_it_lives() -> None:
    machine = Machine()

    result = check(machine)

    assert result.problems == ()
    assert machine.ran == [
        "modprobe configfs",
        "mount -t configfs configfs /sys/kernel/config",
        "modprobe netconsole",
    ]
    assert machine.target() == {
        "enabled": "1",
        "extended": "1",
        "dev_name": "eth0",
        "local_port": "6665",
        "remote_port": "6666",
        "local_ip": "10.0.0.2",
        "remote_ip": "10.0.0.1",
        "local_mac": "00:00:00:00:00:00",
        "remote_mac": ROUTER,
    }
    assert machine.files["/proc/sys/kernel/printk"] == "8"
    assert "kernel.printk = 8\n" in machine.files[SYSCTL_FILE]
    assert machine.said == [
        (
            "<4>omprog-panic: alive host=db-07 boot=b00t kernel=6.1.0-56-cloud-amd64 "
            "version=0.1.0 next=1020"
        )
    ]


@pytest.mark.parametrize("parts", [MIDDLE, NEW], ids=["6.12", "7.2"])
def test_later_kernels_get_what_they_can_carry(parts: tuple[str, ...]) -> None:
    machine = Machine(release="6.12.117-amd64", parts=parts)

    check(machine, f"{ONE}\nuser.rack=r12")

    target = machine.target()
    assert (target["extended"], target["release"]) == ("1", "1")
    assert target["userdata/host/value"] == "db-07"
    assert target["userdata/rack/value"] == "r12"
    if parts == NEW:
        assert target["userdata/msgid_enabled"] == "1"
        assert target["userdata/release_enabled"] == "0", "the header has it already"


def test_a_second_run_does_nothing_and_says_nothing() -> None:
    machine = Machine(parts=NEW)
    text = f"{ONE}\nuser.abc=1\nuser.zone=2"
    check(machine, text)
    before = dict(machine.files)
    machine.said.clear()

    result = check(machine, text)

    assert result == Result((), (), (("10.0.0.1", ROUTER),))
    assert machine.files == before
    assert machine.said == []


DRIFTS = {
    "gateway": "the next hop's MAC is 02:00:00:00:00:99",
    "interface": "the interface is lan0 (was eth0)",
    "switched-off": "the target was switched off",
    "gone": "the target was missing",
    "own-address": "our address is 10.0.0.77 (was 10.0.0.2)",
    "loglevel": "the console log level is 8 (was 4)",
    "by-hand": "extended format on (was off)",
    "monitor": "the monitor's address is 10.0.0.5 (was 10.0.0.1)",
}


def drift(machine: Machine, name: str) -> None:
    if name == "gateway":
        machine.wire["10.0.0.1"] = [OTHER_MAC]
    elif name == "interface":
        machine.links[0]["ifname"] = "lan0"
        machine.routes["10.0.0.1"]["dev"] = "lan0"
    elif name == "switched-off":
        machine.set("enabled", "0")
    elif name == "gone":
        machine.rmdir(f"{CONFIGFS}/omprog-panic-1")
    elif name == "own-address":
        machine.routes["10.0.0.1"]["prefsrc"] = "10.0.0.77"
    elif name == "loglevel":
        machine.files["/proc/sys/kernel/printk"] = "4\t4\t1\t7"
    elif name == "monitor":
        machine.hosts["mon.example"] = ["10.0.0.5"]
        machine.routes["10.0.0.5"] = {**ON_LINK, "dst": "10.0.0.5"}
        machine.wire["10.0.0.5"] = [ROUTER]
    else:
        machine.set("extended", "0")


@pytest.mark.parametrize("name", DRIFTS)
def test_a_drift_is_mended_and_told_over_the_mended_target(name: str) -> None:
    text = "monitor=mon.example"
    machine = Machine(hosts={"mon.example": ["10.0.0.1"]})
    check(machine, text)
    whole = machine.target()
    drift(machine, name)

    result = check(machine, text)

    assert result.problems == ()
    assert [DRIFTS[name] in line for line in repaired(machine)] == [True]
    assert machine.target()["enabled"] == "1"
    assert machine.target().keys() == whole.keys()
    assert still(check(machine, text)), "and it stays"


def test_a_name_server_that_is_down_changes_nothing() -> None:
    machine = Machine(hosts={"mon.example": ["10.0.0.1"]})
    check(machine, "monitor=mon.example")
    machine.hosts.clear()

    assert still(check(machine, "monitor=mon.example"))


def test_of_two_routers_that_answer_the_one_in_use_is_kept() -> None:
    machine = Machine()
    check(machine)
    machine.wire["10.0.0.1"] = [OTHER_MAC, ROUTER]

    assert still(check(machine))


def test_who_does_not_answer_is_looked_up_in_the_neighbour_table() -> None:
    machine = Machine(wire={}, table={"10.0.0.1": (OTHER_MAC, "STALE")})

    assert check(machine).problems == ()
    assert machine.target()["remote_mac"] == OTHER_MAC


def test_a_permanent_entry_is_an_order() -> None:
    machine = Machine(table={"10.0.0.1": (OTHER_MAC, "PERMANENT")})
    check(machine)

    assert machine.target()["remote_mac"] == OTHER_MAC


def test_a_monitor_that_cannot_be_reached_keeps_its_target_and_is_told_once() -> None:
    machine = Machine()
    text = f"{ONE}\nmonitor=192.0.2.9"
    check(machine, text)
    del machine.routes["192.0.2.9"]

    first, second = check(machine, text), check(machine, text)

    assert "there is no route to 192.0.2.9" in first.problems[0]
    assert first == second
    [sent] = [line for line in machine.said if "problem" in line]
    assert sent.startswith("<4>omprog-panic: problem 192.0.2.9: there is no route")
    assert machine.target("omprog-panic-2")["enabled"] == "1"


def test_a_monitor_that_the_settings_drop_loses_its_target() -> None:
    machine = Machine(parts=NEW)
    check(machine, f"{ONE}\nmonitor=192.0.2.9")

    result = check(machine)

    assert result.done == ("omprog-panic-2 removed",)
    assert machine.target("omprog-panic-2") == {}


def test_what_the_kernel_refuses_is_told_in_its_words() -> None:
    machine = Machine(refused={"eth0": "eth0 doesn't support polling, aborting"})

    result = check(machine)

    assert "eth0 doesn't support polling, aborting" in result.problems[0]
    assert machine.target()["enabled"] == "0"


def test_heartbeats_come_once_an_interval() -> None:
    machine = Machine()
    beats = []
    for minute in range(61):
        machine.now = 100.0 + 60 * minute
        machine.said.clear()
        check(machine)
        beats += [minute for line in machine.said if "alive" in line]

    assert beats == [0, 15, 30, 45, 60]


def test_a_log_that_takes_nothing_keeps_nothing_from_being_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = Machine()

    def refuse(level: int, text: str) -> None:
        raise RefusedError(f"/dev/kmsg: {level} {text}")

    monkeypatch.setattr(machine, "write_kmsg", refuse)
    result = check(machine)

    assert "/dev/kmsg" in result.problems[0]
    monkeypatch.undo()
    remove(machine)
    assert machine.files["/proc/sys/kernel/printk"] == "4"


def test_removal_leaves_what_was_found() -> None:
    machine = Machine(parts=NEW)
    before = dict(machine.files)
    check(machine, f"{ONE}\nmonitor=192.0.2.9\nuser.rack=r1")

    result = remove(machine)

    assert result.problems == ()
    assert machine.ran[-3:] == [
        "modprobe -r netconsole",
        "umount /sys/kernel/config",
        "modprobe -r configfs",
    ]
    after = {**machine.files, "/proc/mounts": before["/proc/mounts"]}
    assert after["/proc/sys/kernel/printk"] == "4"
    assert after | {"/proc/sys/kernel/printk": "4\t4\t1\t7\n"} == before


def test_removal_leaves_the_targets_of_others() -> None:
    machine = Machine()
    check(machine)
    machine.mkdir(f"{CONFIGFS}/mine")

    remove(machine)

    assert machine.target("mine") != {}
    assert "modprobe -r netconsole" not in machine.ran


# --- without configfs -------------------------------------------------------------


def test_without_configfs_the_module_is_loaded_with_the_parameter_of_a_file() -> None:
    machine = Machine(dynamic=False)

    result = check(machine)

    assert result.problems == ()
    assert (
        'options netconsole netconsole="+6665@10.0.0.2/eth0,6666@10.0.0.1/'
        f'{ROUTER}"\n' in machine.files[OPTIONS_FILE]
    )
    assert machine.files[LOAD_FILE].endswith("netconsole\n")
    assert machine.ran[-2:] == ["modprobe -r netconsole", "modprobe netconsole"]
    machine.ran.clear()
    assert still(check(machine))
    assert [c for c in machine.ran if "-r" in c] == []


def test_without_configfs_a_new_mac_or_card_loads_the_module_anew() -> None:
    machine = Machine(dynamic=False)
    check(machine)
    for change in ("mac", "card"):
        if change == "mac":
            machine.wire["10.0.0.1"] = [OTHER_MAC]
        else:
            machine.links[0]["ifindex"] = 7
        machine.ran.clear()

        result = check(machine)

        assert machine.ran[-2:] == ["modprobe -r netconsole", "modprobe netconsole"]
        assert OTHER_MAC in result.done[-1]
    assert len(repaired(machine)) == 2


def test_without_configfs_removal_unloads_and_deletes() -> None:
    machine = Machine(dynamic=False)
    check(machine)

    remove(machine)

    assert not {LOAD_FILE, OPTIONS_FILE, SYSCTL_FILE, STATE_FILE} & machine.files.keys()
    assert "modprobe -r netconsole" in machine.ran


# --- panic and watchdog --------------------------------------------------------------

WATCHDOG = "/sys/class/watchdog/watchdog0"


def armed(state: str, identity: str = "i6300ESB timer") -> Machine:
    machine = Machine(release="7.2.13-amd64", parts=NEW)
    machine.files["/proc/sys/kernel/panic"] = "10\n"
    machine.files[f"{WATCHDOG}/state"] = f"{state}\n"
    machine.files[f"{WATCHDOG}/identity"] = f"{identity}\n"
    return machine


@pytest.mark.parametrize(
    ("text", "state", "identity", "panic"),
    [
        (ONE, "active", "i6300ESB timer", "10\n"),
        (f"{ONE}\nhalt_on_panic=yes", "inactive", "i6300ESB timer", "10\n"),
        (f"{ONE}\nhalt_on_panic=yes", "active", "Software Watchdog", "10\n"),
        (f"{ONE}\nhalt_on_panic=yes", "active", "i6300ESB timer", "0"),
    ],
    ids=["not-asked-for", "no-watchdog-runs", "one-that-dies-too", "asked-and-safe"],
)
def test_a_panic_halts_only_when_asked_for_and_a_watchdog_runs(
    text: str, state: str, identity: str, panic: str
) -> None:
    machine = armed(state, identity)

    check(machine, text)

    assert machine.files["/proc/sys/kernel/panic"] == panic


def test_a_watchdog_that_stops_takes_the_halt_with_it() -> None:
    machine = armed("active")
    text = f"{ONE}\nhalt_on_panic=yes"
    check(machine, text)
    machine.files[f"{WATCHDOG}/state"] = "inactive\n"

    check(machine, text)

    assert machine.files["/proc/sys/kernel/panic"] == "10"
    assert "kernel.panic is 10 again" in repaired(machine)[0]

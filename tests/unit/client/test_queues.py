"""A virtual card takes all that a panic says at once, and gets its limit back."""

from __future__ import annotations

from omprog_panic_client.queues import MIN_LIMIT
from omprog_panic_client.reconcile import Reconciler, remove
from omprog_panic_client.settings import parse_settings
from tests.unit.client.machine import ETH0, MIDDLE, NEW, Machine

SETTINGS = parse_settings("monitor=10.0.0.1\nconsole_loglevel=keep")
LIMIT = "/sys/class/net/eth0/queues/tx-{}/byte_queue_limits/limit_min"


def machine(release: str = "6.12.1", driver: str = "virtio_net") -> Machine:
    made = Machine(
        release=release,
        parts=NEW if release.startswith("7") else MIDDLE,
        files={LIMIT.format(n): "0\n" for n in (0, 1)},
        symlinks={"/sys/class/net/eth0/device/driver": driver},
    )
    made.folders.add("/sys/class/net/eth0/queues/rx-0")
    return made


def test_the_limit_of_every_queue_is_lifted_and_put_back() -> None:
    host = machine()

    done = Reconciler(host, SETTINGS).reconcile().done

    assert [host.files[LIMIT.format(n)] for n in (0, 1)] == [str(MIN_LIMIT)] * 2
    assert any("eth0 may have" in words for words in done)
    assert Reconciler(host, SETTINGS).reconcile().done == (), "once"
    remove(host)
    assert [host.files[LIMIT.format(n)] for n in (0, 1)] == ["0"] * 2


def test_what_another_lowers_is_lifted_again_and_the_first_value_kept() -> None:
    host = machine()
    Reconciler(host, SETTINGS).reconcile()
    host.files[LIMIT.format(1)] = "3000\n"

    assert Reconciler(host, SETTINGS).reconcile().done != ()

    remove(host)
    assert host.files[LIMIT.format(1)] == "0"


def test_kernels_and_cards_without_that_limit_are_left_alone() -> None:
    for host in (machine("6.1.0"), machine(driver="igb")):
        Reconciler(host, SETTINGS).reconcile()
        assert host.files[LIMIT.format(0)] == "0\n"


def test_the_card_below_a_vlan_is_found() -> None:
    host = machine("7.2.13")
    vlan = {
        **ETH0,
        "ifindex": 3,
        "ifname": "eth0.5",
        "link": "eth0",
        "linkinfo": {"info_kind": "vlan"},
    }
    host.links.append(vlan)
    host.routes["10.0.0.1"]["dev"] = "eth0.5"

    Reconciler(host, SETTINGS).reconcile()

    assert host.files[LIMIT.format(0)] == str(MIN_LIMIT)


def test_a_card_that_is_gone_is_no_fault() -> None:
    host = machine()
    Reconciler(host, SETTINGS).reconcile()
    for n in (0, 1):
        del host.files[LIMIT.format(n)]

    assert remove(host).problems == ()

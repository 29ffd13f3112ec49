"""Real crashes: what the client announced, promised and warned of is what happens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.pipeline import Pipeline
from omprog_panic.spool.record import AliveRecord, IncidentRecord, SpoolRecord
from tests.guests.host import MONITOR, Host, start
from tests.guests.kernel import Kernel

pytestmark = pytest.mark.guest
AT = "2026-11-23T00:00:00.000000+00:00"


def published(host: Host) -> list[SpoolRecord]:
    """Return what the monitor's collector publishes of all that has arrived."""
    pipeline = Pipeline(allowed=AllowedNetworks(["10.0.0.0/8"]))
    now = 1.0
    for datagram in host.wire.datagrams:
        now += 0.001
        line = {"ip": datagram.source, "at": AT, "raw": datagram.text}
        pipeline.feed(json.dumps(line).encode(), now)
    for _ in range(200):
        now += 1.0
        pipeline.tick(now)
    return pipeline.take()


def test_a_drill_is_announced_and_its_trace_arrives_whole(
    kernel: Kernel, place: Path
) -> None:
    with start(kernel, place, append="panic=0") as host:
        host.configure()
        assert host.client("crash-test", check=False).startswith("everything is ready")

        host.guest.start("omprog-panic-client crash-test --yes-really")
        host.guest.wait_console("end Kernel panic - not syncing", timeout_s=120)
        host.wire.wait_text("---[ end Kernel panic - not syncing", timeout_s=60)

        records = published(host)
        said = [r.says for r in records if isinstance(r, AliveRecord)]
        assert "drill" in said
        [incident] = [r for r in records if isinstance(r, IncidentRecord)]
        assert incident.host == "guest"
        assert incident.losses.total == 0
        texts = [record.text for record in incident.records]
        assert any("Call Trace" in text for text in texts)


def test_a_kernel_that_reboots_before_it_sends_is_reported(
    kernel: Kernel, place: Path
) -> None:
    """From 7.0 on a panic with kernel.panic not 0 is not heard; it is up to 6.x."""
    with start(kernel, place, append="panic=5") as host:
        output = host.configure()
        silent = kernel.name.startswith("7.")
        assert ("before netconsole has sent anything" in output) is silent
        if silent:
            refusal = host.client("crash-test --yes-really", check=False)
            assert "not crashed: the crash would not be received" in refusal

        host.guest.start("omprog-panic-client crash-test --yes-really --even-so")
        host.guest.wait_console("Rebooting in 5 seconds", timeout_s=120)

        heard = any("Kernel panic" in text for text in host.wire.texts())
        assert heard is not silent
        assert any("drill" in text for text in host.wire.texts())


def test_a_panic_halts_while_a_watchdog_runs(kernel: Kernel, place: Path) -> None:
    """halt_on_panic with the hypervisor's watchdog: everything arrives, it resets."""
    if not kernel.name.startswith("7."):
        pytest.skip("older kernels send before they reboot")
    device = ["-device", "i6300esb", "-action", "watchdog=poweroff"]
    with start(kernel, place, append="panic=5", devices=device) as host:
        host.guest.run("modprobe i6300esb heartbeat=20")
        output = host.configure("monitor=10.0.0.1\nhalt_on_panic=yes")
        assert "RuntimeWatchdogSec" in output, "it is there, but nobody starts it"
        # What systemd's RuntimeWatchdogSec= does.
        host.guest.run("(while sleep 2; do echo; done) > /dev/watchdog0 &")
        host.guest.run("sleep 1")
        assert "kernel.panic is 0" in host.client("check")

        host.guest.start("omprog-panic-client crash-test --yes-really")

        host.wire.wait_text("---[ end Kernel panic - not syncing", timeout_s=120)
        assert host.guest.ended(timeout_s=180), "the watchdog did not reset it"


def test_the_blocked_tasks_of_the_seed_scenario_arrive(
    kernel: Kernel, place: Path
) -> None:
    with start(kernel, place, append="quiet") as host:
        host.configure()
        host.client("verify --blocked-tasks")

        host.wire.wait_text("Show Blocked State")


def test_later_kernels_add_the_keys_to_each_record(kernel: Kernel, place: Path) -> None:
    if kernel.name == "6.1":
        pytest.skip("no user keys before 6.9")
    with start(kernel, place) as host:
        host.configure(f"monitor={MONITOR}\nuser.rack=r12")

        host.guest.run("echo something of this kernel > /dev/kmsg")

        heard = host.wire.wait_text("something of this kernel")
        first, *keys = heard.text.splitlines()
        assert first.partition(",")[0] == kernel.release
        newer = kernel.name.startswith("7.")
        sysdata = {"cpu", "taskname", "msgid"} if newer else set()
        added = dict(key.strip().split("=", 1) for key in keys)
        assert (added.pop("host"), added.pop("rack")) == ("guest", "r12")
        assert set(added) == sysdata
        # The monitor takes them for what they are.
        hosts = [r.host for r in published(host) if isinstance(r, AliveRecord)]
        assert set(hosts) == {"guest"}

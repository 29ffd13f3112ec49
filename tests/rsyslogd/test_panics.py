"""Recorded panics through a real rsyslogd: what the collector makes of them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from omprog_panic.model import EndReason
from tests.chain.monitor import SENTINEL
from tests.chain.replay import FIVE, compressed, load_capture
from tests.rsyslogd.expected import assert_whole, kernel_texts, onset_of

if TYPE_CHECKING:
    from tests.rsyslogd.conftest import MakeMonitor

pytestmark = pytest.mark.rsyslogd

QUICK = ("--silence", "0.6", "--settle", "0.3")
ENDS = {
    "sysrq-crash-basic-halts": EndReason.TERMINATOR,
    "sysrq-crash-basic-reboots": EndReason.REBOOTING,
    "sysrq-crash-extended-reboots": EndReason.REBOOTING,
    "init-killed-basic-reboots": EndReason.REBOOTING,
    "oom-panic-extended-reboots": EndReason.REBOOTING,
}


@pytest.mark.parametrize("name", FIVE)
def test_a_recorded_panic_is_one_incident_with_every_record(
    monitor: MakeMonitor,
    name: str,
) -> None:
    datagrams = load_capture(name)
    run = monitor(*QUICK)
    with run.sender("127.0.0.2") as host:
        host.replay(compressed(datagrams, max_gap_s=0.05))

    (incident,) = run.settle()
    assert_whole(incident, datagrams)
    assert incident.source == "127.0.0.2"
    assert incident.end is ENDS[name]
    assert incident.kernel == "6.1.0-56-cloud-amd64"


@pytest.mark.parametrize(
    "name",
    ["sysrq-crash-basic-reboots", "sysrq-crash-extended-reboots"],
)
def test_show_blocked_state_is_no_incident(monitor: MakeMonitor, name: str) -> None:
    datagrams = load_capture(name)
    before = datagrams[: onset_of(kernel_texts(datagrams)) - 1]
    assert kernel_texts(before)[-1] == "sysrq: Show Blocked State"
    run = monitor(*QUICK)
    with run.sender("127.0.0.2") as host:
        host.replay(compressed(before, max_gap_s=0.05))

    assert run.settle() == []


@pytest.mark.parametrize("name", FIVE)
def test_without_its_terminator_a_trace_ends_by_silence(
    monitor: MakeMonitor,
    name: str,
) -> None:
    datagrams = load_capture(name)[:-1]
    run = monitor(*QUICK)
    with run.sender("127.0.0.2") as host:
        host.replay(compressed(datagrams, max_gap_s=0.05))

    (incident,) = run.settle()
    assert_whole(incident, datagrams)
    assert incident.end is EndReason.SILENCE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sysrq-crash-basic-halts", "oom-panic-extended-reboots"),
        ("init-killed-basic-reboots", "sysrq-crash-basic-reboots"),
    ],
)
def test_two_hosts_that_panic_at_once_are_two_clean_incidents(
    monitor: MakeMonitor,
    one: str,
    other: str,
) -> None:
    sent = {"127.0.0.2": load_capture(one), "127.0.0.3": load_capture(other)}
    run = monitor(*QUICK)
    with run.sender("127.0.0.2") as first, run.sender("127.0.0.3") as second:
        for mine, theirs in itertools.zip_longest(*sent.values()):
            if mine:
                first.send(mine.payload)
            if theirs:
                second.send(theirs.payload)

    incidents = {incident.source: incident for incident in run.settle()}
    assert set(incidents) == set(sent)
    assert incidents["127.0.0.2"].end is ENDS[one]
    assert incidents["127.0.0.3"].end is ENDS[other]
    for source, datagrams in sent.items():
        assert_whole(incidents[source], datagrams)


def test_split_lines_of_an_old_kernel_are_put_together(monitor: MakeMonitor) -> None:
    run = monitor(*QUICK, senders=("127.0.0.2",))
    with run.sender("127.0.0.2") as host:
        host.send(
            b"[  287.160555] sysrq: SysRq : ",
            b"Show Blocked State\n",
            b"[  545.309199] RIP ",
            b" [<ffffffff81517d26>] sysrq_handle_crash+0x16/0x20\n",
            b"[  545.309257]  RSP <ffff88003c777e48>\n",
            b"[  545.309298] CR2: 0000000000000000\n",
            b"[  545.309384] ---[ end trace 3cf5f65ed1a64f3b ]---\n",
            b"[  545.310812] Kernel panic - not syncing: Fatal exception\n",
            b"[  545.312336] Kernel Offset: disabled\n",
            b"[  545.313633] ---[ end Kernel panic - not syncing: Fatal exception\n",
        )

    (incident,) = run.settle()
    assert [record.text for record in incident.records] == [
        "sysrq: SysRq : Show Blocked State",
        "RIP  [<ffffffff81517d26>] sysrq_handle_crash+0x16/0x20",
        " RSP <ffff88003c777e48>",
        "CR2: 0000000000000000",
        "---[ end trace 3cf5f65ed1a64f3b ]---",
        "Kernel panic - not syncing: Fatal exception",
        "Kernel Offset: disabled",
        "---[ end Kernel panic - not syncing: Fatal exception",
    ]
    assert incident.end is EndReason.TERMINATOR


def test_no_word_of_kernel_text_is_taken_for_a_host_name(monitor: MakeMonitor) -> None:
    run = monitor(*QUICK, senders=("127.0.0.2",))
    with run.sender("127.0.0.2") as host:
        for text in (b"Show Blocked State\n", b"RIP: 0010:fn+0x1/0x2\n"):
            host.send(text, b"<6>host app: text\n")
        host.send(b"Kernel panic - not syncing: boom\n")

    (incident,) = run.settle()
    said = [record for record in run.records() if hasattr(record, "source")]
    assert {record.source for record in said} == {"127.0.0.2", SENTINEL}
    assert {record.host for record in said if hasattr(record, "host")} == {None}
    assert incident.onset.text == "Kernel panic - not syncing: boom"
    logs = [path.name for path in run.rsyslogd.log.iterdir() if path.is_dir()]
    assert logs == ["127.0.0.2"]

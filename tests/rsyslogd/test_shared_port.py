"""The filter for a host that already receives on 514: what it takes and leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chain.replay import load_capture
from tests.chain.rsyslogd import Host, free_udp_port
from tests.chain.wait import wait_until

if TYPE_CHECKING:
    from tests.rsyslogd.conftest import MakeRecording, Recording

pytestmark = pytest.mark.rsyslogd

LISTED, STRANGER = "127.0.0.2", "127.0.0.3"
INPUT = """\
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="{}" rcvbufSize="8m")
"""

KERNEL = [
    b"[  545.309199] RIP ",
    b"[    8.404651][    T1] Kernel panic - not syncing: sysrq triggered crash\n",
    b"[    T1] Kernel panic - not syncing: sysrq triggered crash\n",
    b"[12345678.404651] ---[ end trace 3cf5f65ed1a64f3b ]---\n",
    b" [<ffffffff81517d26>] sysrq_handle_crash+0x16/0x20\n",
    b"Kernel panic - not syncing: Fatal exception\n",
    b" <TASK>\n",
    b"RIP: 0010:sysrq_handle_crash+0x16/0x20\n",
    b"Mark scan: May be anything\n",
    b"** 123 printk messages dropped **\n",
    b"\n",
    b"48 ",
    b"<48> ",
    b"<c6> ",
    b"<13> \n",
    b" ffff88001e17d180",
    b"6,1084,4242424,-;usb 1-1: new device\n SUBSYSTEM=usb\n DEVICE=c189:1\n",
    b"6.1.0-56-amd64,6,1084,4242424,-;text\n",
    b"4,490,12476276,+;48 \n",
    b"<4>[   10.462321] Call Trace:\n",
    b"<12>[    9.438622] hello from user space\n",
    b"<0>[    8.404651][    C0] Kernel panic - not syncing: boom\n",
    b"<4>[    T1] text\n",
    b"<0>Kernel panic - not syncing: boom\n",
    b"<4> </TASK>\n",
]

ORDINARY = [
    b"<13>Mar 26 02:50:57 panic.host.name app[12]: text",
    b"<13>Mar  6 02:50:57 panic.host.name app: [   10.462321] quoted kernel text",
    b"<4>Mar 26 02:50:57 panic.host.name kernel: [  545.309199] RIP ",
    b"<6>kernel: [  545.309199] usb 1-1: new device",
    b"<34>1 2003-10-11T22:14:15.003Z panic.host.name su - ID47 - text",
    b"<4>1 2003-10-11T22:14:15.003Z panic.host.name kernel - - - text",
    b"<4>1 - - - - - text",
    b"<30>2026-03-26T02:50:57.123456+00:00 panic.host.name app: text",
    b"<3>2026-03-26T02:50:57.123456+00:00 panic.host.name kernel: text",
    b"<13>app: text without a time",
    b"<8>app: text without a time",
    b"<189>29: *Mar  1 18:46:11.123: %SYS-5-CONFIG_I: text of a switch",
    b"Mar 26 02:50:57 panic.host.name app: text without a priority",
    b"2026-03-26 02:50:57 text without a priority",
]


@pytest.fixture
def shared(recording: MakeRecording) -> tuple[Recording, int]:
    port = free_udp_port()
    host = Host(INPUT.format(port), shares_514=True)
    run = recording(host, senders=(LISTED,), load_imudp=False)
    run.rsyslogd.start()
    return run, port


def wait_for_marker(run: Recording, port: int) -> None:
    """Send what the host itself keeps: all that came before it has been decided."""
    with run.sender(STRANGER, port) as host:
        host.send(b"<13>Mar 26 02:50:57 web app: the marker")
    wait_until(
        lambda: any("the marker" in line for line in run.rsyslogd.host_lines()),
        "the marker in the host's log",
    )


def as_rawmsg(payload: bytes) -> str:
    text = payload.removesuffix(b"\n").decode()
    return text.replace("\n", "#012").replace("\t", "#011")


def test_what_netconsole_sends_is_handed_over_and_leaves_the_hosts_log_alone(
    shared: tuple[Recording, int],
) -> None:
    run, port = shared
    with run.sender(LISTED, port) as host:
        host.send(*KERNEL)
    wait_until(lambda: len(run.heard()) >= len(KERNEL), "every kernel record")
    wait_for_marker(run, port)

    assert run.texts() == [as_rawmsg(payload) for payload in KERNEL]
    assert len(run.rsyslogd.host_lines()) == 1


def test_the_same_senders_ordinary_syslog_stays_where_it_was(
    shared: tuple[Recording, int],
) -> None:
    run, port = shared
    with run.sender(LISTED, port) as host:
        host.send(*ORDINARY)
        host.send(b"[    1.000000] the last one\n")
    wait_until(run.heard, "the kernel record")
    wait_for_marker(run, port)

    assert run.texts() == ["[    1.000000] the last one"]
    assert len(run.rsyslogd.host_lines()) == len(ORDINARY) + 1


def test_nothing_of_a_sender_that_is_not_listed_is_taken(
    shared: tuple[Recording, int],
) -> None:
    run, port = shared
    with run.sender(STRANGER, port) as stranger, run.sender(LISTED, port) as host:
        stranger.send(*KERNEL)
        host.send(b"[    1.000000] the last one\n")
    wait_until(run.heard, "the listed sender's record")
    wait_for_marker(run, port)

    assert run.texts() == ["[    1.000000] the last one"]
    # An empty line has no place in the host's log, but is not ours either.
    assert len(run.rsyslogd.host_lines()) >= len(KERNEL)


@pytest.mark.parametrize(
    "capture",
    [
        "sysrq-crash-basic-halts",
        "oom-panic-extended-reboots",
        "p0.4.4",
        "ext.4.4",
        "f_console_msg_format_syslog.6.12",
        "f_t0sys.6.12",
    ],
)
def test_a_recorded_panic_is_handed_over_whole(
    shared: tuple[Recording, int],
    capture: str,
) -> None:
    run, port = shared
    sent = [datagram.payload for datagram in load_capture(capture)]
    with run.sender(LISTED, port) as host:
        host.send(*sent)
    wait_for_marker(run, port)
    left = run.rsyslogd.host_lines()
    wait_until(lambda: len(run.heard()) >= len(sent) + 1 - len(left), "every record")

    # What cannot be told apart: see the end of the comment in omprog-panic-514.conf.
    untold = [p for p in sent if capture == "f_t0sys.6.12" and p.startswith(b"<12>")]
    assert len(left) == len(untold) + 1
    assert run.texts() == [as_rawmsg(p) for p in sent if p not in untold]


def test_a_panic_between_ordinary_messages_of_the_same_host(
    shared: tuple[Recording, int],
) -> None:
    run, port = shared
    sent = [datagram.payload for datagram in load_capture("p0.4.4")]
    with run.sender(LISTED, port) as host:
        for number, payload in enumerate(sent):
            host.send(payload, ORDINARY[number % len(ORDINARY)])
    wait_for_marker(run, port)
    wait_until(lambda: len(run.heard()) >= len(sent), "every record")

    assert run.texts() == [as_rawmsg(payload) for payload in sent]
    assert len(run.rsyslogd.host_lines()) == len(sent) + 1

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import os
import re
import socket
import stat
import subprocess
from pathlib import Path
from signal import SIGHUP, SIGTERM
from typing import TYPE_CHECKING

import pytest

from omprog_panic.collector.envelope import parse_envelope
from omprog_panic.rsyslog import dropin
from omprog_panic.rsyslog.dropin import Values
from tests.chain.replay import load_capture
from tests.chain.rsyslogd import ROOT, Host, free_udp_port, install
from tests.chain.wait import wait_until

if TYPE_CHECKING:
    from tests.rsyslogd.conftest import MakeRecording

pytestmark = pytest.mark.rsyslogd

LIBEXEC = ROOT / "libexec" / "collector"
STRICT = 'global(abortOnUncleanConfig="on")\n'
OWN_INPUT = 'module(load="imudp")\ninput(type="imudp" address="127.0.0.1" port="{}")\n'


@pytest.mark.parametrize(
    ("main", "drop_in"),
    [
        pytest.param("", "", id="alone"),
        pytest.param(OWN_INPUT, "", id="imudp-in-rsyslog.conf"),
        pytest.param("", OWN_INPUT, id="imudp-in-another-drop-in"),
        pytest.param('module(load="imudp" threads="2")\n', "", id="with-threads"),
        pytest.param(f"{STRICT}{OWN_INPUT}", "", id="strict"),
        pytest.param(STRICT, OWN_INPUT, id="strict-and-drop-in"),
        pytest.param("$ModLoad imudp\n$UDPServerRun {}\n", "", id="legacy-directives"),
    ],
)
@pytest.mark.parametrize("shares_514", [False, True], ids=["own-port", "with-filter"])
def test_rsyslogd_takes_the_rules_without_a_word(
    recording: MakeRecording,
    main: str,
    drop_in: str,
    *,
    shares_514: bool,
) -> None:
    port = free_udp_port()
    host = Host(main.format(port), drop_in.format(port), shares_514=shares_514)

    loads = "imudp" not in main + drop_in
    answer = recording(host, load_imudp=loads).rsyslogd.check()

    assert (answer.returncode, answer.stderr.count("rsyslogd:")) == (0, 2), (
        answer.stderr
    )


def test_where_imudp_is_loaded_after_all_drop_ins_the_rules_can_be_made_silent(
    recording: MakeRecording,
) -> None:
    port = free_udp_port()
    run = recording(Host(STRICT, after=OWN_INPUT.format(port)), load_imudp=False)
    run.rsyslogd.write_values(Values(load_imudp=False, listen=False))

    answer = run.rsyslogd.check()

    assert (answer.returncode, answer.stderr.count("rsyslogd:")) == (0, 2), (
        answer.stderr
    )


def test_a_second_load_of_imudp_would_be_seen_by_this_suite(
    recording: MakeRecording,
) -> None:
    answer = recording(Host('module(load="imudp")\n')).rsyslogd.check()

    assert answer.returncode == 1
    assert "already in this config" in answer.stderr


def test_a_strict_host_that_loads_imudp_itself_starts_and_hands_over(
    recording: MakeRecording,
) -> None:
    own = free_udp_port()
    run = recording(Host(STRICT + OWN_INPUT.format(own)), load_imudp=False)
    run.rsyslogd.start()

    with run.sender("127.0.0.2") as host:
        host.send(b"[    8.404286] sysrq: Trigger a crash\n")
        wait_until(run.heard, "a line")

    assert run.texts() == ["[    8.404286] sysrq: Trigger a crash"]


def link_local_address() -> tuple[str, str] | None:
    """Return a link-local address of this machine, and its interface."""
    table = Path("/proc/net/if_inet6")
    for row in table.read_text().splitlines() if table.exists() else ():
        digits, _, _, scope, _, interface = row.split()
        if scope == "20":
            return str(ipaddress.IPv6Address(bytes.fromhex(digits))), interface
    return None


def test_a_link_local_sender_is_listed_whatever_its_interface(
    recording: MakeRecording,
) -> None:
    found = link_local_address()
    if found is None:
        pytest.skip("no interface has a link-local address")
    address, interface = found
    run = recording()
    port = run.rsyslogd.port
    run.rsyslogd.write_values(Values("*", port, senders=(f"{address}%other",)))
    run.rsyslogd.start()

    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as host:
        host.sendto(b"[    8.404286] sysrq", (f"{address}%{interface}", port))
        wait_until(run.heard, "a line")
    (line,) = run.heard()
    assert line["ip"] == f"{address}%{interface}"
    assert parse_envelope(json.dumps(line).encode()).ip == address
    folder = run.rsyslogd.log / f"{address}%{interface}"
    wait_until(folder.exists, "the log of the sender")


def test_a_line_says_who_sent_what_and_when(recording: MakeRecording) -> None:
    run = recording()
    run.rsyslogd.start()

    with run.sender("127.0.0.3") as host:
        host.send(rb'12,374,11270260,-;say "\u0012" #012 \n' + b"\n KEY=\tv\n")
        wait_until(run.heard, "a line")

    (line,) = run.heard()
    assert set(line) == {"ip", "at", "raw"}
    assert line["ip"] == "127.0.0.3"
    assert re.fullmatch(r"[-0-9]{10}T[:0-9]{8}\.[0-9]{6}[+-][:0-9]{5}", line["at"])
    assert line["raw"] == r'12,374,11270260,-;say "\u0012" #012 \n#012 KEY=#011v'


def test_a_whole_boot_log_comes_through_in_order(recording: MakeRecording) -> None:
    datagrams = load_capture("sysrq-crash-basic-halts")
    run = recording()
    run.rsyslogd.start()

    with run.sender("127.0.0.2") as host:
        host.send(*(datagram.payload for datagram in datagrams))
    wait_until(lambda: len(run.texts()) >= len(datagrams), "every line")

    sent = [datagram.payload.decode().removesuffix("\n") for datagram in datagrams]
    assert run.texts() == [text.replace("\t", "#011") for text in sent]


def test_nothing_of_it_reaches_the_rules_of_the_host(recording: MakeRecording) -> None:
    own = free_udp_port()
    host = Host(OWN_INPUT.format(own))
    run = recording(host, senders=("127.0.0.2",), load_imudp=False)
    run.rsyslogd.start()

    with run.sender("127.0.0.2") as listed, run.sender("127.0.0.3") as stranger:
        listed.send(b"[    1.000000] from a listed sender\n")
        stranger.send(b"[    1.000000] from a stranger\n")
    wait_until(lambda: len(run.heard()) == 2, "both lines")
    with run.sender("127.0.0.2", own) as other:
        other.send(b"<13>Mar 26 02:50:57 web app: to the host's own input")
    wait_until(run.rsyslogd.host_lines, "the host's own message")

    (line,) = run.rsyslogd.host_lines()
    assert line.endswith("app: to the host's own input")


def test_a_stuck_program_does_not_hold_up_another_input_of_the_host(
    recording: MakeRecording,
) -> None:
    own = free_udp_port()
    run = recording(Host(OWN_INPUT.format(own)), load_imudp=False)
    # Queues that are full after a few hundred messages instead of 50,000.
    small = run.rsyslogd.folder / "share" / "rsyslog.conf"
    text = small.read_text().replace('queue.size="50000"', 'queue.size="100"')
    small.write_text(text.replace('maxDiskSpace="200m"', 'maxDiskSpace="20k"'))
    run.hold()
    run.rsyslogd.start()

    with run.sender("127.0.0.2") as kernel, run.sender("127.0.0.9", own) as other:
        kernel.send(b"[    0.000000] the line that it is stuck at\n")
        wait_until(run.heard, "the first line")
        kernel.send(*(b"[    1.%06d] text\n" % number for number in range(3000)))
        other.send(b"<13>Mar 26 02:50:57 web app: the marker")
        wait_until(
            lambda: "the marker" in "".join(run.rsyslogd.host_lines()),
            "the other input's message in the host's log",
        )

    assert len(run.heard()) == 1


def test_each_listed_sender_has_a_log_for_the_day(recording: MakeRecording) -> None:
    run = recording(senders=("127.0.0.2", "127.0.0.4"))
    run.rsyslogd.start()

    with run.sender("127.0.0.2") as one, run.sender("127.0.0.3") as stranger:
        one.send(b"[    1.000000] first\n", b"[    1.000000] sec\tond\n")
        stranger.send(b"[    1.000000] not listed\n")
    wait_until(lambda: len(run.heard()) == 3, "all lines")
    run.rsyslogd.stop()

    (day,) = {line["at"][:10] for line in run.heard()}
    folders = [path for path in run.rsyslogd.log.iterdir() if path.is_dir()]
    assert [path.name for path in folders] == ["127.0.0.2"]
    (file,) = folders[0].iterdir()
    assert file.name == f"{day}.log"
    lines = [line.split(" ", 1) for line in file.read_text().splitlines()]
    assert [text for _, text in lines] == [
        "[    1.000000] first",
        "[    1.000000] sec#011ond",
    ]
    assert all(dt.datetime.fromisoformat(when) for when, _ in lines)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert stat.S_IMODE(folders[0].stat().st_mode) == 0o750


def test_a_log_that_cannot_be_written_holds_nothing_up(
    recording: MakeRecording,
) -> None:
    run = recording(senders=("127.0.0.2",))
    (run.rsyslogd.log / "127.0.0.2").write_text("a file where the folder should be")
    run.rsyslogd.start()

    with run.sender("127.0.0.2") as host:
        host.send(*(b"[    1.%06d] text\n" % number for number in range(500)))
        wait_until(lambda: len(run.heard()) == 500, "every line")

    assert run.texts()[-1] == "[    1.000499] text"


def test_a_sender_listed_later_needs_a_hup_and_no_restart(
    recording: MakeRecording,
) -> None:
    run = recording()
    run.rsyslogd.start()
    run.rsyslogd.write_values(Values(port=run.rsyslogd.port, senders=("127.0.0.2",)))
    run.rsyslogd.signal(SIGHUP)

    folder = run.rsyslogd.log / "127.0.0.2"
    with run.sender("127.0.0.2") as host:

        def logged() -> bool:
            host.send(b"[    1.000000] again\n")
            return folder.exists()

        wait_until(logged, "a log of the sender")
    wait_until(run.heard, "the program, with its way to note a HUP")
    # A child that dies of it in its first millisecond takes rsyslogd with it.
    assert not run.got_hup()
    (program,) = run.rsyslogd.collectors()
    os.kill(program, SIGHUP)
    wait_until(run.got_hup, "a HUP of ours, which the recorder does note")


def test_a_hup_opens_the_log_of_the_program_anew(recording: MakeRecording) -> None:
    run = recording()
    run.rsyslogd.start()
    with run.sender("127.0.0.2") as host:
        host.send(b"[    1.000000] text")
    wait_until(run.heard, "the program, with its way to note a HUP")

    def said() -> bool:
        (program,) = run.rsyslogd.collectors()
        os.kill(program, SIGHUP)
        return "a HUP" in run.rsyslogd.collector_lines()

    wait_until(said, "what the program says")
    log = run.rsyslogd.log / "collector.log"
    log.rename(log.with_suffix(".log.1"))
    run.rsyslogd.signal(SIGHUP)
    wait_until(said, "what the program says in a new file")


def test_what_systemd_sends_to_all_does_not_end_a_program_that_is_starting(
    tmp_path: Path,
) -> None:
    starting = tmp_path / "starting"
    starting.write_text("#!/bin/sh\nexec grep SigIgn /proc/self/status\n")
    starting.chmod(0o755)
    install(LIBEXEC, tmp_path / "collector", {dropin.PROGRAM: str(starting)})

    run = subprocess.run(
        ["sh", tmp_path / "collector"], capture_output=True, text=True, check=True
    )

    said, ignored = run.stdout.splitlines()
    assert said == "OK"
    for number in (SIGTERM, SIGHUP):
        assert int(ignored.split()[1], 16) & 1 << (number - 1), number


def test_a_restart_with_a_stuck_program_costs_at_most_the_message_in_hand(
    recording: MakeRecording,
) -> None:
    run = recording()
    run.hold()
    run.rsyslogd.start()
    with run.sender("127.0.0.2") as host:
        host.send(*(b"[    1.%06d] text\n" % number for number in range(300)))
    wait_until(run.heard, "the first line")

    run.rsyslogd.stop()
    run.release()
    run.rsyslogd.start()
    with run.sender("127.0.0.2") as host:
        host.send(b"[    2.000000] the next panic\n")
    sent = {f"[    1.{number:06d}] text" for number in range(300)}
    wait_until(lambda: len(sent - set(run.texts())) <= 1, "the lines from the disk")

    wait_until(lambda: "[    2.000000] the next panic" in run.texts(), "the last line")


@pytest.mark.parametrize("how", ["missing", "not-to-be-run", "exits-at-once"])
def test_a_program_that_cannot_start_takes_neither_rsyslogd_nor_a_message_with_it(
    recording: MakeRecording,
    how: str,
) -> None:
    own = free_udp_port()
    run = recording(Host(OWN_INPUT.format(own)), load_imudp=False)
    good = run.program.read_text()
    run.program.unlink()
    if how != "missing":
        run.program.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
        run.program.chmod(0o755 if how == "exits-at-once" else 0o644)
    run.rsyslogd.start()

    sent = [f"[    1.{number:06d}] text" for number in range(100)]
    with run.sender("127.0.0.2") as host, run.sender("127.0.0.9", own) as other:
        host.send(*(text.encode() for text in sent))
        wait_until(
            lambda: len(run.rsyslogd.collector_lines()) > 1,
            "the second time that the program failed",
        )
        other.send(b"<13>Mar 26 02:50:57 web app: the marker")
        wait_until(
            lambda: "the marker" in "".join(run.rsyslogd.host_lines()),
            "the host's own logging",
        )
    run.rsyslogd.stop()
    run.program.write_text(good)
    run.program.chmod(0o755)
    run.rsyslogd.start()
    with run.sender("127.0.0.2") as host:
        host.send(b"[    2.000000] text")
    # The message in hand is lost when rsyslogd stops in a retry (rsyslog #5364).
    wait_until(lambda: len(run.texts()) >= len(sent), "every line but one")

    assert len(set(sent) - set(run.texts())) <= 1

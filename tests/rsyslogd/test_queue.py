"""A disk queue that a killed rsyslogd leaves behind: nothing in it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.host.local import LocalMachine
from omprog_panic.rsyslog.host_config import read_statements
from omprog_panic.rsyslog.queue import read_queue, salvage
from tests.chain.wait import wait_until

if TYPE_CHECKING:
    from tests.rsyslogd.conftest import MakeRecording

SENT = [f"[    1.{number:06d}] line {number}" for number in range(1500)]


def test_the_queue_of_a_killed_rsyslogd_is_replayed(recording: MakeRecording) -> None:
    run = recording()
    rules = run.rsyslogd.folder / "share" / "rsyslog.conf"
    small = rules.read_text().replace('queue.size="50000"', 'queue.size="200"')
    # The ruleset's own queue, which is in memory only, stays large.
    rules.write_text(small.replace('queue.size="200"', 'queue.size="50000"', 1))
    run.hold()
    run.rsyslogd.start()
    with run.sender("127.0.0.2") as kernel:
        kernel.send(*(f"{text}\n".encode() for text in SENT))
    machine, work = LocalMachine(), str(run.rsyslogd.work)
    wait_until(lambda: read_queue(machine, work).files, "a queue on the disk")
    run.rsyslogd.wait_until_all_is_read()
    run.release()
    run.rsyslogd.kill()
    before = len(run.heard())

    aside = str(run.rsyslogd.folder / "aside")
    statements = read_statements(machine, str(run.rsyslogd.config))
    found = salvage(machine, statements, aside)

    assert found is not None
    assert "no index" in found.fault
    assert found.error == ""
    assert 0 < found.messages == found.replayed
    assert read_queue(machine, work).files == ()
    heard = run.heard()
    assert len(heard) == before + found.replayed
    replayed = [line["raw"] for line in heard[before:]]
    start = SENT.index(replayed[0])
    assert replayed == SENT[start : start + len(replayed)]
    assert {line["ip"] for line in heard} == {"127.0.0.2"}
    assert len({line["at"] for line in heard[before:]}) > 1

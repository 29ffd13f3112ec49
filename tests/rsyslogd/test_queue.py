"""A disk queue that a killed rsyslogd leaves behind: nothing in it is lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.host.local import LocalMachine
from omprog_panic.rsyslog.host_config import read_statements
from omprog_panic.rsyslog.queue import messages, read_queue, salvage
from tests.chain.wait import wait_until

if TYPE_CHECKING:
    from tests.rsyslogd.conftest import MakeRecording

SENT = [f"[    1.{number:06d}] line {number}" for number in range(1500)]


def messages_on_disk(work: str) -> int:
    names = read_queue(LocalMachine(), work).files
    texts = (Path(work, name).read_text("utf-8", "replace") for name in names)
    return sum(len(list(messages(text))) for text in texts)


def test_the_queue_of_a_killed_rsyslogd_is_replayed(recording: MakeRecording) -> None:
    run = recording()
    rules = run.rsyslogd.folder / "share" / "rsyslog.conf"
    small = rules.read_text().replace('queue.size="50000"', 'queue.size="200"')
    # The ruleset's own queue, which is in memory only, stays large.
    rules.write_text(small.replace('queue.size="200"', 'queue.size="50000"', 1))
    run.hold()
    run.rsyslogd.start()
    machine, work = LocalMachine(), str(run.rsyslogd.work)
    with run.sender("127.0.0.2") as kernel:
        for start in range(0, len(SENT), 100):
            kernel.send(*(f"{text}\n".encode() for text in SENT[start:][:100]))
            run.rsyslogd.wait_until_all_is_read()  # else the kernel drops some
    wait_until(lambda: messages_on_disk(work) > len(SENT) // 2, "a queue on the disk")
    wait_until(run.heard, "the message that the program is stuck with")
    # Let go before, the program would get further ones from memory.
    run.rsyslogd.kill(on_dead=run.release)
    before = len(run.heard())

    aside = str(run.rsyslogd.folder / "aside")
    statements = read_statements(machine, str(run.rsyslogd.config))
    found = salvage(machine, statements, aside)

    assert found is not None
    assert "no index" in found.fault
    assert found.error == ""
    assert len(SENT) // 2 < found.messages == found.replayed
    assert read_queue(machine, work).files == ()
    replayed = run.heard()[before:]
    numbers = [SENT.index(line["raw"]) for line in replayed]
    assert numbers == sorted(set(numbers))
    # The message that the action is busy with is the only one that may be missing.
    assert len(set(range(numbers[-1])) - set(numbers)) <= 1
    assert {line["ip"] for line in replayed} == {"127.0.0.2"}
    assert len({line["at"] for line in replayed}) > 1

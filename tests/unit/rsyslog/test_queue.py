"""A disk queue that rsyslogd cannot read: found, set aside, replayed."""

from __future__ import annotations

import json

from omprog_panic.host.fake import FakeMachine
from omprog_panic.host.machine import CommandResult
from omprog_panic.rsyslog.host_config import read_statements
from omprog_panic.rsyslog.queue import (
    SET_ASIDE,
    messages,
    read_queue,
    salvage,
    stale_files,
    work_folder,
)

WORK = "/var/spool/rsyslog"
FILE, INDEX = f"{WORK}/omprog_panic.00000001", f"{WORK}/omprog_panic.qi"
# As rsyslogd 8.2302 wrote it.
OBJECT = """\
<Obj:1:msg:1:
+iProtocolVersion:2:1:0:
+iSeverity:2:1:5:
+iFacility:2:1:1:
+msgFlags:2:2:96:
+ttGenTime:2:10:1795835680:
+tRcvdAt:3:34:2:2026:11:28:3:14:40:39275:6:+:0:0:
+tTIMESTAMP:3:34:2:2026:11:28:3:14:40:39275:6:+:0:0:
+pszTAG:1:0::
+pszRawMsg:1:44:[  100.000001] line 1 : with: colon #011 tab:
+pszInputName:1:5:imudp:
+pszRcvFrom:1:9:127.0.0.1:
+pszRcvFromIP:1:9:127.0.0.1:
+pszRuleset:1:1:r:
+offMSG:2:1:0:
>End
.
"""
LINE = {
    "ip": "127.0.0.1",
    "at": "2026-11-28T03:14:40.039275+00:00",
    "raw": "[  100.000001] line 1 : with: colon #011 tab",
}
GOOD_INDEX = "<OPB:1:qqueue:1:\n+iCurrFNum:2:1:1:\n>End\n.\n"
MAIN = """\
$WorkDirectory /var/spool/rsyslog
action(type="omprog" name="omprog_panic" binary="/x/collector --spool /s")
"""


def machine_with(**files: str) -> FakeMachine:
    machine = FakeMachine(files={"/etc/rsyslog.conf": MAIN})
    for name, text in files.items():
        machine.write({"data": FILE, "index": INDEX}[name], text)
    return machine


def confirm(argv: tuple[str, ...], stdin: str) -> CommandResult:
    """Confirm the start and each line, as the collector does."""
    return CommandResult(argv, stdout="OK\n" * (1 + stdin.count("\n")))


def test_messages_are_those_that_the_template_would_write() -> None:
    assert [json.loads(line) for line in messages(OBJECT * 2)] == [LINE, LINE]


def test_objects_that_are_cut_off_are_skipped() -> None:
    assert len(list(messages(OBJECT[:300]))) == 0
    assert len(list(messages(OBJECT[:300] + OBJECT))) == 1
    assert len(list(messages(OBJECT + OBJECT[:300]))) == 1


def test_the_work_folder_is_the_last_that_is_set() -> None:
    machine = FakeMachine(files={"/etc/rsyslog.conf": MAIN})
    assert work_folder(read_statements(machine)) == WORK
    machine.files["/etc/rsyslog.conf"] += 'global(workDirectory="/data/")\n'
    assert work_folder(read_statements(machine)) == "/data"
    assert work_folder([]) == WORK


def test_each_fault_of_a_queue_is_named() -> None:
    def fault(**files: str) -> str:
        return read_queue(machine_with(**files), WORK).fault

    assert fault() == ""
    assert fault(data=OBJECT, index=GOOD_INDEX) == ""
    assert "no index" in fault(data=OBJECT)
    assert "truncated" in fault(data=OBJECT, index="")
    assert "truncated" in fault(data=OBJECT, index=GOOD_INDEX[:20])
    assert "not its files" in fault(index=GOOD_INDEX)


def test_files_of_the_running_rsyslogd_are_not_stale() -> None:
    machine = machine_with(data=OBJECT)
    queue = read_queue(machine, WORK)

    assert stale_files(machine, queue, 0.5) == []
    assert stale_files(machine, queue, 100.0) == [FILE]


def test_an_unreadable_queue_is_set_aside_and_replayed() -> None:
    machine = machine_with(data=OBJECT * 3 + OBJECT[:100], index="")
    machine.programs["/x/collector"] = confirm
    found = salvage(machine, read_statements(machine))

    assert found is not None
    assert (found.files, found.messages, found.replayed, found.error) == (1, 3, 3, "")
    assert machine.names(WORK) is None
    assert machine.files[f"{SET_ASIDE}/omprog_panic.00000001"].startswith("<Obj")
    assert "3 of 3 messages" in found.sentence()
    assert machine.commands == ["/x/collector --spool /s"]


def test_a_second_queue_does_not_overwrite_the_first() -> None:
    machine = machine_with(data=OBJECT)
    machine.programs["/x/collector"] = confirm
    salvage(machine, read_statements(machine))
    machine.write(FILE, OBJECT)
    salvage(machine, read_statements(machine))

    assert len(machine.names(SET_ASIDE) or ()) == 2


def test_a_collector_that_fails_leaves_the_files_aside() -> None:
    machine = machine_with(data=OBJECT)
    found = salvage(machine, read_statements(machine))

    assert found is not None
    assert found.replayed == 0
    assert "is not installed" in found.sentence()
    assert machine.names(SET_ASIDE) == ["omprog_panic.00000001"]


def test_a_readable_queue_is_left_alone() -> None:
    machine = machine_with(data=OBJECT, index=GOOD_INDEX)

    assert salvage(machine, read_statements(machine)) is None
    assert machine.names(WORK) == ["omprog_panic.00000001", "omprog_panic.qi"]

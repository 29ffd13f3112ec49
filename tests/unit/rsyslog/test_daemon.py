"""What rsyslogd says of a configuration."""

from __future__ import annotations

from omprog_panic.host.fake import FakeMachine
from omprog_panic.rsyslog.daemon import validate, validate_with

LINE = "/usr/sbin/rsyslogd -N1"
TRIAL = "sh -c /usr/libexec/omprog-panic/rsyslog-values && exec /usr/sbin/rsyslogd -N1"


def test_errors_none_and_not_run_are_three_answers() -> None:
    machine = FakeMachine()
    assert validate(machine) is None

    machine.answer(LINE, stderr="rsyslogd: version 8, config validation run\n")
    assert validate(machine) == []

    machine.answer(LINE, 1, stderr="rsyslogd: version 8\nrsyslogd: error in line 3\n")
    assert validate(machine) == ["rsyslogd: error in line 3"]

    machine.answer(LINE, 1)
    assert validate(machine) == ["rsyslogd -N1 ends with exit status 1"]


def test_files_are_validated_before_they_are_written() -> None:
    machine = FakeMachine(files={"/etc/omprog-panic/rsyslog/port": "6666"})
    machine.answer(TRIAL, 1, stderr="rsyslogd: error: port\n")
    files = {"/etc/omprog-panic/rsyslog/port": "x"}

    assert validate_with(machine, files) == ["rsyslogd: error: port"]
    assert machine.files == {"/etc/omprog-panic/rsyslog/port": "6666"}

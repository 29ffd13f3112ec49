"""The disk queue, as the doctor sees it."""

from __future__ import annotations

from omprog_panic.doctor.finding import Level
from omprog_panic.doctor.queue import check_queue
from omprog_panic.rsyslog.queue import SET_ASIDE
from tests.unit.doctor.monitor import NOW, Monitor, healthy_machine

FILE = "/var/spool/rsyslog/omprog_panic.00000001"


def test_no_queue_is_good() -> None:
    (found,) = Monitor(healthy_machine()).check(check_queue)

    assert found.level is Level.OK


def test_files_that_rsyslogd_ignores_are_critical() -> None:
    machine = healthy_machine()
    machine.write(FILE, "<Obj", changed=1.0)
    (found,) = Monitor(machine).check(check_queue)

    assert found.level is Level.CRITICAL
    assert FILE in found.says
    assert found.remedies == ("systemctl restart rsyslog",)


def test_files_of_the_running_rsyslogd_are_good() -> None:
    machine = healthy_machine()
    machine.write(FILE, "<Obj", changed=NOW)

    assert [f.level for f in Monitor(machine).check(check_queue)] == [Level.OK]


def test_files_that_were_set_aside_are_reported() -> None:
    machine = healthy_machine()
    machine.write(f"{SET_ASIDE}/omprog_panic.00000001", "<Obj")

    assert [f.level for f in Monitor(machine).check(check_queue)] == [Level.WARNING]

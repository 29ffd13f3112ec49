"""What the checks share."""

from __future__ import annotations

from omprog_panic.doctor.context import CheckContext
from omprog_panic.rsyslog.dropin import ETC, Values
from tests.unit.doctor.monitor import NOW, RSYSLOGD, healthy_machine


def test_the_rsyslogd_of_the_service_is_the_one_in_the_pid_file() -> None:
    machine = healthy_machine()
    machine.start_process(17, "rsyslogd", "rsyslogd", "-n")  # of a container
    machine.write("/run/rsyslogd.pid", f"{RSYSLOGD}\n")
    found = CheckContext(machine, NOW, None).rsyslogd

    assert found is not None
    assert found.pid == RSYSLOGD


def test_values_that_are_missing_are_the_defaults_of_rsyslogd() -> None:
    machine = healthy_machine()
    for name in ("address", "port", "load-imudp"):
        machine.delete(f"{ETC}/rsyslog/{name}")

    assert CheckContext(machine, NOW, None).values == Values(load_imudp=False)


def test_the_action_and_the_input_of_our_rules_are_found() -> None:
    context = CheckContext(healthy_machine(), NOW, None)

    assert context.action is not None
    assert "--spool" in context.action.values["binary"]
    assert [context.port_of(statement) for statement in context.inputs] == [6666]
    assert context.port_filter is None

"""What ``status`` reports of the system: the checks that are fast and need no probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.admin.status import APPLY, CRITICAL, UNKNOWN, WARNING, Problem
from omprog_panic.apply.executor import is_applicable, unapplied_files
from omprog_panic.apply.plan import FIREWALL
from omprog_panic.apply.running import running_differences
from omprog_panic.firewall.iptables import FirewallError
from omprog_panic.firewall.live import firewall_owner
from omprog_panic.firewall.manage import CRITICAL as NOT_IN_FORCE
from omprog_panic.firewall.manage import Firewall
from omprog_panic.host.machine import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.config.model import PublicConfig, Reception
    from omprog_panic.host.machine import Machine

FIREWALL_APPLY = "omprog-panic firewall apply"


def system_problems(
    config: PublicConfig, machine: Machine, *, is_root: bool
) -> list[Problem]:
    """Compare rsyslogd and the firewall, as they run, with config.yaml.

    Only root can read the firewall rules; for others they are not checked.
    """
    if not is_applicable(machine, config):
        return []  # a fresh installation is reported elsewhere
    found = list(_rsyslogd(config, machine))
    if is_root:
        found += _firewall(config.reception, machine)
    return found


def _rsyslogd(config: PublicConfig, machine: Machine) -> Iterator[Problem]:
    if unapplied_files(config.reception, machine):
        text = f"{config.file} has changed: run `{APPLY}`"
        yield Problem(WARNING, text, APPLY)
    try:
        for difference in running_differences(config.reception, machine):
            text = f"{difference.text}: run `{APPLY}`"
            yield Problem(CRITICAL, text, APPLY)
    except UnreadableError as error:
        yield Problem(UNKNOWN, str(error), "use sudo")


def _firewall(reception: Reception, machine: Machine) -> Iterator[Problem]:
    if not machine.names(FIREWALL):
        return
    if firewall_owner(machine, reception.receive.port) is not None:
        return
    try:
        families = Firewall.of(machine, reception, FIREWALL).check()
    except FirewallError as error:
        yield Problem(UNKNOWN, str(error))
        return
    for family in families:
        if family.level == NOT_IN_FORCE:
            text = f"firewall: {family.name}: {family.says}: run `{FIREWALL_APPLY}`"
            yield Problem(CRITICAL, text, FIREWALL_APPLY)

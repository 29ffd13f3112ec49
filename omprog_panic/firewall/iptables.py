"""iptables and ip6tables: read, check and change the filter table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.errors import OmprogPanicError
from omprog_panic.firewall.saved import IncompleteRulesError, SavedRules, parse
from omprog_panic.host.machine import CommandOutcome
from omprog_panic.host.processes import CAP_NET_ADMIN, root_lacks

if TYPE_CHECKING:
    from omprog_panic.host.machine import Machine

TIMEOUT_S = 30.0
PROGRAMS = {4: "iptables", 6: "ip6tables"}
NO_CAPABILITY = (
    "root has no CAP_NET_ADMIN here: run this on the host, or start the container"
    " with that capability"
)
_IPV6 = "/proc/sys/net/ipv6"
_RESTORE = ("-w", "5", "--noflush")


class FirewallError(OmprogPanicError):
    """iptables failed or is not installed."""


class IncompatibleRulesError(FirewallError):
    """The filter table has rules made with nft, which iptables cannot show.

    Rules that iptables added there could not be found again, and not be removed.
    """


def families(machine: Machine) -> tuple[int, ...]:
    """Return the address families in use: ip6tables may fail where IPv6 is off."""
    return (4,) if machine.names(_IPV6) is None else (4, 6)


class Iptables:
    """The filter table of one address family."""

    def __init__(self, machine: Machine, family: int) -> None:
        self._machine = machine
        self.family = family
        self.name = PROGRAMS[family]

    def read(self) -> SavedRules:
        """Return the rules in force.

        Raises:
            FirewallError: no such program, or this user is not root.
            IncompatibleRulesError: the table has rules that iptables cannot read.

        """
        text = self._run(f"{self.name}-save", "-t", "filter")
        try:
            return parse(text)
        except IncompleteRulesError as error:
            raise IncompatibleRulesError(
                f'{self.name}-save reports "{error}": the filter table has rules '
                "that were made with nft"
            ) from error

    def test(self, text: str) -> None:
        """Check a transaction without changing anything.

        Raises:
            FirewallError: iptables-restore refuses it.

        """
        self._run(f"{self.name}-restore", *_RESTORE, "--test", stdin=text)

    def restore(self, text: str) -> None:
        """Do a whole transaction, or nothing of it.

        Raises:
            FirewallError: iptables-restore refuses it; nothing has changed.

        """
        self._run(f"{self.name}-restore", *_RESTORE, stdin=text)

    def _run(self, *argv: str, stdin: str = "") -> str:
        result = self._machine.run(*argv, stdin=stdin, timeout_s=TIMEOUT_S)
        if result.succeeded:
            return result.stdout
        remedy = ": apt install iptables"
        missing = result.outcome is CommandOutcome.NOT_INSTALLED
        if root_lacks(self._machine, CAP_NET_ADMIN):
            remedy = f"; {NO_CAPABILITY}"
            raise FirewallError(result.failure() + remedy)
        raise FirewallError(result.failure() + (remedy if missing else ""))


def usable_families(machine: Machine) -> tuple[list[Iptables], str]:
    """Return the families that can be used, and why IPv6 cannot, "" if it can.

    ip6tables may fail where iptables works, as in a kernel without its modules: that
    must not keep IPv4 unprotected.

    Raises:
        FirewallError: iptables fails.
        IncompatibleRulesError: one of them has rules that it cannot show.

    """
    found: list[Iptables] = []
    for family in families(machine):
        iptables = Iptables(machine, family)
        try:
            iptables.read()
        except IncompatibleRulesError:
            raise
        except FirewallError as error:
            if family == 4:
                raise
            return found, str(error)
        found.append(iptables)
    return found, ""

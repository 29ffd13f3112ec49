"""iptables-save and iptables-restore for a FakeMachine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.firewall.rules import CHAIN
from omprog_panic.firewall.saved import SavedRules, parse
from omprog_panic.host.machine import CommandResult

if TYPE_CHECKING:
    from omprog_panic.host.fake import FakeMachine

EMPTY = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"


class FakeIptables:
    """One family: keeps what it is given as iptables-save prints it."""

    def __init__(self, machine: FakeMachine, name: str) -> None:
        self.text = EMPTY
        self.refuses = False
        self.forbidden = False
        machine.programs[f"{name}-save"] = self._save
        machine.programs[f"{name}-restore"] = self._restore

    def rules(self) -> SavedRules:
        return parse(self.text)

    def _save(self, argv: tuple[str, ...], _: str) -> CommandResult:
        if self.forbidden:
            return CommandResult(argv, status=4, stderr="Permission denied")
        return CommandResult(argv, stdout=self.text)

    def _restore(self, argv: tuple[str, ...], text: str) -> CommandResult:
        assert text.startswith("*filter\n")
        assert "--noflush" in argv
        if self.refuses:
            return CommandResult(argv, status=1, stderr="line 2 failed")
        if "--test" not in argv:
            self._change(text)
        return CommandResult(argv)

    def _change(self, text: str) -> None:
        lines = [line for line in text.splitlines() if line.startswith("-A ")]
        jumps = [f"-A INPUT{x[10:]}" for x in text.splitlines() if x[:9] == "-I INPUT "]
        kept = jumps or self.rules().jumps
        chain = f":INPUT ACCEPT [0:0]\n:{CHAIN} - [0:0]"
        if f"-X {CHAIN}" in text:
            self.text = EMPTY
            return
        self.text = "\n".join(["*filter", chain, *kept, *lines, "COMMIT", ""])


def add_iptables(machine: FakeMachine) -> dict[int, FakeIptables]:
    """Install both programs; return them by address family."""
    machine.files["/proc/sys/net/ipv6/conf/all/disable_ipv6"] = "0\n"
    return {
        4: FakeIptables(machine, "iptables"),
        6: FakeIptables(machine, "ip6tables"),
    }

"""A booted monitor whose firewall is managed by ufw, firewalld or nftables.

Each drops the sender at first. Doctor says so, ``firewall apply`` prints the commands
of that program, and these are typed: they let the sender in, also after a reboot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.package.doctor_checks import expect, findings
from tests.package.life import installs_without_a_question
from tests.package.monitor import QUIET
from tests.package.reception import LISTED, make_network, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.package.life import Story

LOG = f"/var/log/omprog-panic/{LISTED}"
NFTABLES = """\
flush ruleset
table inet filter {
	chain input {
		type filter hook input priority 0; policy drop;
		iifname lo accept
		ct state established accept
		tcp dport 22 accept
		reject
	}
}
"""


def _arrives(story: Story, text: str) -> bool:
    send(story.machine, LISTED, [f"[    1.000000] {text}".encode()])
    code, _ = story.machine.result(f"sleep 1; grep -rq '{text}' {LOG}")
    return code == 0


def _set_up(story: Story) -> None:
    make_network(story.machine)
    story.monitor.configure(LISTED)
    story.machine.run("omprog-panic apply --yes </dev/null")
    story.monitor.wait_listening()
    assert _arrives(story, "without a firewall")


def _follow(story: Story, name: str, *, file: str = "") -> None:
    """Type what ``firewall apply`` prints; ``file`` keeps rules of nft for the boot."""
    machine = story.machine
    assert not _arrives(story, "against the firewall")
    says = "the rules drop the datagrams of"
    expect(story, "firewall", says)
    code, text = story.monitor.status()
    assert (code, says in text) == (2, True), text
    text = machine.run("omprog-panic apply --yes </dev/null")
    assert says in text, text
    code, text = machine.result("omprog-panic firewall apply 2>/dev/null")
    assert code != 0, text
    lines = text.splitlines()
    assert any(LISTED in line for line in lines), text
    for line in lines:
        machine.run(line)
        if file:
            rule = line.removeprefix("nft ")
            machine.run(f"echo '{rule}' >>{file}")
    _is_let_in(story, name, "as printed")
    machine.reboot()
    make_network(machine)
    story.monitor.wait_listening()
    _is_let_in(story, name, "after the reboot")


def _is_let_in(story: Story, name: str, text: str) -> None:
    assert _arrives(story, text), story.machine.run("nft list ruleset")
    bad = [row for row in findings(story) if row["check"] == "firewall"]
    assert not bad, bad
    said = story.machine.run("omprog-panic firewall check")
    assert f"managed by {name}" in said, said


def under_ufw(story: Story) -> None:
    _set_up(story)
    story.machine.run(f"{QUIET} apt-get install -y ufw </dev/null; ufw --force enable")
    _follow(story, "ufw")


def under_firewalld(story: Story) -> None:
    _set_up(story)
    story.machine.run(f"{QUIET} apt-get install -y firewalld </dev/null")
    story.machine.wait("firewall-cmd --state", "firewalld")
    _follow(story, "firewalld")


def under_nftables(story: Story) -> None:
    _set_up(story)
    story.machine.write("/etc/nftables.conf", NFTABLES)
    story.machine.run("systemctl enable --now nftables")
    _follow(story, "nftables", file="/etc/nftables.conf")


STORIES: tuple[tuple[Callable[[Story], None], ...], ...] = (
    (installs_without_a_question, under_ufw),
    (installs_without_a_question, under_firewalld),
    (installs_without_a_question, under_nftables),
)

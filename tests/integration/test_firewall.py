"""The rules in a network namespace: real iptables, real packets, counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from omprog_panic.admin.status import CRITICAL, UNKNOWN
from tests.chain.replay import load_capture
from tests.integration.rulesets import COMMON
from tests.needs import PRIVILEGE, missing_program, not_root

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "debian/programs/firewall"
INSIDE = Path(__file__).with_name("firewall_inside.py")
"""Runs in the namespaces: sends datagrams, and counts what arrives."""

CONFIG = """\
senders:
  - name: db-07
    address: 10.9.0.2
    source_port: 6665
  - name: any-port
    address: [10.9.0.3, "fd09::3"]
"""
FOREIGN = """\
*filter
:f2b-sshd - [0:0]
:DOCKER-USER - [0:0]
:ufw-user-input - [0:0]
-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
-A INPUT -p tcp -j ufw-user-input
-A FORWARD -j DOCKER-USER
-A f2b-sshd -s 192.0.2.9/32 -j REJECT --reject-with icmp-port-unreachable
-A f2b-sshd -j RETURN
-A DOCKER-USER -j RETURN
-A ufw-user-input -p tcp -m tcp --dport 80 -j ACCEPT
COMMIT
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
COMMIT
"""


def sh(*argv: str, stdin: str = "", check: bool = True) -> str:
    done = subprocess.run(
        argv, input=stdin, capture_output=True, text=True, check=False, timeout=120
    )
    assert not check or done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout


def why_not() -> str:
    programs = ("ip", "iptables-restore", "ip6tables-restore")
    if reason := missing_program(*programs) or not_root("make network namespaces"):
        return reason
    probe = f"omprog-probe-{os.getpid()}"
    done = subprocess.run(["ip", "netns", "add", probe], check=False)
    if done.returncode:
        return f"{PRIVILEGE}: no network namespaces here"
    rules = subprocess.run(
        ["ip", "netns", "exec", probe, "iptables-save", "-t", "filter"],
        capture_output=True,
        check=False,
    )
    sh("ip", "netns", "del", probe)
    if rules.returncode:
        return f"{PRIVILEGE}: iptables does not work in a namespace"
    return ""


REASON = why_not()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)


class Net:
    """A monitor and senders in two namespaces, joined by a pair of interfaces."""

    def __init__(self, tmp_path: Path) -> None:
        self.monitor = f"omprog-m-{os.getpid()}"
        self.outside = f"omprog-s-{os.getpid()}"
        self.config = tmp_path / "config.yaml"
        self.config.write_text(CONFIG)
        self.folder = tmp_path / "firewall"
        self.port = 6666

    def make(self) -> None:
        for name in (self.monitor, self.outside):
            sh("ip", "netns", "add", name)
            self.sh_in(name, "ip", "link", "set", "lo", "up")
        left = ("link", "add", "m0", "type", "veth", "peer", "name", "s0")
        sh("ip", "-n", self.monitor, *left, "netns", self.outside)
        self._address(self.monitor, "m0", "10.9.0.1/24", "fd09::1/64")
        self._address(
            self.outside, "s0", "10.9.0.2/24", "10.9.0.3/24", "10.9.0.4/24",
            "fd09::3/64", "fd09::4/64",
        )  # fmt: skip

    def _address(self, name: str, link: str, *addresses: str) -> None:
        for address in addresses:
            more = ("nodad",) if ":" in address else ()
            sh("ip", "-n", name, "addr", "add", address, "dev", link, *more)
        sh("ip", "-n", name, "link", "set", link, "up")

    def unmake(self) -> None:
        for name in (self.monitor, self.outside):
            sh("ip", "netns", "del", name, check=False)

    def sh_in(self, name: str, *argv: str, stdin: str = "", check: bool = True) -> str:
        return sh("ip", "netns", "exec", name, *argv, stdin=stdin, check=check)

    def inside(self, *argv: str, stdin: str = "", check: bool = True) -> str:
        return self.sh_in(self.monitor, *argv, stdin=stdin, check=check)

    def firewall(self, verb: str, *options: str) -> dict[str, object]:
        text = self.inside(
            sys.executable, str(INSIDE), "firewall", str(self.folder), verb,
            "--config", str(self.config), "--format", "json", *options, check=False,
        )  # fmt: skip
        found: dict[str, object] = json.loads(text)
        return found

    def command(self, verb: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, str(INSIDE), "firewall", str(self.folder), verb]
        return subprocess.run(
            ["ip", "netns", "exec", self.monitor, *argv, "--config", str(self.config)],
            capture_output=True,
            text=True,
            check=False,
        )

    def counted(self, *sends: tuple[str, int]) -> list[int]:
        """Send a datagram from each (address, source port); tell how many arrive."""
        plan = json.dumps([[a, p] for a, p in sends])
        text = sh(
            sys.executable, str(INSIDE), "count", self.monitor, self.outside,
            str(self.port), stdin=plan,
        )  # fmt: skip
        counts: list[int] = json.loads(text)
        return counts

    def evaluated(self, *sends: tuple[str, int]) -> list[tuple[bool | None, str]]:
        """Return whether the rules let each (address, source port) pass, and where."""
        text = self.inside(
            sys.executable, str(INSIDE), "evaluate", str(self.port),
            stdin=json.dumps([[a, p] for a, p in sends]),
        )  # fmt: skip
        return [(passes, where) for passes, where in json.loads(text)]

    def status(
        self, *sends: tuple[str, int], by: tuple[str, ...] = ()
    ) -> list[tuple[int, str]]:
        """Return what ``status`` says of the firewall; ``by`` is put before it."""
        text = self.inside(
            *by, sys.executable, str(INSIDE), "status", str(self.port),
            str(self.folder), stdin=json.dumps([[a, p] for a, p in sends]),
        )  # fmt: skip
        return [(level, said) for level, said in json.loads(text)]

    def rules(self) -> str:
        both = self.inside("iptables-save") + self.inside("ip6tables-save")
        return "\n".join(
            line.split("[")[0] for line in both.splitlines() if line[:1] != "#"
        )


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    made = Net(tmp_path)
    try:
        made.make()
        yield made
    finally:
        made.unmake()


def test_the_listed_pass_and_nobody_else(net: Net) -> None:
    sends = (
        ("10.9.0.2", 6665),
        ("10.9.0.2", 6000),
        ("10.9.0.3", 6000),
        ("10.9.0.4", 6665),
        ("fd09::3", 7000),
        ("fd09::4", 6665),
    )
    assert net.counted(*sends) == [1] * 6

    net.firewall("apply")

    assert net.counted(*sends) == [1, 0, 1, 0, 1, 0]
    found = net.firewall("check")["data"]
    assert found["families"] == [  # type: ignore[index]
        {"name": "iptables", "level": 0, "says": "in force", "in_front": []},
        {"name": "ip6tables", "level": 0, "says": "in force", "in_front": []},
    ]
    assert [row["passes"] for row in found["senders"]] == [True] * 3  # type: ignore[index]


def test_nobody_elses_rules_change_and_removal_leaves_nothing(net: Net) -> None:
    net.inside("iptables-restore", "--noflush", stdin=FOREIGN)
    foreign_v6 = FOREIGN.replace("192.0.2.9/32", "2001:db8::9/128").replace(
        "icmp-port", "icmp6-port"
    )
    net.inside("ip6tables-restore", "--noflush", stdin=foreign_v6)
    before = net.rules()

    net.firewall("apply")
    once = net.rules()
    again = net.firewall("apply")

    assert net.rules() == once
    assert again["data"]["steps"] == []  # type: ignore[index]
    ours = {line for line in once.splitlines() if "OMPROG-PANIC" in line}
    assert [
        line for line in once.splitlines() if line not in ours
    ] == before.splitlines()
    net.firewall("remove")
    assert net.rules() == before
    assert list(net.folder.iterdir()) == []


def test_a_dry_run_says_all_and_does_nothing(net: Net) -> None:
    before = net.rules()
    said = net.firewall("apply", "--dry-run")
    steps = said["data"]["steps"]  # type: ignore[index]

    assert net.rules() == before
    assert not net.folder.exists()
    assert any("iptables-restore --noflush" in step for step in steps)
    assert any("--dport 6666 -j OMPROG-PANIC" in step for step in steps)


def test_the_rules_are_there_again_after_a_reboot(net: Net) -> None:
    net.firewall("apply")
    wanted = net.rules()
    # What a boot finds: an empty firewall, and what others restore before us.
    for name in ("iptables", "ip6tables"):
        net.inside(name, "-F")
        net.inside(name, "-X")
    environment = {"OMPROG_PANIC_RULES": f"{net.folder}/rules"}
    argv = ("env", *(f"{k}={v}" for k, v in environment.items()), str(PROGRAM))
    for _ in range(3):
        net.inside(*argv, "start")

    assert net.rules() == wanted
    assert net.counted(("10.9.0.2", 6665), ("10.9.0.4", 6665)) == [1, 0]
    net.inside(*argv, "flush")
    assert "OMPROG-PANIC" not in net.rules()


def test_another_port_leaves_no_rule_for_the_old_one(net: Net) -> None:
    net.firewall("apply")
    net.config.write_text(CONFIG + "receive:\n  port: 7777\n")
    net.firewall("apply")

    assert "6666" not in net.rules()
    net.port = 7777
    assert net.counted(("10.9.0.2", 6665), ("10.9.0.4", 6665)) == [1, 0]


def test_a_rule_in_front_is_named(net: Net) -> None:
    net.firewall("apply")
    net.inside("iptables", "-I", "INPUT", "1", "-p", "udp", "-j", "DROP")
    found = net.firewall("check")["data"]

    assert found["families"][0]["in_front"] == ["-A INPUT -p udp -j DROP"]  # type: ignore[index]
    assert [row["passes"] for row in found["senders"]] == [False, False, True]  # type: ignore[index]
    assert net.counted(("10.9.0.2", 6665)) == [0]


def test_rules_for_nobody_are_refused(net: Net) -> None:
    net.config.write_text("senders: []\n")
    done = net.command("apply")

    assert done.returncode == os.EX_UNAVAILABLE
    assert "no senders are listed" in done.stderr
    assert "OMPROG-PANIC" not in net.rules()


def test_the_rate_limit_is_far_from_a_real_dump(net: Net) -> None:
    """The largest recorded burst passes at once, sixty times faster than it came."""
    datagrams = load_capture("f_panic_5_panic_print_0x5f.6.12")
    net.firewall("apply")
    sends = [("10.9.0.2", 6665)] * len(datagrams)

    assert sum(net.counted(*sends)) == len(datagrams)


SENDS = (("10.9.0.2", 6665), ("10.9.0.2", 6000), ("10.9.0.3", 6665), ("fd09::3", 6665))
NFT_INPUT = "type filter hook input priority 0; policy"
RULESETS = {
    "nothing": "true",
    "iptables policy": "iptables -P INPUT DROP",
    "iptables rule": "iptables -A INPUT -s 10.9.0.3 -p udp -j DROP",
    "iptables multiport and not": (
        "iptables -A INPUT -p udp -m multiport --dports 53,6000:7000 ! -s 10.9.0.2/31"
        " -j REJECT"
    ),
    "iptables return, goto and states": (
        "iptables -N a; iptables -N b; iptables -P INPUT DROP;"
        "iptables -A INPUT -m conntrack --ctstate INVALID -j DROP;"
        "iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT;"
        "iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -p udp -g a;"
        "iptables -A INPUT -j ACCEPT; iptables -A a -s 10.9.0.2 -j b;"
        "iptables -A a -p udp --sport 6665 -j ACCEPT; iptables -A b -p udp"
        " --sport 6000 -j RETURN; iptables -A b -m limit --limit 9/sec -j ACCEPT"
    ),
    "iptables raw": "iptables -t raw -A PREROUTING -p udp --sport 6000 -j DROP",
    "legacy policy": "iptables-legacy -P INPUT DROP",
    "legacy beside nft": (
        "iptables -A INPUT -j ACCEPT; ip6tables-legacy -A INPUT -p udp -j DROP"
    ),
    "nft policy": f"nft 'add table inet x; add chain inet x i {{ {NFT_INPUT} drop; }}'",
    "nft accept in one chain, drop in another": (
        f"nft 'add table inet x; add chain inet x i {{ {NFT_INPUT} accept; }};"
        " add rule inet x i udp dport 6666 accept; add table ip y;"
        " add chain ip y j { type filter hook input priority 10; policy accept; };"
        " add rule ip y j ip saddr 10.9.0.3 drop'"
    ),
    "nft sets, maps, ranges": (
        "nft 'add table inet x; add set inet x s { type ipv4_addr; flags interval; };"
        f" add element inet x s {{ 10.9.0.2-10.9.0.2 }};"
        f" add chain inet x k; add chain inet x i {{ {NFT_INPUT} drop; }};"
        " add rule inet x k udp sport 6000-6100 drop; add rule inet x k accept;"
        " add rule inet x i ct state vmap { established : accept, invalid : drop };"
        " add rule inet x i iifname vmap { lo : accept, m0 : continue };"
        " add rule inet x i ip saddr @s udp dport { 514, 6660-6670 } jump k;"
        " add rule inet x i meta l4proto ipv6-icmp accept;"
        " add rule inet x i meta nfproto ipv6 udp dport != 514 accept'"
    ),
    "nft prerouting": (
        "nft 'add table ip6 x; add chain ip6 x p { type filter hook prerouting"
        " priority -300; policy accept; }; add rule ip6 x p meta l4proto udp drop'"
    ),
}


RULESETS |= COMMON


@pytest.mark.parametrize("name", RULESETS)
def test_what_the_rules_decide_is_what_happens_to_a_datagram(
    net: Net, name: str
) -> None:
    net.inside("sh", "-ec", RULESETS[name])
    arrived = [bool(count) for count in net.counted(*SENDS)]
    evaluated = net.evaluated(*SENDS)

    assert [passes for passes, _ in evaluated] == arrived, evaluated
    assert all(where for passes, where in evaluated if not passes)
    blocked = [send for send, came in zip(SENDS, arrived, strict=True) if not came]
    said = net.status(*SENDS)
    assert [level for level, _ in said] == [CRITICAL] * bool(blocked)
    for send in SENDS:
        named = f"{send[0]} {send[1]} ({send[0]})"
        assert (named in str(said)) == (send in blocked), said


ROOT_WITHOUT_CAPABILITY = ("setpriv", "--bounding-set", "-net_admin")
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")


@pytest.mark.parametrize("dropping", [True, False])
@pytest.mark.parametrize(
    ("by", "remedy"),
    [
        (ROOT_WITHOUT_CAPABILITY, "CAP_NET_ADMIN"),
        (NOBODY, "use sudo, or leave the firewall out with --skip-firewall"),
    ],
)
def test_who_may_not_read_the_rules_is_never_told_that_all_is_well(
    net: Net, by: tuple[str, ...], remedy: str, dropping: bool
) -> None:
    if dropping:
        net.inside("sh", "-ec", RULESETS["nft policy"])
    ((level, text),) = net.status(*SENDS, by=by)

    assert level == UNKNOWN
    assert remedy in text


def test_our_own_rules_are_understood(net: Net) -> None:
    net.firewall("apply")

    sends = (("10.9.0.2", 6665), ("10.9.0.2", 6000), ("fd09::3", 1), ("10.9.0.4", 1))
    assert [passes for passes, _ in net.evaluated(*sends)] == [True, False, True, False]


def test_a_condition_that_is_not_understood_is_unknown_never_good(net: Net) -> None:
    argv = ("-m", "u32", "--u32", "0>>22&0x3C@4=7", "-j", "DROP")
    net.inside("iptables", "-A", "INPUT", *argv)
    ((passes, where),) = net.evaluated(("10.9.0.2", 6665))

    assert passes is None
    assert "u32" in where


def test_rules_that_iptables_cannot_read_are_refused(net: Net) -> None:
    net.inside(
        "nft",
        f"add table ip filter; add chain ip filter INPUT {{ {NFT_INPUT} drop; }};"
        " add rule ip filter INPUT udp dport 53 limit rate 9/second log accept",
    )
    before = net.inside("nft", "list", "ruleset")
    said = {verb: net.command(verb) for verb in ("apply", "check", "remove")}

    assert {verb: done.returncode for verb, done in said.items()} == {
        "apply": os.EX_UNAVAILABLE,
        "check": 2,
        "remove": os.EX_UNAVAILABLE,
    }
    for done in said.values():
        assert "is incompatible" in done.stdout + done.stderr
    assert net.inside("nft", "list", "ruleset") == before
    # What it prints instead, typed.
    for line in said["apply"].stdout.splitlines():
        net.inside("sh", "-ec", line)
    assert net.counted(("10.9.0.2", 6665), ("10.9.0.2", 6000)) == [1, 0]
    assert net.command("check").returncode == 0


def test_a_table_of_others_that_iptables_cannot_show_leaves_ours_known(
    net: Net,
) -> None:
    """Ours have matches that nft cannot show, which iptables-save can."""
    net.firewall("apply")
    hook = "type filter hook input priority -150; policy accept;"
    net.inside("nft", f"add table ip mangle; add chain ip mangle INPUT {{ {hook} }}")
    rule = "udp dport 53 limit rate 9/second log accept"
    net.inside("nft", f"add rule ip mangle INPUT {rule}")
    assert "`mangle' is incompatible" in net.inside("iptables-save")

    sends = (("10.9.0.2", 6665), ("10.9.0.2", 6000))
    assert [passes for passes, _ in net.evaluated(*sends)] == [True, False]
    assert [bool(count) for count in net.counted(*sends)] == [True, False]


WITHOUT_IP6TABLES = """
mount -t tmpfs tmpfs /mnt
cp -a /etc/alternatives /mnt
mount --bind /mnt/alternatives /etc/alternatives
for name in ip6tables ip6tables-save ip6tables-restore; do
    ln -sf /bin/false "/etc/alternatives/$name"
done
exec "$@"
"""


def test_an_ip6tables_that_fails_does_not_keep_ipv4_unprotected(net: Net) -> None:
    def without(verb: str) -> subprocess.CompletedProcess[str]:
        command = (sys.executable, str(INSIDE), "firewall", str(net.folder), verb)
        script = ("sh", "-ec", WITHOUT_IP6TABLES, "sh", *command)
        return subprocess.run(
            ["ip", "netns", "exec", net.monitor, *script, "--config", str(net.config)],
            capture_output=True,
            text=True,
            check=False,
        )

    applied = without("apply")
    assert applied.returncode == 0, applied.stderr
    assert "# ip6tables is left out: ip6tables-save -t filter: exit" in applied.stdout
    assert net.counted(("10.9.0.2", 6665), ("10.9.0.4", 6665)) == [1, 0]

    checked = without("check")
    assert checked.returncode == 3, "IPv6 is not known"
    assert "iptables: in force" in checked.stdout
    assert without("remove").returncode == 0
    assert "OMPROG-PANIC" not in net.rules()

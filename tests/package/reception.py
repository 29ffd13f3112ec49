"""Who may send, and to which port: firewall and shared port in a booted system."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.chain.wait import pause, wait_until
from tests.package.life import (
    CRASH,
    INTERRUPTED,
    LATER,
    ONSET,
    installs_without_a_question,
)
from tests.package.monitor import CONFIG, QUIET, WITHIN_S, capture, panic_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.package.life import Story
    from tests.package.machine import Machine

MONITOR, LISTED, STRANGER = "192.0.2.1", "192.0.2.2", "192.0.2.9"
SHARED = 514
_SEND = """
import json, socket, sys, time
source, target, port = sys.argv[1:]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((source, 0))
for line in sys.stdin:
    s.sendto(bytes.fromhex(line), (target, int(port)))
    time.sleep(0.002)
"""


def make_network(machine: Machine) -> None:
    """Give the machine an interface with two hosts at its other end."""
    machine.run(
        "ip netns add out && ip link add in0 type veth peer name out0 netns out"
        f" && ip addr add {MONITOR}/24 dev in0 && ip link set in0 up"
        f" && ip -n out addr add {LISTED}/24 dev out0"
        f" && ip -n out addr add {STRANGER}/24 dev out0"
        " && ip -n out link set out0 up"
    )


def send(machine: Machine, source: str, payloads: list[bytes]) -> None:
    machine.write("/tmp/send.py", _SEND)
    machine.run(
        f"ip netns exec out python3 /tmp/send.py {source} {MONITOR} 6666",
        stdin="".join(f"{payload.hex()}\n" for payload in payloads),
    )


def _dropped(machine: Machine) -> int:
    text = machine.run("iptables -nvxL OMPROG-PANIC")
    found = re.search(r"(?m)^ *(\d+) +\d+ +DROP ", text)
    assert found, text
    return int(found[1])


def the_firewall_keeps_strangers_out(story: Story) -> None:
    machine, monitor = story.machine, story.monitor
    make_network(machine)
    monitor.configure(LISTED)
    machine.run("omprog-panic apply --yes </dev/null")
    monitor.wait_listening()
    foreign = "iptables -A INPUT -p tcp --dport 22 -j ACCEPT"
    machine.run(foreign)
    rules = _foreign(machine)
    assert rules
    assert "done" not in machine.run("omprog-panic firewall apply --dry-run")
    assert "done: the rules are in force" in machine.run("omprog-panic firewall apply")
    machine.run("omprog-panic firewall check")
    first, second = ([d.payload for d in capture(name)] for name in (CRASH, LATER))
    with monitor.receiver() as receiver:
        send(machine, STRANGER, first)
        assert _dropped(machine) == len(first)
        send(machine, LISTED, second)
        received = receiver.wait_for(1, WITHIN_S)
        assert LISTED in received[0].alert["title"]
        missing = [
            text
            for text in panic_texts(capture(LATER), ONSET)
            if text not in received[0].alert["message"]
        ]
        assert not missing, missing
        assert _dropped(machine) == len(first)
    assert _foreign(machine) == rules


def _foreign(machine: Machine) -> list[str]:
    lines = machine.run("iptables-save").splitlines()
    return [line for line in lines if line.startswith("-A INPUT -p tcp")]


def the_firewall_comes_back_at_boot(story: Story) -> None:
    """By our own unit, and beside netfilter-persistent, which flushes at its start."""
    machine = story.machine
    rules = "iptables -S OMPROG-PANIC; ip6tables -S OMPROG-PANIC"
    before = machine.run(rules)
    machine.reboot()
    assert machine.run(rules) == before
    machine.run("iptables -F; iptables -X; ip6tables -F; ip6tables -X")
    code, text = machine.result("omprog-panic status")
    assert (code, "not applied" in text) == (2, True), text
    machine.run("systemctl restart omprog-panic-firewall")
    assert machine.run(rules) == before
    machine.run(f"{QUIET} apt-get install -y netfilter-persistent </dev/null")
    machine.reboot()
    assert machine.run(rules) == before
    machine.run("systemctl disable omprog-panic-firewall")
    said = machine.result("omprog-panic doctor")[1]
    assert "the rules are lost at a reboot" in said, said
    machine.run("systemctl enable omprog-panic-firewall")


def a_reinstallation_keeps_the_firewall(story: Story) -> None:
    machine = story.machine
    before = machine.run("iptables -S OMPROG-PANIC")
    machine.run(f"{QUIET} apt-get remove -y omprog-panic </dev/null")
    assert "OMPROG-PANIC" not in machine.run("iptables-save")
    story.monitor.install(story.package)
    assert machine.run("iptables -S OMPROG-PANIC") == before


def a_restored_monitor_receives(story: Story) -> None:
    """A backup unpacked over a fresh installation has old times and right contents."""
    machine, monitor = story.machine, story.monitor
    machine.run("tar -C / -czf /root/backup.tar.gz etc/omprog-panic")
    machine.run(f"{QUIET} apt-get purge -y omprog-panic </dev/null")
    monitor.install(story.package)
    monitor.wait_listening()
    machine.run("tar -C / -xzf /root/backup.tar.gz")
    code, text = monitor.status()
    assert code == 2, text
    assert "rsyslogd does not receive on 0.0.0.0" in text
    said = machine.run("omprog-panic apply --yes </dev/null")
    assert "done: rsyslogd restarted" in said, said
    assert "nothing to change" in machine.run("omprog-panic apply --yes </dev/null")
    machine.run("systemctl restart omprog-panic-firewall; omprog-panic firewall check")
    make_network(machine)  # the reboots have taken it away
    with monitor.receiver() as receiver:
        send(machine, LISTED, [d.payload for d in capture(INTERRUPTED)])
        receiver.wait_for(1, WITHIN_S)
    code, text = monitor.status()
    assert code == 0, text


def apply_keeps_the_firewall_in_step(story: Story) -> None:
    machine = story.machine
    story.monitor.configure(LISTED, "127.0.0.2")
    changed = machine.run("omprog-panic apply --yes </dev/null")
    assert "127.0.0.2" in changed
    assert "-s 127.0.0.2/32" in machine.run("iptables -S OMPROG-PANIC")
    again = machine.run("omprog-panic apply --yes </dev/null")
    assert "othing" in again, again
    # What only the alerter reads is applied by it as well.
    grouping = '"grouping": {"group_interval_s": 600}'
    machine.run(f"sed -i 's/^{{/{{{grouping}, /' /etc/omprog-panic/config.yaml")
    _, said = story.monitor.status()
    assert "config.yaml has changed since the alerter read it" in said, said
    reloaded = machine.run("omprog-panic apply --yes </dev/null")
    assert "done: alerter reloaded" in reloaded, reloaded
    assert "othing" in machine.run("omprog-panic apply --yes </dev/null")
    machine.run("omprog-panic firewall remove")
    rules = machine.run("iptables-save; ip6tables-save")
    assert "OMPROG-PANIC" not in rules


def a_step_that_fails_restores_the_old_state(story: Story) -> None:
    """rsyslogd takes the files and does not start with them, as with SELinux."""
    machine, folder = story.machine, "/etc/omprog-panic/rsyslog"
    files = f"tail -n +1 {folder}/*; cat /etc/rsyslog.d/*.conf"
    before = machine.run(files)
    refusal = "/etc/systemd/system/rsyslog.service.d/refuses.conf"
    machine.run(f"mkdir -p {refusal.rpartition('/')[0]}")
    machine.write(
        refusal, f"[Service]\nExecStartPre=/bin/sh -c '! grep -q 6667 {folder}/port'\n"
    )
    machine.run("systemctl daemon-reload")
    own = machine.run(f"cat {CONFIG}")
    machine.write(CONFIG, json.dumps({**json.loads(own), "receive": {"port": 6667}}))
    code, text = machine.result("omprog-panic apply --yes </dev/null")
    machine.run(f"rm {refusal}; systemctl daemon-reload; systemctl is-active rsyslog")
    machine.write(CONFIG, own)
    assert code != 0, text
    assert "the old state is restored" in text
    assert machine.run(files) == before
    story.monitor.wait_listening()


def the_port_of_syslog_is_shared(story: Story) -> None:
    """The input that the administrator has stays the only one on its port."""
    machine, monitor = story.machine, story.monitor
    own = 'module(load="imudp")\ninput(type="imudp" port="514" rcvbufSize="1m")\n'
    machine.write("/etc/rsyslog.d/05-remote.conf", own)
    config = json.loads(machine.run(f"cat {CONFIG}"))
    config["receive"] = {"port": SHARED}
    machine.write(CONFIG, json.dumps(config))
    monitor.restart_rsyslog()
    machine.run("omprog-panic apply --yes </dev/null")
    wait_until(lambda: _open(machine, SHARED), "an open port", WITHIN_S)
    pause(1.0)  # an input of ours would open beside it now
    assert _open(machine, SHARED) == ["00000000"]
    assert not monitor.listening()
    monitor.clean_check()
    with monitor.receiver() as receiver, monitor.sender("127.0.0.2", SHARED) as host:
        host.send(b"<13>Nov 23 05:00:00 db-2 test: an ordinary line")
        host.replay(capture(CRASH))
        alert = receiver.wait_for(1, WITHIN_S)[0].alert
    texts = panic_texts(capture(CRASH), ONSET)
    assert not [text for text in texts if text not in alert["message"]]
    machine.wait("grep -q 'an ordinary line' /var/log/syslog", "the ordinary line")
    assert ONSET not in machine.run("cat /var/log/syslog")
    code, text = monitor.status()
    assert code == 0, text


def _open(machine: Machine, port: int) -> list[str]:
    text = machine.run("cat /proc/net/udp")
    return re.findall(rf"(?m)^ *\d+: ([0-9A-F]+):{port:04X} ", text)


CHECKS: tuple[Callable[[Story], None], ...] = (
    installs_without_a_question,
    the_firewall_keeps_strangers_out,
    the_firewall_comes_back_at_boot,
    a_reinstallation_keeps_the_firewall,
    a_restored_monitor_receives,
    apply_keeps_the_firewall_in_step,
    a_step_that_fails_restores_the_old_state,
    the_port_of_syslog_is_shared,
)

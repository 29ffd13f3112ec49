"""Each finding of ``omprog-panic doctor``, by breaking that thing in a booted system.

The clock and AppArmor do not exist in a namespace: their recorded output is in
tests/unit/doctor.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

from tests.package.monitor import ALERTER, CONFIG, SERVICES, WITHIN_S, capture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.package.life import Story

NOT_HERE = {"clock", "apparmor"}
MAIN = "/etc/rsyslog.conf"
STRANGER = "192.0.2.9"
SITE = "/etc/rsyslog.d/50-site.conf"
QUESTIONS = (
    "doctor",
    "status",
    "senders",
    "incidents list",
    "outbox list",
    "silence list",
    "digest",
    "test-alert",
)


def findings(story: Story) -> list[dict[str, Any]]:
    """Return the findings that are not OK, without checks that cannot work here."""
    _, text = story.machine.result("omprog-panic doctor --format json")
    found: list[dict[str, Any]] = json.loads(text)["data"]["findings"]
    return [
        row for row in found if row["level"] != "ok" and row["check"] not in NOT_HERE
    ]


def expect(story: Story, check: str, says: str) -> None:
    """Check that the doctor has this finding, with a remedy."""
    found = findings(story)
    matching = [row for row in found if row["check"] == check and says in row["says"]]
    assert matching, f"{check}: {says!r} is not among {found}"
    assert all(row["remedies"] for row in matching), matching


def listed_too(story: Story, name: str, address: str) -> str:
    """Return the configuration with one sender more."""
    config = json.loads(story.machine.run(f"cat {CONFIG}"))
    config["senders"].append({"name": name, "address": address})
    return json.dumps(config)


@contextlib.contextmanager
def edited(story: Story, path: str, text: str) -> Iterator[None]:
    """Replace a file for a while; a new file is deleted afterwards."""
    code, old = story.machine.result(f"cat {path}")
    story.machine.write(path, text)
    try:
        yield
    finally:
        if code == 0:
            story.machine.write(path, old)
        else:
            story.machine.run(f"rm -f {path}")


@contextlib.contextmanager
def restarted(story: Story, path: str, text: str) -> Iterator[None]:
    """The same with rsyslogd restarted before and after."""
    with edited(story, path, text):
        story.machine.result(
            "systemctl reset-failed rsyslog; systemctl restart rsyslog"
        )
        yield
    story.monitor.restart_rsyslog()
    story.monitor.wait_listening()


def questions_before_the_alerter_ran_leave_nothing_behind(story: Story) -> None:
    """A database that root's command creates would lock the alerter out."""
    machine = story.machine
    story.monitor.install(story.package)
    story.monitor.write_settings("127.0.0.2")
    machine.run(f"systemctl stop {ALERTER}")
    for question in QUESTIONS:
        machine.result(f"omprog-panic {question}")
    assert machine.run("ls -A /var/lib/omprog-panic/db") == ""
    expect(story, "senders", "has the alerter run yet?")
    machine.run(f"systemctl start {ALERTER}")


def a_healthy_monitor_has_no_findings(story: Story) -> None:
    machine = story.machine
    machine.run("printf '127.0.0.2 db-2\\n' >>/etc/hosts")
    with story.monitor.receiver():
        story.monitor.configure("127.0.0.2")
        machine.run("omprog-panic apply --yes")
        machine.run("omprog-panic firewall apply")
        story.monitor.wait_listening()
        story.monitor.replay("127.0.0.2", capture("sysrq-crash-basic-reboots"))
        machine.wait(
            "omprog-panic incidents list | grep -q db-2", "the incident", WITHIN_S
        )
        machine.wait("omprog-panic status", "an empty outbox", WITHIN_S)
        found = findings(story)
        assert not found, found


def an_ordinary_user_is_told_to_use_sudo(story: Story) -> None:
    """What only root may see is unknown rather than missing."""
    machine = story.machine
    command = "setpriv --reuid=nobody --regid=nogroup --clear-groups omprog-panic"
    code, text = machine.result(f"{command} doctor --format json")
    bad = [row for row in json.loads(text)["data"]["findings"] if row["level"] != "ok"]
    assert not [row for row in bad if row["level"] == "critical"], bad
    assert [row for row in bad if row["remedies"] == ["use sudo"]], bad
    code, text = machine.result(f"{command} status")
    assert (code, text.split(":")[0]) == (3, "UNKNOWN"), text
    code, text = machine.result(f"{command} incidents list")
    assert code == os.EX_UNAVAILABLE, text
    assert "Traceback" not in text


def rsyslogd_that_does_not_run(story: Story) -> None:
    story.machine.run("systemctl stop rsyslog syslog.socket")
    expect(story, "rsyslogd", "is not running")
    story.monitor.restart_rsyslog()
    story.monitor.wait_listening()


def an_edit_without_a_restart(story: Story) -> None:
    with edited(story, SITE, "# nothing new\n"):
        story.machine.run(f"touch -d '+1 minute' {SITE} {MAIN}")
        expect(story, "rsyslogd", "was started before")
    story.machine.run(f"touch -d yesterday {MAIN}")


def a_syntax_error(story: Story) -> None:
    with edited(story, SITE, "module(load=\n"):
        expect(story, "rsyslog.conf", "finds an error")


def a_drop_in_that_is_not_included(story: Story) -> None:
    old = story.machine.run(f"cat {MAIN}")
    without = "\n".join(line for line in old.splitlines() if "rsyslog.d" not in line)
    with edited(story, MAIN, without + "\n"):
        expect(story, "drop-in", "does not include")


def a_drop_in_that_is_gone(story: Story) -> None:
    path = "/etc/rsyslog.d/zz-omprog-panic.conf"
    story.machine.run(f"mv {path} /root/")
    expect(story, "drop-in", "is missing")
    story.machine.run(f"mv /root/zz-omprog-panic.conf {path}")


def rules_that_are_gone(story: Story) -> None:
    path = "/usr/share/omprog-panic/rsyslog.conf"
    story.machine.run(f"mv {path} /root/rules.conf")
    expect(story, "drop-in", f"{path} is missing")
    story.machine.run(f"mv /root/rules.conf {path}")


def an_input_that_is_switched_off(story: Story) -> None:
    with edited(story, "/etc/omprog-panic/rsyslog/listen", "off"):
        expect(story, "port", "our input is switched off")


def imudp_loaded_twice(story: Story) -> None:
    with edited(story, SITE, 'module(load="imudp")\n'):
        expect(story, "imudp", "loaded 2 times")


def imudp_loaded_nowhere(story: Story) -> None:
    # As after an administrator took out the line that ours had given way to.
    with edited(story, "/etc/omprog-panic/rsyslog/load-imudp", "off"):
        expect(story, "imudp", "no file loads it")


def imudp_loaded_after_us(story: Story) -> None:
    late = "/etc/rsyslog.d/zzz-late.conf"
    with (
        edited(story, "/etc/omprog-panic/rsyslog/load-imudp", "off"),
        edited(story, late, 'module(load="imudp")\n'),
    ):
        expect(story, "imudp", f"loaded at {late}:1, after the input")


def another_input_on_our_port(story: Story) -> None:
    # rsyslogd takes ours as loaded here: this file sorts before our own.
    later = "/etc/rsyslog.d/zzz-late.conf"
    with edited(story, later, 'input(type="imudp" port="6666")\n'):
        expect(story, "port", f"{later}:1 receives on port 6666")


def another_program_on_our_port(story: Story) -> None:
    story.machine.run("systemctl stop rsyslog syslog.socket")
    program = (
        "import socket,time;s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);"
        "s.bind((\\'127.0.0.1\\',6666));time.sleep(600)"
    ).replace("\\'", '"')
    story.machine.run(f"systemd-run --unit=taker python3 -c '{program}'")
    story.machine.wait("grep -q :1A0A /proc/net/udp", "the taken port")
    expect(story, "port", "has UDP port 6666 open")
    story.machine.run("systemctl stop taker")
    story.monitor.restart_rsyslog()
    story.monitor.wait_listening()


def datagrams_that_the_kernel_dropped(story: Story) -> None:
    pid = story.machine.run("systemctl show -P MainPID rsyslog").strip()
    story.machine.run(f"kill -STOP {pid}")
    try:
        with story.monitor.sender("127.0.0.2") as host:
            for _ in range(40_000):
                host.send(b"[    1.000000] " + b"x" * 900)
        expect(story, "buffer", "the kernel has dropped")
    finally:
        story.machine.run(f"kill -CONT {pid}")
    story.monitor.restart_rsyslog()
    story.monitor.wait_listening()


def a_receive_buffer_that_is_small(story: Story) -> None:
    rules = story.machine.run("cat /usr/share/omprog-panic/rsyslog.conf")
    small = rules.replace('rcvbufSize="8m"', 'rcvbufSize="100k"')
    assert small != rules
    with restarted(story, "/usr/share/omprog-panic/rsyslog.conf", small):
        expect(story, "buffer", "the receive buffer")


def a_collector_that_may_not_be_executed(story: Story) -> None:
    path = "/usr/libexec/omprog-panic/collector"
    story.machine.run(f"chmod 644 {path}")
    expect(story, "collector", "may not execute")
    story.machine.run(f"chmod 755 {path}; mv {path} {path}.away")
    expect(story, "collector", "is missing")
    story.machine.run(f"mv {path}.away {path}")


def global_settings_that_affect_us(story: Story) -> None:
    for line, says in (
        ("$RepeatedMsgReduction on", "message repeated"),
        ("$AllowedSender UDP, 192.0.2.0/24", "drops datagrams of other senders"),
        ('global(maxMessageSize="1k")', "are cut"),
        ("$EscapeControlCharactersOnReceive off", "NUL"),
        ("$DropTrailingLFOnReception off", "ends in #012"),
        ("$Escape8BitCharactersOnReceive on", "octal"),
    ):
        with edited(story, SITE, f"{line}\n"):
            expect(story, "settings", says)
    lines = story.machine.run(f"cat {MAIN}").splitlines()
    without = [line for line in lines if "workdirectory" not in line.lower()]
    assert without != lines
    with edited(story, MAIN, "\n".join(without) + "\n"):
        expect(story, "settings", "no work directory")
    story.machine.run(f"touch -d yesterday {MAIN}")


def a_name_server_that_does_not_answer(story: Story) -> None:
    machine = story.machine
    machine.run(
        "ip link add dead type veth peer name end && ip link set end up &&"
        " ip link set dead up && ip addr add 198.51.100.2/24 dev dead &&"
        " ip neigh add 198.51.100.1 lladdr 02:00:00:00:00:01 dev dead"
    )
    machine.run("sed -i '/db-2/d' /etc/hosts")
    with edited(story, "/etc/resolv.conf", "nameserver 198.51.100.1\n"):
        expect(story, "dns", "did not answer within")
    machine.run("ip link del dead; printf '127.0.0.2 db-2\\n' >>/etc/hosts")


def folders_that_cannot_be_written(story: Story) -> None:
    machine = story.machine
    journal = "/var/lib/omprog-panic/journal"
    machine.run(f"mount -t tmpfs -o size=200m tmpfs {journal}")
    expect(story, "journal", "is nearly full")
    machine.run(f"umount {journal}")
    machine.run(f"mount -t tmpfs -o size=1m tmpfs {journal}")
    expect(story, "journal", "is full")
    machine.run(f"mount -o remount,ro {journal}")
    expect(story, "journal", "read-only")
    machine.run(f"umount {journal}")
    spool = "/var/lib/omprog-panic/spool"
    machine.run(f"mv {spool} {spool}.away")
    expect(story, "spool", "is missing")
    machine.run(f"mv {spool}.away {spool}")
    owner = machine.run(f"stat -c %U:%G {spool}/new").strip()
    machine.run(f"chown root:root {spool}/new")
    expect(story, "spool", "may not write")
    machine.run(f"chown {owner} {spool}/new")
    same = machine.run(f"stat -c uid=%u,gid=%g,mode=%a {spool}/new").strip()
    machine.run(f"mount -t tmpfs -o size=1m,{same} tmpfs {spool}/new")
    expect(story, "spool", "is full")
    machine.run(f"umount {spool}/new")
    config = json.loads(machine.run(f"cat {CONFIG}"))
    config["paths"] = {"spool": f"{spool}.other"}
    with edited(story, CONFIG, json.dumps(config)):
        expect(story, "spool", "the alerter reads")


def a_database_of_root(story: Story) -> None:
    folder = "/var/lib/omprog-panic/db"
    story.machine.run(f"chown root:root {folder}/*")
    expect(story, "database", "may not write")
    story.machine.run(f"chown -R omprog-panic:omprog-panic {folder}")
    story.machine.run(f"systemctl restart {ALERTER}")


def an_alerter_that_is_down(story: Story) -> None:
    story.machine.run(f"systemctl stop {ALERTER}")
    expect(story, "alerter", "is not running")
    story.machine.run(f"systemctl start {ALERTER}")
    story.machine.wait(f"systemctl is-active {ALERTER}", "the alerter")


def an_alerter_that_has_not_read_a_file(story: Story) -> None:
    more = story.machine.run(f"cat {SERVICES}") + "night=json://127.0.0.1:9/night\n"
    with edited(story, SERVICES, more):
        expect(story, "alerter", "has changed since the alerter read it")


def a_service_that_cannot_be_reached(story: Story) -> None:
    # Nothing listens on the receiver's port now.
    expect(story, "service", "does not answer")


def a_broken_template(story: Story) -> None:
    folder = "/etc/omprog-panic/alert_templates/en"
    story.machine.run(f"mkdir -p {folder}")
    with edited(story, f"{folder}/incident.subject.j2", "{{ no end\n"):
        expect(story, "configuration", "incident.subject.j2")


def a_faulty_configuration(story: Story) -> None:
    with edited(story, CONFIG, "sender: []\n"):
        expect(story, "configuration", f"{CONFIG}:1")


def tokens_that_everybody_can_read(story: Story) -> None:
    story.machine.run(f"chmod 644 {SERVICES}")
    expect(story, "tokens", "every user can read")
    story.machine.run(f"chmod 640 {SERVICES}")


def senders_never_heard(story: Story) -> None:
    with edited(story, CONFIG, '{"senders": []}'):
        expect(story, "senders", "none are listed")
    with edited(story, CONFIG, listed_too(story, "mute", "192.0.2.7")):
        expect(story, "senders", "1 listed, but never heard: mute")


def a_stranger_who_speaks(story: Story) -> None:
    """The collector refuses it; a minute later the store has counted it."""
    machine = story.machine
    machine.run(f"ip addr add {STRANGER}/32 dev lo")
    with story.monitor.sender(STRANGER) as host:
        host.send(b"[    1.000000] who am I?")
    wanted = "omprog-panic doctor --format json | grep -q 'not listed: {}'"
    machine.wait(wanted.format(STRANGER), "the stranger", 2 * WITHIN_S)
    expect(story, "senders", f"heard, but not listed: {STRANGER}")
    machine.run(f"ip addr del {STRANGER}/32 dev lo")


def a_firewall_that_is_gone_or_has_a_rule_in_front(story: Story) -> None:
    machine = story.machine
    machine.run("iptables -I INPUT 1 -p udp -j DROP")
    expect(story, "firewall", "-A INPUT -p udp -j DROP")
    machine.run("iptables -F; ip6tables -F")
    expect(story, "firewall", "differs from config.yaml")
    machine.run("iptables -X OMPROG-PANIC; ip6tables -X OMPROG-PANIC")
    expect(story, "firewall", "not applied")
    machine.run("omprog-panic firewall apply; omprog-panic firewall check")


def a_change_that_was_not_applied(story: Story) -> None:
    with edited(story, CONFIG, listed_too(story, "new", "192.0.2.8")):
        expect(story, "applied", "differs from what is applied")


CHECKS: tuple[Callable[[Story], None], ...] = (
    questions_before_the_alerter_ran_leave_nothing_behind,
    a_healthy_monitor_has_no_findings,
    an_ordinary_user_is_told_to_use_sudo,
    rsyslogd_that_does_not_run,
    an_edit_without_a_restart,
    a_syntax_error,
    a_drop_in_that_is_not_included,
    a_drop_in_that_is_gone,
    rules_that_are_gone,
    an_input_that_is_switched_off,
    imudp_loaded_twice,
    imudp_loaded_nowhere,
    imudp_loaded_after_us,
    another_input_on_our_port,
    another_program_on_our_port,
    datagrams_that_the_kernel_dropped,
    a_receive_buffer_that_is_small,
    a_collector_that_may_not_be_executed,
    global_settings_that_affect_us,
    a_name_server_that_does_not_answer,
    folders_that_cannot_be_written,
    a_database_of_root,
    an_alerter_that_is_down,
    an_alerter_that_has_not_read_a_file,
    a_service_that_cannot_be_reached,
    a_broken_template,
    a_faulty_configuration,
    tokens_that_everybody_can_read,
    senders_never_heard,
    a_stranger_who_speaks,
    a_firewall_that_is_gone_or_has_a_rule_in_front,
    a_change_that_was_not_applied,
)

"""Twenty ways to break a monitor that works, on a booted system.

Each is broken in earnest. ``status`` and ``doctor`` must not say OK, ``apply`` mends it
or says what is wrong, and the commands that doctor prints, typed as they are, make
everything OK again: a panic is alerted. The table in ``docs/troubleshooting.md`` is
compared with this one.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import time
from typing import TYPE_CHECKING, NamedTuple

from tests.package.doctor_checks import NOT_HERE
from tests.package.life import installs_without_a_question
from tests.package.monitor import ALERTER, CONFIG, SERVICES, WITHIN_S
from tests.package.reception import LISTED, MONITOR, make_network, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fakes import Receiver
    from tests.package.life import Story

RULES = "/etc/omprog-panic/rsyslog"
DB = "/var/lib/omprog-panic/db"
RESTARTED = f"systemctl restart {ALERTER} || true"  # where it cannot start
PANIC = "Kernel panic - not syncing"
# What tells the administrator where to look; it mends nothing.
_LOOKS = ("journalctl ", "omprog-panic status", "omprog-panic check-config", "df ")


class Way(NamedTuple):
    """One way.

    ``name`` is that of the table in the page. ``says`` is what doctor says about
    ``check``; ``status`` what status says, "" where only doctor can see it.
    ``mends``: ``apply`` mends it; otherwise it names it with the words of ``apply``.
    """

    name: str
    breaks: Callable[[Story], None] | str
    check: str
    says: str
    status: str = ""
    mends: bool = False
    apply: str = ""
    # What the test does because no command on the monitor can.
    before: str = ""  # what doctor prints is typed
    afterwards: str = ""
    receiver: bool = True
    pick: str = ""  # the command to type, among those that status prints


def _restored(story: Story) -> None:
    """Unpack a backup over a monitor that listens on loopback only."""
    machine = story.machine
    machine.run("tar -C / -czf /root/etc.tar.gz etc/omprog-panic")
    config = json.loads(machine.run(f"cat {CONFIG}"))
    machine.write(CONFIG, json.dumps({**config, "receive": {"address": "127.0.0.1"}}))
    machine.run("omprog-panic apply --yes </dev/null")
    machine.run("tar -C / -xzf /root/etc.tar.gz")


def _rebooted(story: Story) -> None:
    story.machine.run("systemctl disable omprog-panic-firewall")
    story.machine.reboot()
    make_network(story.machine)


def _hung_collector(story: Story) -> None:
    # A real program in its place, which takes lines and never answers.
    story.machine.run(
        "cp /usr/libexec/omprog-panic/collector /root/collector;"
        " printf '#!/bin/sh\\necho OK\\nexec sleep 100000\\n'"
        " >/usr/libexec/omprog-panic/collector;"
        " systemctl restart rsyslog"
    )


def _dead_queue(story: Story) -> None:
    """Leave the files of a queue whose index is cut off, as a killed rsyslogd does."""
    old = "/var/spool/rsyslog/omprog_panic.00000001"
    story.machine.run(
        "systemctl stop rsyslog syslog.socket;"
        f" printf '<Obj:1:msg:1:\\n+iProtocolVersi' >{old};"
        f" printf '<OPB:1:qqueue:1:\\n' >{old.rpartition('.')[0]}.qi;"
        " systemctl start rsyslog"
    )


def _damaged_database(story: Story) -> None:
    file = f"{DB}/omprog-panic.sqlite"
    story.machine.run(
        f"systemctl stop {ALERTER}; test -s {file};"
        f" dd if=/dev/zero of={file} bs=4096 count=3 conv=notrunc;"
        f" systemctl start {ALERTER}"
    )
    story.machine.wait(f"ls {file}.damaged-*", "a database that was set aside")


_PROXY_FILE = f"/etc/systemd/system/{ALERTER}.service.d/proxy.conf"


def _proxy(story: Story) -> None:
    machine = story.machine
    machine.run(f"mkdir -p {_PROXY_FILE.rpartition('/')[0]}")
    machine.write(_PROXY_FILE, "[Service]\nEnvironment=http_proxy=http://127.0.0.1:9\n")
    machine.run(f"systemctl daemon-reload; systemctl restart {ALERTER}")
    machine.run("omprog-panic test-alert", check=False)


_OTHER_CHAIN = (
    "nft 'add table inet other; add chain inet other input"
    " { type filter hook input priority 10; policy drop; };"
    " add rule inet other input iif lo accept'"
)

WAYS: tuple[Way, ...] = (
    Way("restored", _restored, "applied", "does not receive on 0.0.0.0",
        status="does not receive on 0.0.0.0", mends=True),
    Way("firewall gone after a reboot", _rebooted, "firewall", "not applied",
        status="not applied", apply="not applied"),
    Way("firewall of another program", _OTHER_CHAIN, "firewall",
        "the rules drop the datagrams of", status="the rules drop the datagrams of",
        apply="the rules drop the datagrams of"),
    Way("rsyslogd stopped", "systemctl stop rsyslog syslog.socket", "rsyslogd",
        "is not running", status="rsyslogd is not running", mends=True),
    Way("wrong address", f"printf 127.0.0.9 >{RULES}/address;"
        " systemctl restart rsyslog", "applied", "differs from what is applied",
        status="apply", mends=True),
    Way("wrong port", f"printf 6667 >{RULES}/port; systemctl restart rsyslog",
        "applied", "differs from what is applied", status="apply", mends=True),
    Way("rules not included", "sed -i.bak '/rsyslog.d/d' /etc/rsyslog.conf;"
        " systemctl restart rsyslog", "drop-in", "does not include",
        status="does not receive on 0.0.0.0"),
    Way("drop-in deleted", "rm /etc/rsyslog.d/zz-omprog-panic.conf;"
        " systemctl restart rsyslog", "drop-in", "is missing",
        status="does not receive on 0.0.0.0"),
    Way("rules changed", "echo '# newer' >>/usr/share/omprog-panic/rsyslog.conf",
        "applied", "other rules", status="other rules", mends=True),
    Way("collector hangs", _hung_collector, "chain", "did not reach the collector",
        afterwards="cp /root/collector /usr/libexec/omprog-panic/collector;"
        " systemctl restart rsyslog"),
    Way("disk queue dead", _dead_queue, "queue", "were set aside"),
    Way("database of root", f"chown root:root {DB}/*; {RESTARTED}",
        "database", "", status="database", apply="database"),
    Way("tokens unreadable", f"chown root:root {SERVICES}; chmod 600 {SERVICES};"
        f" {RESTARTED}", "tokens", "",
        status="apprise.yml", apply="apprise.yml"),
    Way("alerter stopped", f"systemctl stop {ALERTER}", "alerter", "is not running",
        status="not running", mends=True),
    Way("settings not read", f"echo 'night=json://127.0.0.1:18080/n' >>{SERVICES}",
        "alerter", "has changed since the alerter read it",
        status="has changed since the alerter read it", mends=True),
    Way("database damaged", _damaged_database, "alerter", "was set aside",
        status="was set aside", pick=r"`(rm [^`]+)`"),
    Way("service gone", "omprog-panic test-alert || true", "service", "does not answer",
        status="pending", receiver=False),
    Way("proxy gone", _proxy, "service", "through the proxy 127.0.0.1:9",
        status="pending", receiver=False,
        before=f"rm {_PROXY_FILE}; systemctl daemon-reload"),
)  # fmt: skip


def _broken(story: Story, way: Way) -> None:
    if isinstance(way.breaks, str):
        story.machine.run(way.breaks)
    else:
        way.breaks(story)
    story.machine.run("systemctl reset-failed", check=False)


def _findings(story: Story) -> list[dict[str, object]]:
    _, text = story.machine.result("omprog-panic doctor --format json")
    found = json.loads(text[text.index("{") :])["data"]["findings"]
    return [
        row for row in found if row["level"] != "ok" and row["check"] not in NOT_HERE
    ]


def _is_whole(story: Story, way: Way, receiver: Receiver) -> None:
    """Check that everything is OK, and that a panic is alerted."""
    machine = story.machine
    machine.run("systemctl reset-failed", check=False)
    story.monitor.wait_listening()
    # Of a new database the sender is not known before.
    _send_panic(story, way.name)
    with contextlib.suppress(TimeoutError):
        machine.wait("omprog-panic status", f"OK after: {way.name}", 30.0)
    code, text = story.monitor.status()
    assert code == 0, f"{way.name}: {text}"
    left = _findings(story)
    assert not left, f"{way.name}: {left}"
    # Alerts of one kind are grouped, so this one proves the way to the services.
    count = len(receiver.received)
    machine.run("omprog-panic test-alert")
    receiver.wait_for(count + 1, WITHIN_S)


def _send_panic(story: Story, after: str) -> None:
    """Let the sender panic, and wait for the incident."""
    text = f"{after} {time.monotonic_ns()}"
    send(story.machine, LISTED, [f"[ 1000.000000] {PANIC}: {text}\n".encode()])
    stored = f"omprog-panic incidents list --all --grep '{text}' | grep -q db-2"
    story.machine.wait(stored, f"the incident after: {after}", WITHIN_S)


def _is_noticed(story: Story, way: Way) -> list[str]:
    """Check status and doctor; return the commands that doctor prints."""
    code, text = story.monitor.status()
    if way.status:
        assert code != 0, f"{way.name}: status says {text}"
        assert way.status in text, f"{way.name}: status says {text}"
    found = _findings(story)
    rows = [
        row
        for row in found
        if row["check"] == way.check and way.says in str(row["says"])
    ]
    assert rows, f"{way.name}: doctor says {found}"
    if way.pick:
        return re.findall(way.pick, text)[:1]
    commands = []
    # Those for what was broken first, then those for its consequences.
    for row in sorted(found, key=lambda row: row not in rows):
        remedies = row["remedies"]
        assert isinstance(remedies, list), row
        assert remedies, row
        commands += [text for text in remedies if _is_command(story, text)]
    assert commands or way.afterwards or not way.receiver, rows
    return list(dict.fromkeys(commands))


def _is_command(story: Story, text: str) -> bool:
    word = shlex.split(text)[0] if "'" not in text or text.count("'") % 2 == 0 else ""
    if not word or text.startswith(_LOOKS):
        return False
    return story.machine.result(f"command -v {shlex.quote(word)}")[0] == 0


def _type(story: Story, command: str) -> None:
    answered = command
    if command == "omprog-panic apply":
        answered = "omprog-panic apply --yes"
    story.machine.result(f"systemctl reset-failed; {answered} </dev/null")


def try_way(story: Story, way: Way) -> None:
    """Break, look, mend as doctor says; then the same with ``apply``."""
    machine = story.machine
    _broken(story, way)
    with _receiver(story, way) as receiver:
        commands = _is_noticed(story, way)
        if not way.mends:
            code, said = machine.result("omprog-panic apply --yes </dev/null")
            assert way.apply in said, f"{way.name}: apply says {code} {said}"
    with story.monitor.receiver() as receiver:
        if way.before:
            machine.run(way.before)
        for command in commands:
            _type(story, command)
        if way.afterwards:
            machine.run(way.afterwards)
        _is_whole(story, way, receiver)
        if way.mends:
            _broken(story, way)
            said = machine.run("omprog-panic apply --yes </dev/null")
            assert "done:" in said, f"{way.name}: apply says {said}"
            _is_whole(story, way, receiver)


@contextlib.contextmanager
def _receiver(story: Story, way: Way) -> Iterator[None]:
    if not way.receiver:
        yield
        return
    with story.monitor.receiver():
        yield


def a_monitor_that_works(story: Story) -> None:
    machine = story.machine
    make_network(machine)
    machine.run(f"printf '{LISTED} db-2\\n{MONITOR} monitor\\n' >>/etc/hosts")
    with story.monitor.receiver() as receiver:
        story.monitor.configure(LISTED)
        machine.run("omprog-panic apply --yes </dev/null")
        machine.run("omprog-panic firewall apply")
        story.monitor.wait_listening()
        _send_panic(story, "that works")
        _is_whole(story, WAYS[0], receiver)


def two_alerters(story: Story) -> None:
    """The second refuses to run, and the first goes on."""
    user = "setpriv --reuid=omprog-panic --regid=omprog-panic --init-groups"
    code, said = story.machine.result(f"timeout 30 {user} omprog-panic alerter")
    assert code not in {0, 124}, said
    assert "alerter" in said, said
    assert "Traceback" not in said
    with story.monitor.receiver() as receiver:
        _is_whole(story, WAYS[0], receiver)


def collector_killed(story: Story) -> None:
    """rsyslogd starts another one with the next message; nothing is to be done."""
    machine = story.machine
    with story.monitor.receiver() as receiver:
        _send_panic(story, "that starts it")
        # A minimal system has no pkill.
        machine.run(
            "for line in /proc/[0-9]*/cmdline; do"
            " ! grep -qa '^/usr/bin/python3.*libexec/omprog-panic/collector' $line"
            " || kill -9 $(basename ${line%/cmdline}); done"
        )
        _is_whole(story, WAYS[0], receiver)


def _check_of(way: Way) -> Callable[[Story], None]:
    def check(story: Story) -> None:
        try_way(story, way)

    check.__name__ = way.name.replace(" ", "_")
    return check


CHECKS: tuple[Callable[[Story], None], ...] = (
    installs_without_a_question,
    a_monitor_that_works,
    *(_check_of(way) for way in WAYS),
    collector_killed,
    two_alerters,
)

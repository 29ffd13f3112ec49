"""The package on one release, from installation to purge."""

from __future__ import annotations

import dataclasses
import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.chain.wait import wait_until
from tests.package.monitor import (
    ALERTER,
    CONFIG,
    QUIET,
    SERVICES,
    WITHIN_S,
    Monitor,
    capture,
    panic_texts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.package.machine import Machine

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = "0100007F"
SUBJECT = "PANIC db-2 (127.0.0.2): sysrq triggered crash [6.1.0-56-cloud-amd64]"
# Crashes of different kinds: alerts of one kind are grouped.
CRASH, INTERRUPTED = "sysrq-crash-basic-reboots", "init-killed-basic-reboots"
LATER, ONSET = "oom-panic-extended-reboots", "Kernel panic - not syncing"
IMUDP = 'module(load="imudp")\n'
ABORT = 'global(abortOnUncleanConfig="on")\n'
INPUT = 'input(type="imudp" port="514")\n'


@dataclasses.dataclass
class Story:
    """What the checks share."""

    machine: Machine
    package: Path
    newer: Path
    older: Path | None = None  # its configuration files are conffiles
    rules: Path | None = None  # newer, with changes in the rules of rsyslogd
    broken: str = ""  # the check that failed: those after it build on it
    figures: dict[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        self.monitor = Monitor(self.machine)
        self.before: set[str] = set()


def installs_without_a_question(story: Story) -> None:
    story.before = story.monitor.files()
    seconds = story.monitor.install(story.package)
    story.figures["seconds to install"] = f"{seconds:.1f}"
    monitor = story.monitor
    monitor.clean_check()
    monitor.host_logs()
    failed = story.machine.run("systemctl --failed --plain --no-legend")
    assert "omprog" not in failed, failed
    assert "rsyslog" not in failed, failed


def listens_on_loopback_only_and_says_what_is_missing(story: Story) -> None:
    story.monitor.wait_listening()
    assert set(story.monitor.listening()) == {LOOPBACK}
    code, text = story.monitor.status()
    assert code != 0
    for words in ("no service", "no senders", "loopback"):
        assert words in text, text
    said = story.machine.run(f"journalctl --no-pager -u {ALERTER}")
    assert "Failed" not in said, said


def secrets_are_readable_for_the_alerter_alone(story: Story) -> None:
    shown = story.machine.run("stat -c '%a %U:%G' /etc/omprog-panic/apprise.yml")
    assert shown.strip() == "640 root:omprog-panic"


def sandbox_is_strict(story: Story) -> None:
    text = story.machine.run(f"systemd-analyze security --no-pager {ALERTER}.service")
    found = re.search(r"exposure level for \S+: ([0-9.]+)", text)
    assert found, text
    story.figures["sandbox score"] = found[1]
    assert float(found[1]) < 2.0, text


def a_test_alert_arrives(story: Story) -> None:
    began = time.monotonic()
    with story.monitor.receiver() as receiver:
        story.monitor.configure("127.0.0.2", "127.0.0.3", "127.0.0.4")
        story.machine.run("omprog-panic test-alert")
        receiver.wait_for(1, WITHIN_S)
    seconds = time.monotonic() - began
    story.figures["seconds from configured to test alert"] = f"{seconds:.1f}"


def apply_lets_the_senders_in(story: Story) -> None:
    story.machine.run("omprog-panic apply --yes </dev/null")
    story.monitor.wait_listening()
    assert set(story.monitor.listening()) - {LOOPBACK}
    code, text = story.monitor.status()
    assert code == 0, text
    story.monitor.clean_check()


def a_recorded_panic_gives_one_alert(story: Story) -> None:
    datagrams = capture(CRASH)
    with story.monitor.receiver() as receiver:
        story.monitor.replay("127.0.0.2", datagrams)
        alert = receiver.wait_for(1, WITHIN_S)[0].alert
    assert alert["title"] == SUBJECT
    missing = [t for t in panic_texts(datagrams, ONSET) if t not in alert["message"]]
    assert not missing, missing


def bash_completes_commands(story: Story) -> None:
    script = "/usr/share/bash-completion/completions/omprog-panic"
    words = "COMP_WORDS=(omprog-panic sta) COMP_CWORD=1 COMP_LINE=x COMP_POINT=1"
    found = story.machine.run(
        f"bash -c '. {script}; {words}; _omprog_panic_completion omprog-panic;"
        ' echo "${COMPREPLY[@]}"\''
    )
    assert found.split() == ["status"]


def logs_are_rotated_and_go_after_90_days(story: Story) -> None:
    machine, folder = story.machine, "/var/log/omprog-panic"
    logs = machine.run(f"ls {folder}/127.0.0.2")
    assert logs.strip().endswith(".log"), logs
    # The new file is there when the collector has something to say again.
    machine.run("logrotate -f /etc/logrotate.d/omprog-panic")
    machine.run(f"test -s {folder}/collector.log.1")
    old = f"{folder}/10.9.9.9/a.log"
    machine.run(f"mkdir {folder}/10.9.9.9; touch -d '-100 days' {old}")
    machine.run("systemd-tmpfiles --clean omprog-panic.conf")
    left = machine.run(f"find {folder} -name '*.log'")
    assert old not in left
    assert "/127.0.0.2/" in left


def a_restart_of_rsyslog_in_a_trace_loses_nothing(story: Story) -> None:
    datagrams = capture(INTERRUPTED)
    texts = panic_texts(datagrams, ONSET)
    middle = len(datagrams) - len(texts) // 2
    with (
        story.monitor.receiver() as receiver,
        story.monitor.sender("127.0.0.3") as host,
    ):
        host.replay(datagrams[:middle])
        story.monitor.restart_rsyslog()
        story.monitor.wait_listening()
        host.replay(datagrams[middle:])
        received = receiver.wait_for(1, WITHIN_S)
    message = received[0].alert["message"]
    assert not [text for text in texts if text not in message], message


def a_reboot_keeps_an_undelivered_alert(story: Story) -> None:
    datagrams = capture(LATER)
    story.monitor.replay("127.0.0.4", datagrams)
    story.monitor.wait_read()
    wait_until(
        lambda: " pending: " in story.monitor.status()[1], "a pending alert", WITHIN_S
    )
    story.machine.reboot()
    with story.monitor.receiver() as receiver:
        received = receiver.wait_for(1, WITHIN_S)
    message = received[0].alert["message"]
    missing = [t for t in panic_texts(datagrams, ONSET) if t not in message]
    assert not missing, missing


def _with_main(story: Story, change: Callable[[str], str]) -> None:
    """Change rsyslog.conf for a while, restart rsyslogd, and look at everything."""
    main = "/etc/rsyslog.conf"
    old = story.machine.run(f"cat {main}")
    story.machine.write(main, change(old))
    try:
        story.monitor.restart_rsyslog()
        story.monitor.clean_check()
        story.monitor.host_logs()
    finally:
        story.machine.write(main, old)


def _settled(story: Story) -> None:
    story.monitor.restart_rsyslog()
    story.monitor.wait_listening()
    story.monitor.clean_check()


def the_tests_of_debian_pass(story: Story) -> None:
    """Run debian/tests as autopkgtest does, in a copy of what they read."""
    machine = story.machine
    own = [machine.run(f"cat {path}") for path in (CONFIG, SERVICES)]
    folder = machine.copy_tree("debian/tests", "tests/captures")
    for stanza in (ROOT / "debian/tests/control").read_text().split("\n\n"):
        fields = dict(re.findall(r"(?m)^([\w-]+): (.*)$", stanza))
        script = fields.get("Test-Command") or f"debian/tests/{fields['Tests']}"
        machine.run(f"cd {folder} && {script}")
    for path, text in zip((CONFIG, SERVICES), own, strict=True):
        machine.write(path, text)
    machine.run(f"systemctl restart {ALERTER}")


def an_imudp_load_before_ours_is_shared(story: Story) -> None:
    _with_main(story, lambda old: ABORT + IMUDP + INPUT + old)
    story.monitor.wait_listening()
    _settled(story)


def an_imudp_load_after_ours_breaks_nothing_and_is_reported(story: Story) -> None:
    _with_main(story, lambda old: ABORT + old + IMUDP + INPUT)
    assert not story.monitor.listening()
    code, text = story.monitor.status()
    assert code != 0
    assert "loads imudp after our rules" in text
    _settled(story)
    assert "imudp" not in story.monitor.status()[1]


def an_upgrade_keeps_the_configuration(story: Story) -> None:
    machine = story.machine
    own = machine.run(f"cat {CONFIG}")
    collector = _collector(story)
    story.monitor.install(story.newer)
    assert machine.run(f"cat {CONFIG}") == own
    assert "dpkg" not in machine.run(f"ls {CONFIG}*")
    machine.wait(f"systemctl is-active {ALERTER}", "the alerter")
    story.monitor.wait_listening()
    story.monitor.clean_check()
    # Nothing that rsyslogd runs has changed, so it was not interrupted.
    assert _collector(story) == collector
    with story.monitor.receiver() as receiver:
        story.machine.run("omprog-panic test-alert")
        receiver.wait_for(1, WITHIN_S)


def _collector(story: Story) -> str:
    return story.machine.run("systemctl show -P MainPID rsyslog").strip()


def a_removal_leaves_nothing_running(story: Story) -> None:
    story.monitor.settle()
    story.machine.run(f"{QUIET} apt-get remove -y omprog-panic </dev/null")
    assert not story.monitor.listening()
    assert not story.monitor.processes()
    story.monitor.clean_check()
    story.monitor.host_logs()
    story.machine.run(f"test -e {CONFIG}")


def a_purge_leaves_only_the_user(story: Story) -> None:
    story.machine.run(f"{QUIET} apt-get purge -y omprog-panic </dev/null")
    left = story.monitor.files() - story.before
    assert not {path for path in left if "omprog" in path}, left
    story.machine.run("getent passwd omprog-panic")
    story.monitor.clean_check()


def installs_with_configuration_that_is_there_already(story: Story) -> None:
    """Ansible's order: the files first, then the package, without a question."""
    machine = story.machine
    own = json.dumps({"senders": [{"name": "db-2", "address": "127.0.0.2"}]})
    machine.run("mkdir -p /etc/omprog-panic")
    machine.write(CONFIG, own)
    machine.run(f"umask 077; echo 'ops=json://127.0.0.1:9/' >{SERVICES}")
    path = machine.copy_in(story.package)
    said = machine.run(f"{QUIET} apt-get install -y {path} </dev/null")
    story.monitor.settle()
    assert machine.run(f"cat {CONFIG}") == own
    shown = machine.run(f"stat -c '%a %G' {SERVICES}").strip()
    assert shown == "600 omprog-panic", shown
    # The alerter cannot read it, and apt says so with the commands that mend it.
    assert f"the alerter cannot read {SERVICES}" in said, said
    (remedy,) = re.findall(r"(?m)^ *(chgrp .*)$", said)
    machine.run(f"{remedy}; omprog-panic check-config")
    user = "setpriv --reuid=omprog-panic --regid=omprog-panic --init-groups"
    machine.run(f"{user} omprog-panic check-config")
    a_purge_leaves_only_the_user(story)


def installs_beside_an_imudp_load_that_was_there_before(story: Story) -> None:
    machine = story.machine
    machine.write("/etc/rsyslog.d/remote.conf", ABORT + IMUDP + INPUT)
    story.monitor.restart_rsyslog()
    story.monitor.install(story.package)
    story.monitor.wait_listening()
    story.monitor.clean_check()
    story.monitor.host_logs()
    machine.run("rm /etc/rsyslog.d/remote.conf")
    _settled(story)


def a_purge_at_once_leaves_only_the_user(story: Story) -> None:
    """As above, from a running system and with a panic under way."""
    story.monitor.replay("127.0.0.2", capture(CRASH)[:-5])
    story.monitor.settle()
    a_purge_leaves_only_the_user(story)
    assert not story.monitor.listening()
    assert not story.monitor.processes()


CHECKS: tuple[Callable[[Story], None], ...] = (
    installs_without_a_question,
    listens_on_loopback_only_and_says_what_is_missing,
    secrets_are_readable_for_the_alerter_alone,
    sandbox_is_strict,
    a_test_alert_arrives,
    apply_lets_the_senders_in,
    a_recorded_panic_gives_one_alert,
    a_restart_of_rsyslog_in_a_trace_loses_nothing,
    logs_are_rotated_and_go_after_90_days,
    bash_completes_commands,
    a_reboot_keeps_an_undelivered_alert,
    the_tests_of_debian_pass,
    an_imudp_load_before_ours_is_shared,
    an_imudp_load_after_ours_breaks_nothing_and_is_reported,
    an_upgrade_keeps_the_configuration,
    a_removal_leaves_nothing_running,
    a_purge_leaves_only_the_user,
    installs_with_configuration_that_is_there_already,
    installs_beside_an_imudp_load_that_was_there_before,
    a_purge_at_once_leaves_only_the_user,
)

"""Upgrades: from configuration files that dpkg owned, and while a trace comes in."""

from __future__ import annotations

import concurrent.futures
import json
from typing import TYPE_CHECKING

from tests.chain.wait import pause
from tests.package.life import CRASH, INTERRUPTED, ONSET
from tests.package.monitor import (
    CONFIG,
    QUIET,
    SERVICES,
    WITHIN_S,
    capture,
    panic_texts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.package.life import Story

# The last commit whose packages had conffiles in /etc/omprog-panic and rsyslog.d.
WITH_CONFFILES = "8369c4b5a41bfbe16aba824b82a920e4ea1f8451"
DROP_IN = "/etc/rsyslog.d/zz-omprog-panic.conf"
SLOWLY_S = 20.0  # a trace that comes in for longer than an upgrade takes


def an_upgrade_from_conffiles_keeps_every_file(story: Story) -> None:
    """Edited or not, each keeps its place, content, owner and mode, unasked."""
    machine = story.machine
    assert story.older is not None
    story.monitor.install(story.older)
    conffiles = machine.run("dpkg-query -W -f '${Conffiles}' omprog-panic")
    for path in (CONFIG, SERVICES, DROP_IN):
        assert f"{path} " in conffiles, conffiles
    machine.write(
        CONFIG, json.dumps({"senders": [{"name": "a", "address": "127.0.0.2"}]})
    )
    machine.write(SERVICES, "ops=json://127.0.0.1:18080/own\n")
    machine.run(f"chmod 600 {SERVICES}; chown omprog-panic: {SERVICES}")
    machine.run(f"echo '# own' >>{DROP_IN}")
    state = (
        f"cd / && stat -c '%n %a %U:%G' {CONFIG} {SERVICES} {DROP_IN} &&"
        f" cat {CONFIG} {SERVICES} {DROP_IN} && ls /etc/omprog-panic /etc/rsyslog.d"
    )
    before = machine.run(state)
    path = machine.copy_in(story.package)
    said = machine.run(f"apt-get install -y {path} </dev/null")  # it may ask
    assert "onfiguration file" not in said, said
    assert machine.run(state) == before
    story.monitor.settle()
    story.monitor.wait_listening()
    machine.run("omprog-panic check-config; ! find /etc -name '*.dpkg-*' | grep omprog")


def an_upgrade_in_a_trace_loses_no_record(story: Story) -> None:
    """With changed rules, in the basic format: rsyslogd restarts after the trace."""
    machine = story.machine
    assert story.rules is not None
    datagrams = capture(INTERRUPTED)
    texts = panic_texts(datagrams, ONSET)
    started = len(datagrams) - len(texts)
    daemon = _rsyslogd(story)
    package = machine.copy_in(story.rules)
    command = f"{QUIET} apt-get install -y {package} </dev/null"
    with (
        story.monitor.receiver() as receiver,
        story.monitor.sender("127.0.0.2") as host,
        concurrent.futures.ThreadPoolExecutor() as pool,
    ):
        story.monitor.configure("127.0.0.2")
        machine.run("omprog-panic apply --yes </dev/null")
        host.replay(datagrams[:started])
        upgrade = pool.submit(machine.run, command)
        for datagram in datagrams[started:]:
            host.replay([datagram])
            pause(SLOWLY_S / len(texts))
        received = receiver.wait_for(1, WITHIN_S)
        said = upgrade.result()
    message = received[0].alert["message"]
    assert not [text for text in texts if text not in message], message
    assert "rsyslogd was restarted, " in said, said
    assert "later, when no trace came in: its rules or the collector changed" in said
    story.monitor.settle()
    assert _rsyslogd(story) != daemon


def an_upgrade_without_such_changes_leaves_rsyslogd_alone(story: Story) -> None:
    machine = story.machine
    daemon = _rsyslogd(story)
    story.monitor.replay("127.0.0.2", capture(CRASH)[:-5])
    package = machine.copy_in(story.rules or story.package)
    said = machine.run(f"{QUIET} apt-get install -y --reinstall {package} </dev/null")
    assert "rsyslogd was not restarted" in said, said
    assert _rsyslogd(story) == daemon


def _rsyslogd(story: Story) -> str:
    return story.machine.run("systemctl show -P MainPID rsyslog").strip()


CHECKS: tuple[Callable[[Story], None], ...] = (
    an_upgrade_from_conffiles_keeps_every_file,
    an_upgrade_in_a_trace_loses_no_record,
    an_upgrade_without_such_changes_leaves_rsyslogd_alone,
)

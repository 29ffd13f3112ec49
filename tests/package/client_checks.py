"""The package of the client, alone and next to the package of the monitor.

The console log level is left alone throughout: a namespace shares it with the machine
that runs the tests. netconsole itself needs a kernel: tests/guests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.package.monitor import CONFIG, QUIET

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.package.life import Story

CLIENT = "omprog-panic-client"
SETTINGS = "/etc/omprog-panic/client.conf"
STATE = "/var/lib/omprog-panic-client"


def client_of(folder: Path) -> Path:
    """Where a build has put the client's package."""
    (found,) = folder.glob(f"{CLIENT}_*_all.deb")
    return found


def _install(story: Story, package: Path) -> None:
    path = story.machine.copy_in(package)
    story.machine.run(f"{QUIET} apt-get install -y {path} </dev/null")


def _ours(story: Story) -> set[str]:
    return {
        path for path in story.monitor.files() if CLIENT in path or path == SETTINGS
    }


def the_client_installs_without_a_question(story: Story) -> None:
    story.before = story.monitor.files()
    _install(story, client_of(story.package.parent))
    failed = story.machine.run("systemctl --failed --plain --no-legend")
    assert "omprog" not in failed, failed
    _, state = story.machine.result(f"systemctl is-active {CLIENT}")
    assert state.strip() == "inactive", "without settings nothing runs"


def the_client_configures_and_says_what_stands_in_the_way(story: Story) -> None:
    story.machine.run(f"install -D /dev/null {SETTINGS}")
    story.machine.write(SETTINGS, "monitor=192.0.2.1\nconsole_loglevel=keep\n")
    code, text = story.machine.result(f"{CLIENT} configure")
    assert code != 0
    assert "192.0.2.1" in text, text
    failed = story.machine.run("systemctl --failed --plain --no-legend")
    assert "omprog" not in failed, failed


def the_monitor_installs_beside_it(story: Story) -> None:
    machine = story.machine
    _install(story, story.package)
    story.monitor.wait_listening()
    both = "dpkg -L omprog-panic omprog-panic-client | sort | uniq -d"
    shared = machine.run(f"{both} | while read f; do test -d $f || echo $f; done")
    assert shared.strip() == "", f"files of both: {shared}"
    machine.run(f"{CLIENT} --version && omprog-panic version")
    assert "192.0.2.1" in machine.run(f"cat {SETTINGS}")


def the_client_goes_and_the_monitor_stays(story: Story) -> None:
    machine = story.machine
    machine.run(f"{QUIET} apt-get purge -y {CLIENT} </dev/null")
    assert not _ours(story)
    machine.run(f"test -e {CONFIG} && omprog-panic version")
    story.monitor.clean_check()
    story.monitor.wait_listening()


def the_monitor_goes_and_the_client_stays(story: Story) -> None:
    machine = story.machine
    _install(story, client_of(story.package.parent))
    machine.write(SETTINGS, "monitor=192.0.2.1\nconsole_loglevel=keep\n")
    machine.run(f"{QUIET} apt-get purge -y omprog-panic </dev/null")
    assert "192.0.2.1" in machine.run(f"cat {SETTINGS}")
    machine.run(f"{CLIENT} --version")


def a_removed_client_keeps_its_settings(story: Story) -> None:
    machine = story.machine
    machine.run(f"{QUIET} apt-get remove -y {CLIENT} </dev/null")
    machine.run(f"test -e {SETTINGS} && ! test -e {STATE}/state.json")
    assert not [word for word in story.monitor.processes() if "client" in word]


def a_purged_client_leaves_nothing(story: Story) -> None:
    story.machine.run(f"{QUIET} apt-get purge -y {CLIENT} </dev/null")
    left = story.monitor.files() - story.before
    assert not {path for path in left if "omprog" in path and "sysusers" not in path}
    story.machine.run("! test -e /etc/omprog-panic")


CHECKS: tuple[Callable[[Story], None], ...] = (
    the_client_installs_without_a_question,
    the_client_configures_and_says_what_stands_in_the_way,
    the_monitor_installs_beside_it,
    the_client_goes_and_the_monitor_stays,
    the_monitor_goes_and_the_client_stays,
    a_removed_client_keeps_its_settings,
    a_purged_client_leaves_nothing,
)

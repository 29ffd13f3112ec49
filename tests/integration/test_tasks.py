"""docs/tasks.md, typed against a made archive: every command of ours, in order.

What changes the machine itself (``apply``, apt, systemd) is typed on a booted monitor,
with the other pages: tools/package-test.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from omprog_panic.apply.plan import wanted_files
from omprog_panic.config.load import load_public
from tests.archives import CRASHES, Crash, make_archive
from tests.package import pages
from tests.package.pages import Fence

PAGE = "docs/tasks.md"
ETC = "/etc/omprog-panic"
FENCES = pages.fences(PAGE)
# The tasks that the page must have; each is the beginning of a heading.
TASKS = (
    "What happened last night", "What happened to one host",
    "What happens with one kernel", "How many crashes there are in each week",
    "Maintenance", "Renaming a host", "Backing up and restoring", "Moving the monitor",
    "Changing the port", "IPv6", "Hosts behind NAT", "A team of its own",
    "Changing the text", "Messages in Russian", "Icinga", "Log rotation", "A full disk",
    "Removing and installing again", "A monitor in a container",
)  # fmt: skip
# Typed on a booted monitor only: they change, or look at, the machine.
SYSTEM = {"apt-get", "systemctl", "systemd-tmpfiles", "df", "du", "find"}
SYSTEM_OF_OURS = {"apply", "doctor", "test-alert", "restore"}
# What must be in the output, beside the exit status.
SHOWN: Mapping[str, tuple[str, ...]] = {
    "incidents list --since 'yesterday 18:00'": ("1a570000", "last night"),
    "incidents show 3f2a": ("db-07", "usb 1-1: new device", "decided because:"),
    "incidents list --host db-07 --all": ("3f2a0001", "77aa0004"),
    "senders --host db-07": ("db-07", "never heard"),
    "incidents list --kernel '6.1.*' --all": ("5b0c0002", "77aa0004"),
    "incidents stats --by kernel": ("6.1.0-56-cloud-amd64", "2"),
    "incidents list --grep 'sysrq_handle_crash|ext4_' --all": ("ext4_writepages",),
    "incidents stats --by week": ("2026-W48", "2026-W45"),
    "silence list": ("host=db-*", "new kernel"),
    "incidents list --host db-7.example.org": ("db-7.example.org", "3f2a0001"),
    "routes test --host db-07 --severity panic": ("databases", "[dba]"),
    "routes test --host web-1 --severity panic": ("[ops]",),
    "templates list": ("yours", "incident.subject.j2"),
    "templates render --incident 3f2a": ("PANIC db-07", "ПАНИКА ЯДРА db-07"),
    "status": ("the alerter is not running",),
}


class Monitor:
    """A monitor's files below a folder, and a shell whose paths lead to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        now = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
        recent = Crash("1a570000", "10.0.0.3", now.isoformat(), "crash of last night")
        self.config = make_archive(folder, recent, *CRASHES)
        self.paths = json.loads(self.config.read_text())["paths"]
        self.outputs: dict[str, list[str]] = {}
        programs = folder / "bin"
        programs.mkdir()
        program = programs / "omprog-panic"
        program.write_text(
            f'#!/bin/sh\nexec {sys.executable} -m omprog_panic "$@"'
            f" --config {self.config}\n"
        )
        program.chmod(0o755)

    def here(self, text: str) -> str:
        text = text.replace("/usr/share/omprog-panic", str(pages.ROOT))
        text = text.replace("/root/", f"{self.folder}/")
        return text.replace(ETC, str(self.folder))

    def write(self, fence: Fence) -> None:
        file = Path(self.here(fence.file))
        if file.name == "config.yaml":
            data = {**yaml.safe_load(fence.text), "paths": self.paths}
            file.write_text(json.dumps(data))
        else:
            count = iter(range(100))
            file.write_text(
                re.sub(
                    r"(?m)(=\s*)\w+://\S+$",
                    lambda f: f"{f[1]}json://127.0.0.1:9/{next(count)}",
                    f"{fence.text}\n",
                )
            )

    def type(self, command: str) -> int:
        silence = "silence expire 5f0c"
        typed = command
        if silence in command:
            listed = json.loads(self._run("omprog-panic silence list --format json")[1])
            typed = command.replace("5f0c", listed["data"][0]["id"])
        code, output = self._run(self.here(typed))
        said = self.outputs.setdefault(command.removeprefix("omprog-panic "), [])
        said.append(output)
        return code

    def _run(self, command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=pages.ROOT,
            env={
                **os.environ,
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "LC_ALL": "C.UTF-8",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout.decode()


def is_system(command: str) -> bool:
    words = shlex.split(command)
    if words[0] == "omprog-panic":
        return words[1] in SYSTEM_OF_OURS
    return words[0] in SYSTEM or "tmpfiles.d" in command


@pytest.mark.slow
def test_every_command_of_the_page_works_on_a_made_archive(tmp_path: Path) -> None:
    monitor = Monitor(tmp_path)
    typed, faults = 0, []
    for fence in FENCES:
        if fence.file:
            monitor.write(fence)
        for line in fence.commands() if fence.place == "monitor" else ():
            if is_system(line.text):
                continue
            typed += 1
            code = monitor.type(line.text)
            # There is no alerter here, which `status` must say.
            wanted = 2 if line.text.startswith("omprog-panic status") else 0
            if code != wanted:
                said = monitor.outputs[line.text.removeprefix("omprog-panic ")][-1]
                faults.append(f"{line}: exit status {code}: {said}")

    assert not faults, "\n".join(faults)
    assert typed > 25
    missing = {
        command: word
        for command, words in SHOWN.items()
        for word in words
        if word not in "".join(monitor.outputs.get(command, ["not typed"]))
    }
    assert not missing, monitor.outputs


def test_every_task_is_on_the_page_with_commands() -> None:
    text = (pages.ROOT / PAGE).read_text("utf-8")
    sections = dict(re.findall(r"(?ms)^## ([^\n]+)\n(.*?)(?=^## |\Z)", text))
    without = ("Moving the monitor",)  # commands of other sections, on other machines

    assert len(sections) == len(TASKS)
    for task in TASKS:
        [head] = [name for name in sections if name.startswith(task)]
        assert "```sh" in sections[head] or task in without, task
        assert "omprog-panic" in sections[head]


@pytest.mark.parametrize(
    "fence",
    [f for f in FENCES if f.file.endswith("config.yaml")],
    ids=lambda fence: fence.number,
)
def test_a_configuration_of_the_page_can_be_applied(
    fence: Fence, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(fence.text)
    reception = load_public(file).reception
    files = wanted_files(reception, filtered=False, firewall=True)
    rules = "".join(text or "" for path, text in files.items() if "rules" in path)

    assert f"--dport {reception.receive.port}" in rules
    for sender in reception.senders:
        assert all(str(network) in rules for network in sender.networks)


def test_what_is_not_typed_here_is_known_to_be_of_the_machine() -> None:
    commands = [line.text for f in FENCES if f.place for line in f.commands()]

    assert {shlex.split(c)[0] for c in commands} == SYSTEM | {
        *("omprog-panic", "mkdir", "cp", "sed", "rm")
    }

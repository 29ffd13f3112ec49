"""A Debian system of its own, booted with systemd in namespaces: no network, no VM.

It lives on an overlay, so that every machine begins with the same clean tree and
leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shlex
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.chain.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOT = Path(__file__).with_name("boot.sh")
REPOSITORY = BOOT.parents[2]
BOOT_WITHIN_S = 120.0
COMMAND_WITHIN_S = 600.0
CLONE_NEWNET = 0x40000000
_ENTER = ["-m", "-n", "-u", "-i", "-p", "-C", "-r", "-w"]
_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "TERM": "dumb",
    "LC_ALL": "C.UTF-8",
}


class CommandError(AssertionError):
    """A command in the machine that failed."""


def cgroup_mount() -> Path | None:
    """Where cgroup2 is mounted, if it is."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    return None


class Machine:
    """One system; ``with`` boots it and removes it."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self.root = folder / "root"
        self._tree, self._folder = tree, folder
        self._process: subprocess.Popen[bytes] | None = None
        self._init = 0
        mount = cgroup_mount()
        assert mount is not None
        self._cgroup = mount / f"omprog-panic-test-{os.getpid()}-{folder.name}"

    def __enter__(self) -> Self:
        for name in ("root", "upper", "work"):
            (self._folder / name).mkdir(parents=True)
        layers = (
            f"lowerdir={self._tree},upperdir={self._folder}/upper,"
            f"workdir={self._folder}/work"
        )
        _host("mount", "-t", "overlay", "overlay", "-o", layers, str(self.root))
        # Nobody needs these files after a power cut, and dpkg writes them in half the
        # time.
        dpkg = self.root / "etc/dpkg/dpkg.cfg.d"
        dpkg.mkdir(parents=True, exist_ok=True)
        (dpkg / "unsafe-io").write_text("force-unsafe-io\n")
        try:
            self.boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.power_off()
        _host("umount", "-l", str(self.root))
        shutil.rmtree(self._folder)

    def boot(self) -> None:
        """Boot; return when every service has started."""
        self._cgroup.mkdir(exist_ok=True)
        with (self._folder / "console").open("ab") as console:
            self._process = subprocess.Popen(
                ["bash", str(BOOT), str(self.root), str(self._cgroup)],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        wait_until(self._is_up, "a booted system", BOOT_WITHIN_S)

    def reboot(self) -> None:
        """Shut down in order, and boot again."""
        assert self._process is not None
        self.run("systemctl poweroff --no-block")
        self._process.wait(timeout=BOOT_WITHIN_S)
        self.power_off()
        self.boot()

    def power_off(self) -> None:
        """End everything at once, as a power cut does."""
        if self._process is None:
            return
        if self._init and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._init, signal.SIGKILL)
        elif self._process.poll() is None:
            self._process.kill()
        self._process.wait(timeout=60)
        self._process, self._init = None, 0
        wait_until(self._forget_cgroup, "no process left", 60)

    def run(self, command: str, *, check: bool = True, stdin: str = "") -> str:
        """Run a shell command as root; return both of its outputs.

        Raises:
            CommandError: ``check`` and another exit code than 0.

        """
        code, text = self.result(command, stdin=stdin)
        if check and code != 0:
            raise CommandError(f"{command}: exit code {code}\n{text}")
        return text

    def result(self, command: str, *, stdin: str = "") -> tuple[int, str]:
        """Run a shell command as root; return its exit code and both outputs."""
        words = ["sh", "-c", f"exec 2>&1; {command}"]
        done = subprocess.run(
            ["nsenter", "-t", str(self._init), *_ENTER, *words],
            input=stdin,
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
            env=_ENVIRONMENT,
            timeout=COMMAND_WITHIN_S,
            check=False,
        )
        return done.returncode, done.stdout

    def wait(self, command: str, what: str, timeout_s: float = 60.0) -> None:
        """Wait until a command ends with 0."""
        wait_until(lambda: self.result(command)[0] == 0, what, timeout_s)

    def write(self, path: str, text: str) -> None:
        """Write a file as an administrator's editor does: owner and mode stay."""
        self.run(f"cat >{shlex.quote(path)}", stdin=text)

    def copy_in(self, file: Path) -> str:
        """Put a file into /tmp; return its path there."""
        # Through init's own view: /tmp may be a mount of the machine.
        shutil.copyfile(file, f"/proc/{self._init}/root/tmp/{file.name}")
        return f"/tmp/{file.name}"

    def copy_tree(self, *names: str) -> str:
        """Put folders of the repository into one below /tmp; return its path there."""
        for name in names:
            target = Path(f"/proc/{self._init}/root/tmp/source", name)
            shutil.copytree(REPOSITORY / name, target, dirs_exist_ok=True)
        return "/tmp/source"

    @contextlib.contextmanager
    def network(self) -> Iterator[None]:
        """Open sockets in the machine's network; they stay there when used later."""
        libc = ctypes.CDLL(None, use_errno=True)

        def enter(path: str) -> None:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                if libc.setns(file, CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            finally:
                os.close(file)

        own = f"/proc/self/task/{threading.get_native_id()}/ns/net"
        back = os.open(own, os.O_RDONLY | os.O_CLOEXEC)
        try:
            enter(f"/proc/{self._init}/ns/net")
            yield
        finally:
            enter(f"/proc/self/fd/{back}")
            os.close(back)

    def _is_up(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            text = (self._folder / "console").read_text("utf-8", "replace")
            raise AssertionError(f"the system ended while booting:\n{text}")
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        pids = children.read_text().split()
        if not pids or Path(f"/proc/{pids[0]}/comm").read_text() != "systemd\n":
            return False
        self._init = int(pids[0])
        _, state = self.result("systemctl is-system-running")
        return state.strip() in {"running", "degraded"}

    def _forget_cgroup(self) -> bool:
        if self._cgroup.exists():
            for folder in sorted(self._cgroup.rglob("*"), reverse=True):
                if folder.is_dir():
                    with contextlib.suppress(OSError):
                        folder.rmdir()
            with contextlib.suppress(OSError):
                self._cgroup.rmdir()
        return not self._cgroup.exists()


def _host(*words: str) -> None:
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)

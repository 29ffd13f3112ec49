"""Boots a guest under qemu and talks to it.

The first serial port is the guest's console, kept in a file; the second carries
commands, one a line, and what they print. Emulated (TCG), so that it runs anywhere.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import re
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.guests.kernel import Kernel, busybox, folder, kernels
from tests.needs import INSTALL, missing_program, other_machine

QEMU = "qemu-system-x86_64"
BOOT_S = 240.0  # ten seconds on an idle machine


def why_no_guest() -> str:
    """Return why no guest can be booted here; "" where one can."""
    # A guest runs this machine's own Python on a kernel for PCs.
    if reason := other_machine("x86_64") or missing_program(QEMU, "depmod", "ip"):
        return reason
    if busybox() is None or not kernels():
        return f"{INSTALL}: no kernels in {folder()}: tools/client-test --fetch"
    return ""


class GuestError(AssertionError):
    """A command that failed, or a guest that does not answer; with its console."""


class Guest:
    """A running guest."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self.console_file = folder / "console"
        self._qmp = folder / "qmp"
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._heard = b""
        try:
            self._connect(folder / "commands")
            self.wait_ready()
        except BaseException:
            self._line.close()
            raise

    def _connect(self, path: Path) -> None:
        end = time.monotonic() + BOOT_S
        while True:
            try:
                self._line.connect(str(path))
            except OSError as error:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise GuestError("qemu did not start") from error
                time.sleep(0.05)
            else:
                return

    def wait_ready(self) -> None:
        """Wait until a boot is over."""
        self._until(rb"--ready--\r?\n", BOOT_S)

    def interrupt(self) -> None:
        """Send every processor an NMI."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(60)
            line.connect(str(self._qmp))
            with line.makefile("r") as answers:
                for command in ("qmp_capabilities", "inject-nmi"):
                    line.sendall(b'{"execute": "%s"}\n' % command.encode())
                    while '"return"' not in (answer := answers.readline()):
                        assert '"error"' not in answer, answer

    def console(self) -> str:
        """Return what the console has shown so far."""
        if not self.console_file.exists():
            return ""
        return self.console_file.read_text("utf-8", "replace")

    def run(self, command: str, *, timeout_s: float = 120.0, check: bool = True) -> str:
        """Run a shell command in the guest; its output, both streams."""
        self._line.sendall(f"{command}\n".encode())
        match = self._until(rb"--end (\d+)--\r?\n", timeout_s)
        output = match.string[: match.start()].decode("utf-8", "replace")
        if check and match.group(1) != b"0":
            raise GuestError(f"{command}: status {match.group(1)!r}\n{output}")
        return output.replace("\r\n", "\n")

    def start(self, command: str) -> None:
        """Run a command of which nothing is expected to come back (a crash)."""
        self._line.sendall(f"{command}\n".encode())

    def put(self, path: str, text: str) -> None:
        """Write a file in the guest."""
        where = shlex.quote(path)
        code = base64.b64encode(text.encode()).decode()
        self.run(f"mkdir -p $(dirname {where}); echo {code} | base64 -d > {where}")

    def wait_console(self, pattern: str, *, timeout_s: float = 60.0) -> None:
        """Wait for the console to show something."""
        end = time.monotonic() + timeout_s
        while not re.search(pattern, self.console()):
            if time.monotonic() > end:
                raise GuestError(f"no {pattern!r} on the console:\n{self.console()}")
            time.sleep(0.1)

    def ended(self, *, timeout_s: float = 60.0) -> bool:
        """Return whether the guest's power goes off in that time."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        self._line.close()
        self._process.kill()
        self._process.wait(30)

    def _until(self, pattern: bytes, timeout_s: float) -> re.Match[bytes]:
        end = time.monotonic() + timeout_s
        while True:
            match = re.search(pattern, self._heard)
            if match:
                self._heard = self._heard[match.end() :]
                return match
            left = end - time.monotonic()
            self._line.settimeout(max(left, 0.01))
            try:
                data = self._line.recv(1 << 16)
            except TimeoutError:
                data = b""
            if not data:
                raise GuestError(f"no answer:\n{self.console()[-4000:]}")
            self._heard += data


@dataclasses.dataclass(frozen=True, slots=True)
class Hardware:
    """What kind of machine it is."""

    memory_mb: int = 256
    processors: int = 1
    reboots: bool = False  # or a reset is its end


def command(
    kernel: Kernel,
    folder: Path,
    append: str,
    network: Sequence[str],
    hardware: Hardware,
) -> list[str]:
    """The qemu command line of a guest whose initramfs is ``folder/initrd``."""
    return [
        QEMU,
        *("-accel", "tcg,thread=multi", "-cpu", "qemu64"),
        *("-smp", str(hardware.processors), "-m", str(hardware.memory_mb)),
        *("-display", "none", "-nodefaults", "-no-user-config"),
        *(() if hardware.reboots else ("-no-reboot",)),
        *("-qmp", f"unix:{folder / 'qmp'},server=on,wait=off"),
        *("-kernel", str(kernel.image), "-initrd", str(folder / "initrd")),
        *("-append", f"console=ttyS0 net.ifnames=0 {append}"),
        *("-serial", f"file:{folder / 'console'}"),
        *("-serial", f"unix:{folder / 'commands'},server=on,wait=off"),
        *network,
    ]


@contextlib.contextmanager
def boot(
    kernel: Kernel,
    folder: Path,
    image: bytes,
    *,
    append: str = "",
    network: Sequence[str] = (),
    inside: Sequence[str] = (),
    hardware: Hardware = Hardware(),
) -> Iterator[Guest]:
    """Boot a guest; ``inside`` is put before qemu (ip netns exec NAME)."""
    (folder / "initrd").write_bytes(image)
    with (folder / "qemu.log").open("wb") as log:
        process = subprocess.Popen(
            [*inside, *command(kernel, folder, append, network, hardware)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        guest = Guest(process, folder)
    except BaseException:
        process.kill()
        process.wait(30)
        raise
    try:
        yield guest
    finally:
        guest.close()

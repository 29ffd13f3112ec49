"""Builds a guest's initramfs: busybox, Debian's Python, ip, kmod and the client.

Written as a cpio archive ("newc") by ourselves, so that no root and no cpio is needed
and devices come from devtmpfs.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from tests.guests.kernel import Kernel, busybox

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"
# With all that they depend on; what a kernel has built in or lacks is left out.
MODULES = (
    "virtio_pci", "virtio_net", "configfs", "netconsole", "8021q", "bonding", "bridge",
    "macvlan", "dummy", "veth", "softdog", "i6300esb", "loop", "ext4",
)  # fmt: skip

INIT = """#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
hostname guest
modprobe virtio_pci 2>/dev/null
modprobe virtio_net
ip link set lo up
stty -F /dev/ttyS1 raw -echo
exec 3<>/dev/ttyS1
echo "--ready--" >&3
while IFS= read -r line <&3; do
    [ "$line" != --exit-- ] || exit 11
    # This shell prefers its own applets, and its ip speaks no JSON.
    sh -c "ip() { /usr/sbin/ip \"\\$@\"; }; $line" </dev/null >&3 2>&1
    echo "--end $?--" >&3
done
"""
# What the package installs as /usr/bin/omprog-panic-client.
PROGRAM = f"""#!{PYTHON} -I
import sys
sys.path.insert(0, "/usr/share/omprog-panic-client")
from omprog_panic_client.cli import main
sys.exit(main())
"""


@dataclasses.dataclass
class Archive:
    """A cpio archive in the making."""

    _parts: list[bytes] = dataclasses.field(default_factory=list)
    _folders: set[str] = dataclasses.field(default_factory=set)

    def file(
        self, path: str, data: bytes, mode: int = 0o644, changed_at: int = 0
    ) -> None:
        self._parents(path)
        self._entry(path, stat.S_IFREG | mode, data, changed_at)

    def link(self, path: str, target: str) -> None:
        self._parents(path)
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def folder(self, path: str) -> None:
        self._parents(f"{path}/x")

    def copy(self, source: Path, path: str | None = None) -> None:
        status = source.stat()
        mode = 0o755 if status.st_mode & 0o100 else 0o644
        # Compiled Python is good only for a source of the same time.
        self.file(path or str(source), source.read_bytes(), mode, int(status.st_mtime))

    def data(self) -> bytes:
        trailer = Archive()
        trailer._entry("TRAILER!!!", 0, b"")
        return b"".join(self._parts + trailer._parts)

    def _parents(self, path: str) -> None:
        for parent in reversed(Path(path.lstrip("/")).parents):
            name = str(parent)
            if name != "." and name not in self._folders:
                self._folders.add(name)
                self._entry(name, stat.S_IFDIR | 0o755, b"")

    def _entry(self, path: str, mode: int, data: bytes, changed_at: int = 0) -> None:
        name = path.lstrip("/").encode() + b"\0"
        number = len(self._parts) + 1
        values = (
            number,
            mode,
            0,
            0,
            1,
            changed_at,
            len(data),
            0,
            0,
            0,
            0,
            len(name),
            0,
        )
        head = b"070701" + b"".join(b"%08X" % value for value in values)
        self._parts.append(_padded(head + name) + _padded(data))


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def build_image(kernel: Kernel, *, files: dict[str, bytes] | None = None) -> bytes:
    """Return the initramfs of a guest; ``files`` are put in besides."""
    archive = Archive()
    for name in ("proc", "sys", "dev", "run", "tmp", "etc", "var/lib"):
        archive.folder(name)
    _add_busybox(archive)
    for path in _userland():
        archive.copy(path)
    for source in sorted((REPOSITORY / "omprog_panic_client").rglob("*.py")):
        for path in [source, *_compiled(source)]:
            there = path.relative_to(REPOSITORY)
            archive.copy(path, f"usr/share/omprog-panic-client/{there}")
    archive.file("usr/bin/omprog-panic-client", PROGRAM.encode(), 0o755)
    for name in ("modprobe", "insmod", "rmmod", "lsmod"):
        archive.link(f"bin/{name}", "/usr/bin/kmod")
    archive.link("usr/bin/python3", Path(PYTHON).resolve().name)
    archive.file("init", INIT.encode(), 0o755)
    archive.file("etc/hosts", b"127.0.0.1 localhost\n")
    add_modules(archive, kernel)
    for name, data in (files or {}).items():
        archive.file(name, data, 0o755)
    return archive.data()


def _add_busybox(archive: Archive) -> None:
    program = busybox()
    assert program is not None, "no busybox: tools/client-test --fetch"
    archive.copy(program, "bin/busybox")
    applets = subprocess.run(
        [program, "--list"], capture_output=True, text=True, check=True
    ).stdout.split()
    for applet in applets:
        # The real ones are there: busybox's ip speaks no JSON.
        if applet not in {"busybox", "ip", "modprobe", "rmmod", "insmod", "lsmod"}:
            archive.link(f"bin/{applet}", "busybox")


@functools.cache
def _userland() -> tuple[Path, ...]:
    """Debian's Python with the modules that the client imports, ip and kmod."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import omprog_panic_client.cli\n"
        "import encodings.idna, encodings.ascii, encodings.latin_1\n"
        "for m in list(sys.modules.values()):\n"
        "    print(getattr(m, '__file__', None) or '')"
    )
    listed = subprocess.run(
        [PYTHON, "-I", "-S", "-c", script, str(REPOSITORY)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    files = {Path(name) for name in listed if name.startswith("/usr/lib")}
    files |= {path for source in files for path in _compiled(source)}
    programs = [Path(PYTHON).resolve(), Path("/usr/sbin/ip"), Path("/usr/bin/kmod")]
    files.update(programs)
    for binary in [*programs, *(f for f in files if f.suffix == ".so")]:
        files.update(_libraries(binary))
    return tuple(sorted(files))


def _compiled(source: Path) -> list[Path]:
    """Return the compiled files of Debian's Python, which save seconds."""
    tag = f"cpython-{''.join(Path(PYTHON).resolve().name[6:].split('.'))}"
    return list((source.parent / "__pycache__").glob(f"{source.stem}.{tag}.pyc"))


def _libraries(binary: Path) -> set[Path]:
    output = subprocess.run(
        ["ldd", binary], capture_output=True, text=True, check=False
    ).stdout
    return {Path(name) for name in re.findall(r"(/\S+\.so\S*)", output)}


def add_modules(archive: Archive, kernel: Kernel, lib: str = "lib") -> None:
    """Add modules uncompressed, with the dependencies that depmod finds."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name) / "lib/modules" / kernel.release
        base.mkdir(parents=True)
        for path in kernel.modules.glob("modules.[bo]*"):  # builtin*, order
            shutil.copy(path, base)
        needed = list(MODULES)
        for module in needed:  # grows while it runs
            data = kernel.module(module)
            if data is None:
                continue
            (base / "kernel").mkdir(exist_ok=True)
            (base / "kernel" / f"{module}.ko").write_bytes(data)
            depends = re.search(rb"\0depends=([^\0]*)\0", data)
            more = depends.group(1).decode().split(",") if depends else []
            needed += [m for m in more if m and m not in needed]
        subprocess.run(["depmod", "-b", name, kernel.release], check=True)
        for path in sorted(p for p in base.rglob("*") if p.is_file()):
            archive.copy(
                path, f"{lib}/modules/{kernel.release}/{path.relative_to(base)}"
            )

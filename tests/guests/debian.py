"""A whole Debian as a guest: systemd, udev and our package, in an initramfs.

For what only a real boot shows: units, timer, hook, the farewell at shutdown. Needs
root, mmdebstrap and the network once; the tree is kept beside the kernels.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.guests.image import Archive, add_modules
from tests.guests.kernel import Kernel, folder

PACKAGES = ("systemd", "systemd-sysv", "udev", "dbus", "iproute2", "kmod", "python3")
_USELESS = ("usr/share/doc", "usr/share/locale", "usr/share/man", "var/lib/apt/lists")

_AGENT = """[Unit]
Description=Runs the commands of the test
After=multi-user.target
[Service]
ExecStart=/usr/local/sbin/agent
StandardInput=null
[Install]
WantedBy=multi-user.target
"""
_AGENT_PROGRAM = """#!/bin/sh
stty -F /dev/ttyS1 raw -echo
exec 3<>/dev/ttyS1
echo "--ready--" >&3
while IFS= read -r line <&3; do
    sh -c "$line" </dev/null >&3 2>&1
    echo "--end $?--" >&3
done
"""
_NETWORK = """[Match]
Name=eth0
[Network]
Address=10.0.0.2/24
Gateway=10.0.0.254
"""


def tree(release: str, mirror: Sequence[str] = ()) -> Path:
    """A clean tree of a release, made when it is missing."""
    target = folder() / f"debian-{release}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(".draft")
        argv = ["mmdebstrap", "-q", "--variant=apt", f"--include={','.join(PACKAGES)}"]
        argv += ["--format=directory", release, str(draft), *mirror]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
        draft.rename(target)
    return target


def debian_image(root: Path, kernel: Kernel, package: Path) -> bytes:
    """The initramfs of a guest with ``package`` installed in a copy of the tree.

    Raises:
        subprocess.CalledProcessError: the package does not install.

    """
    copy = root.with_name(f"{root.name}.{os.getpid()}")
    subprocess.run(["cp", "-a", "--reflink=auto", root, copy], check=True)
    try:
        subprocess.run(["cp", package, copy / "root/client.deb"], check=True)
        install = ["chroot", str(copy), "dpkg", "-i", "/root/client.deb"]
        subprocess.run(install, check=True, capture_output=True)
        _prepare(copy)
        archive = Archive()
        _add_tree(archive, copy)
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", copy], check=True)
    add_modules(archive, kernel, "usr/lib")  # /lib is a link there
    return archive.data()


def _prepare(root: Path) -> None:
    files = {
        "usr/local/sbin/agent": _AGENT_PROGRAM,
        "etc/systemd/system/agent.service": _AGENT,
        "etc/systemd/network/eth0.network": _NETWORK,
        "etc/hostname": "guest\n",
        "etc/modules-load.d/net.conf": "virtio_pci\nvirtio_net\n",
        "etc/fstab": "",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "usr/local/sbin/agent").chmod(0o755)
    enable = ["chroot", str(root), "systemctl", "enable", "agent", "systemd-networkd"]
    subprocess.run(enable, check=True, capture_output=True)
    for name in _USELESS:
        subprocess.run(["rm", "-rf", root / name], check=True)
    (root / "init").symlink_to("sbin/init")


def _add_tree(archive: Archive, root: Path) -> None:
    for base, folders, names in os.walk(root):
        here = Path(base)
        for name in sorted(folders + names):
            path = here / name
            there = str(path.relative_to(root))
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                archive.link(there, str(path.readlink()))
            elif stat.S_ISDIR(mode):
                archive.folder(there)
            elif stat.S_ISREG(mode):
                when = int(path.stat().st_mtime)
                archive.file(there, path.read_bytes(), stat.S_IMODE(mode), when)

"""Kernels for guests: packages of Debian, unpacked; nothing is installed.

A folder with one sub-folder a kernel: OMPROG_PANIC_GUESTS, or
``~/.cache/omprog-panic/guests``. ``tools/client-test --fetch`` fills it.
"""

from __future__ import annotations

import dataclasses
import lzma
import os
import re
from pathlib import Path

VARIABLE = "OMPROG_PANIC_GUESTS"


def folder() -> Path:
    """Return the folder of unpacked kernels and busybox."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path.home() / ".cache/omprog-panic/guests"


@dataclasses.dataclass(frozen=True, slots=True)
class Kernel:
    release: str
    image: Path
    modules: Path  # .../lib/modules/RELEASE

    @property
    def name(self) -> str:
        """Major and minor, for test names."""
        return ".".join(self.release.split(".")[:2])

    def module(self, name: str) -> bytes | None:
        """A module's ELF file; None when it is built in or missing."""
        for path in self.modules.rglob(f"{name}.ko*"):
            data = path.read_bytes()
            return lzma.decompress(data) if path.suffix == ".xz" else data
        return None


def kernels() -> list[Kernel]:
    """Return the kernels that are there, oldest first; the newest build of each."""
    found = []
    for root in folder().glob("linux-*"):
        image = next(root.glob("**/vmlinuz*"), None)
        found += [
            Kernel(modules.name, image, modules)
            for modules in sorted(root.glob("**/lib/modules/*"))
            if image is not None and any(modules.rglob("netconsole.ko*"))
        ]
    found.sort(key=lambda k: [int(n) for n in re.findall(r"\d+", k.release)])
    return list({kernel.name: kernel for kernel in found}.values())


def busybox() -> Path | None:
    """A static busybox."""
    return next(iter(sorted(folder().glob("busybox*/bin/busybox"))), None)

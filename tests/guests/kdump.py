"""Arms kdump in a guest without kexec-tools: one system call, in a tiny program.

The crash kernel is the guest's own; without an initramfs it panics and resets.
"""

from __future__ import annotations

import struct

from tests.guests.kernel import Kernel

CRASH_KERNEL = "crashkernel=192M"
ARM = "/kexec 3</vmlinuz"
_COMMAND_LINE = b"console=ttyS0 panic=-1 nr_cpus=1\0"
_BASE, _HEAD = 0x400000, 64 + 56
_KEXEC_FILE_LOAD, _EXIT = 320, 60
_ON_CRASH, _NO_INITRAMFS = 2, 4


def kdump_files(kernel: Kernel) -> dict[str, bytes]:
    """What the guest needs: the program as ``/kexec``, the kernel as ``/vmlinuz``."""
    return {"kexec": _program(), "vmlinuz": kernel.image.read_bytes()}


def _program() -> bytes:
    """``exit(kexec_file_load(3, -1, length, line, flags))`` for x86-64."""
    code = b"".join(
        (
            b"\xb8" + struct.pack("<I", _KEXEC_FILE_LOAD),  # mov eax
            b"\xbf" + struct.pack("<I", 3),  # mov edi
            b"\xbe" + struct.pack("<i", -1),  # mov esi
            b"\xba" + struct.pack("<I", len(_COMMAND_LINE)),  # mov edx
            b"\x41\xb8" + struct.pack("<I", _ON_CRASH | _NO_INITRAMFS),  # mov r8d
        )
    )
    rest = bytes.fromhex("0f05 f7d8 89c7 b8") + struct.pack("<I", _EXIT) + b"\x0f\x05"
    line = b"\x4c\x8d\x15" + struct.pack("<i", len(rest))  # lea r10, [rip + rest]
    body = code + line + rest + _COMMAND_LINE
    size = _HEAD + len(body)
    head = b"\x7fELF\2\1\1" + bytes(9)
    head += struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, _BASE + _HEAD, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    head += struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 4096)
    return head + body

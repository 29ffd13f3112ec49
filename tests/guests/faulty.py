"""A kernel module that crashes on purpose, made of one that the kernel's package has.

``dummy.ko`` has a short init function; machine code of ours takes the place of the
first thing that it does. So no compiler and no headers of each kernel are needed, and
the crash happens as any driver's does: in a module, in the process that loads it.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from tests.guests.kernel import Kernel

MODULE = "dummy"
FUNCTION = f"{MODULE}_init_module"
_SIGNED = b"~Module signature appended~\n"
_PLT32, _NONE = 4, 0  # R_X86_64_*

# movl $1, 8(NULL)
NULL_DEREFERENCE = bytes.fromhex("31c0c7400801000000")
# jmp to itself
ENDLESS_LOOP = bytes.fromhex("ebfe")


# The address of a kernel function, which ``aim`` fills in; call it, then loop.
_ADDRESS = b"\xaa" * 8
_CALL = b"\x48\xb8" + _ADDRESS + b"\xff\xd0" + ENDLESS_LOOP
# mov $1000000, %edi: msleep sleeps as a driver does that waits for its device
LONG_SLEEP = b"\xbf" + struct.pack("<I", 1_000_000) + _CALL
# lea -64(%rsp), %rdi; mov $REFCOUNT_ADD_UAF, %esi: refcount_warn_saturate warns as
# for a reference count that is used after it was 0
REFCOUNT_WARNING = bytes.fromhex("488d7c24c0be02000000") + _CALL


def aim(module: bytes, path: str, function: str) -> str:
    """Return the command by which a guest fills in where its kernel has a function."""
    place = module.index(_ADDRESS)
    return (
        'python3 -c \'import re; symbols = open("/proc/kallsyms").read(); '
        f'found = re.search(r"(\\w+) . {function}\\n", symbols); '
        f'file = open("{path}", "r+b"); file.seek({place}); '
        'file.write(int(found[1], 16).to_bytes(8, "little"))\''
    )


class _Section(NamedTuple):
    name: str
    kind: int
    offset: int
    size: int


def faulty_module(kernel: Kernel, code: bytes) -> bytes:
    """Return a module whose init function runs ``code``.

    Behind all that the function saves on the stack, at its first call, so that the
    kernel's unwinder finds its way. What was there is no more to be relocated.
    """
    module = kernel.module(MODULE)
    assert module is not None
    data = bytearray(_unsigned(module))
    sections = {section.name: section for section in _sections(data)}
    text, relocations = sections[".init.text"], sections[".rela.init.text"]
    starts = range(relocations.offset, relocations.offset + relocations.size, 24)
    calls = [
        offset
        for offset, info, _ in (struct.unpack_from("<QQq", data, s) for s in starts)
        if info & 0xFFFFFFFF == _PLT32
    ]
    begin = calls[1] - 1  # the first is ftrace's, and the opcode has one byte
    data[text.offset + begin : text.offset + begin + len(code)] = code
    for start in starts:
        (offset,) = struct.unpack_from("<Q", data, start)
        if begin - 4 < offset < begin + len(code):
            struct.pack_into("<I", data, start + 8, _NONE)
    return bytes(data)


def _unsigned(module: bytes) -> bytes:
    """Take the signature off, which would be wrong; without one it only taints."""
    if not module.endswith(_SIGNED):
        return module
    end = len(module) - len(_SIGNED)
    (size,) = struct.unpack_from(">I", module, end - 4)  # struct module_signature
    return module[: end - 12 - size]


def _sections(data: bytes | bytearray) -> list[_Section]:
    (table,) = struct.unpack_from("<Q", data, 40)
    entry, count, names = struct.unpack_from("<HHH", data, 58)
    heads = [
        struct.unpack_from("<IIQQQQ", data, table + entry * number)
        for number in range(count)
    ]
    strings = heads[names][4]
    found = []
    for name, kind, _flags, _address, offset, size in heads:
        end = data.index(b"\0", strings + name)
        found.append(
            _Section(data[strings + name : end].decode(), kind, offset, size),
        )
    return found

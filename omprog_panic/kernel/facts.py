"""Read what a report says about the machine. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from omprog_panic.kernel import arch
from omprog_panic.kernel.call_trace import TraceItemKind
from omprog_panic.kernel.hardware import hardware_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omprog_panic.kernel.call_trace import TraceItem
    from omprog_panic.kernel.report import Frame

# kernel/panic.c taint_flags
TAINTS: dict[str, str] = {
    "P": "proprietary module",
    "F": "module loaded by force",
    "S": "kernel running on an out of specification system",
    "R": "module unloaded by force",
    "M": "machine check happened",
    "B": "bad page",
    "U": "user space asked for it",
    "D": "an oops or BUG happened before",
    "A": "ACPI table overridden",
    "W": "a warning happened before",
    "C": "staging driver",
    "I": "firmware bug worked around",
    "O": "out-of-tree module",
    "E": "unsigned module",
    "L": "soft lockup happened",
    "K": "live patch",
    "X": "auxiliary taint of the distributor",
    "T": "structure layout randomised",
    "N": "in-kernel test",
    "J": "fwctl used",
}
MAX_FRAMES = 200
MAX_REGISTER_LINES = 64

# lib/dump_stack.c dump_stack_print_info
_CPU = re.compile(
    r"CPU: (?P<cpu>\d+) (?:UID: \d+ )?PID: (?P<pid>-?\d+) Comm: (?P<comm>.{1,64}?) "
    r"(?:Kdump: loaded )?(?:Not tainted|Tainted: (?P<taint>[A-Z ]+?)) +"
    r"(?P<kernel>\d+\.\d[^ ]*)(?: (?P<build>.*))?$",
)
_OLD_PID = re.compile(
    r"Pid: (?P<pid>\d+), comm: (?P<comm>.{1,64}?) "
    r"(?:Not tainted|Tainted: (?P<taint>[A-Z ]+?)) +(?P<kernel>\d+\.\d[^ ]*)"
    r"(?: (?P<build>#.*?))?(?: (?P<hw>[A-Z].*))?$",
)
_HARDWARE = re.compile(r"Hardware name: (?P<hw>.+)$")
_MODULES = re.compile(r"Modules linked in: ?(?P<modules>.*)$")
_UNLOADED = re.compile(r"\[last unloaded: [^\]]*\]")
_FLAGS = re.compile(r"\([A-Z+-]+\)$")
_CODE = re.compile(r"Code: (?P<code>[0-9a-f<>() ?]{8,})$")
_REGISTER = re.compile(rf"(?:{'|'.join(arch.column('registers'))}) ?[:=]")


def _modules(text: str) -> tuple[str, ...]:
    return tuple(_FLAGS.sub("", name) for name in _UNLOADED.sub("", text).split())


def _cpu_line(found: dict[str, object], match: re.Match[str]) -> None:
    groups = match.groupdict()
    found.setdefault("pid", int(groups["pid"]))
    found.setdefault("process", groups["comm"])
    found.setdefault("kernel", groups["kernel"])
    if groups.get("cpu"):
        found.setdefault("cpu", int(groups["cpu"]))
    if groups.get("build"):
        found.setdefault("kernel_build", groups["build"].strip())
    if groups.get("hw"):
        found.setdefault("hardware", groups["hw"])
    letters = "".join((groups["taint"] or "").split())
    if letters.strip("G"):
        found.setdefault("taint", letters)
        words = tuple(TAINTS[letter] for letter in letters if letter in TAINTS)
        found.setdefault("taint_words", words)


def _read_cpu(found: dict[str, object], text: str) -> None:
    if match := _CPU.match(text):
        _cpu_line(found, match)


def _read_old_pid(found: dict[str, object], text: str) -> None:
    if match := _OLD_PID.match(text):
        _cpu_line(found, match)


def _read_hardware(found: dict[str, object], text: str) -> None:
    if match := _HARDWARE.match(text):
        found.setdefault("hardware", match["hw"].strip())


def _read_modules(found: dict[str, object], text: str) -> None:
    if match := _MODULES.match(text):
        found.setdefault("modules", _modules(match["modules"]))


def _read_code(found: dict[str, object], text: str) -> None:
    if match := _CODE.match(text):
        found.setdefault("code", match["code"].strip())


_READERS: dict[str, Callable[[dict[str, object], str], None]] = {
    "CPU: ": _read_cpu,
    "Pid: ": _read_old_pid,
    "Hardw": _read_hardware,
    "Modul": _read_modules,
    "Code:": _read_code,
}


def read_facts(texts: Sequence[str], items: Sequence[TraceItem]) -> dict[str, object]:
    """Return the fields of ``Facts`` that the lines of a report contain."""
    found: dict[str, object] = {}
    registers: list[str] = []
    for raw in texts:
        text = raw.strip()
        read = _READERS.get(text[:5])
        if read is not None:
            read(found, text)
        elif (
            (":" in text or "=" in text)
            and len(registers) < MAX_REGISTER_LINES
            and _REGISTER.match(text)
        ):
            registers.append(text)
    found["registers"] = tuple(registers)
    found["frames"] = _first_frames(items)
    if (pc := _pc(items)) is not None:
        found["pc"] = pc
    if words := hardware_error(texts[:200]):
        found["hardware_error"] = words
    return found


def _pc(items: Sequence[TraceItem]) -> str | None:
    """Return the first program counter that is not another processor's."""
    for item in items:
        if item.kind is TraceItemKind.HEADING and item.text.startswith("NMI backtrace"):
            return None
        if item.kind is TraceItemKind.PROGRAM_COUNTER:
            if item.frame is not None:
                return str(item.frame)
            if item.text.startswith("RIP: 0010:"):
                return item.text.removeprefix("RIP: 0010:").strip() or None
    return None


def _first_frames(items: Sequence[TraceItem]) -> tuple[Frame, ...]:
    frames: list[Frame] = []
    for item in items:
        if item.kind is TraceItemKind.HEADING and frames:
            break
        if item.kind is TraceItemKind.FRAME and item.frame is not None:
            frames.append(item.frame)
            if len(frames) == MAX_FRAMES:
                break
    return tuple(frames)

"""Read what a report says about the machine. Pure."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from omprog_panic.kernel import arch
from omprog_panic.kernel.call_trace import TraceItemKind
from omprog_panic.kernel.hardware import hardware_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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

# print_tainted: letters with blanks between, which vendors pad with dashes for flags of
# their own (RHEL 5 to 10, Oracle, SUSE: "G        W  OE    --------- -t - ").
_TAINT = (
    r"(?:\(?Not tainted\)?|Tainted: (?P<taint>[A-Z][A-Za-z -]{0,60}?))[ -]{1,60}"
    r"(?:VLI +)?"
)
# The release, in parentheses up to 2.6.26, and what follows: "#1 SMP Debian 6.1.0".
_RELEASE = (
    r"(?P<open>\()?(?P<kernel>\d{1,2}\.\d{1,3}[^ ()]{0,64})(?:[ ,](?P<build>.*))?"
)
# lib/dump_stack.c dump_stack_print_info, and its forerunners in each architecture.
_CPU = re.compile(
    r"CPU: ?(?P<cpu>\d+) ++(?:UID: \d+ )?(?:PID: (?P<pid>-?\d+) Comm: "
    r"(?P<comm>.{0,64}?) )?"
    r" *(?:Kdump: loaded )?" + _TAINT + _RELEASE,
)
_OLD_PID = re.compile(
    r"(?:Modules linked in: .{0,4000}?)?"
    r"Pid: (?P<pid>\d+), (?:CPU (?P<cpu>\d+), )?comm: *(?P<comm>.{1,64}?) "
    + _TAINT
    + r"\(?(?P<kernel>\d{1,2}\.\d{1,3}[^ ()]{0,64})"
    r"(?: (?P<build>#[^()]*?))?\)?(?: (?P<hw>[A-Z].*))?$",
)
# Header lines of hung tasks, of sparc, alpha and old powerpc: taint and release alone.
_TAINT_LINE = re.compile(_TAINT + _RELEASE)
# kernel/locking/lockdep.c print_kernel_ident(): "6.1.0-rc3+ #22 Not tainted"
_IDENT = re.compile(
    r"(?P<kernel>\d\.\d{1,3}[^ ]{0,64}) (?P<build>#\S{1,40}) "
    r"(?:Not tainted|Tainted: (?P<taint>[A-Z][A-Za-z -]{0,60}?))[ -]{0,60}$"
)
# i386 up to 2.6.30: "EFLAGS: 00010246   (2.6.18-8.el5 #1)"
_EFLAGS = re.compile(r"EFLAGS: [0-9a-f]{8} +(?=\()" + _RELEASE)
# "Process insmod (pid: 123, ti=..." of arm, mips, x86 before 3.10 and others; powerpc
# xmon: "pid   = 0, comm = swapper/44"; powerpc: "TASK = c0000000f[1] 'swapper'".
_PROCESS = re.compile(
    r"Process (?P<comm>.{1,64}?) \(pid: (?P<pid>\d+)[,)]|"
    r"pid +=\s+(?P<pid2>\d+), comm = (?P<comm2>.{1,64})$|"
    r"TASK(?: = |: )[0-9a-f]+\[(?P<pid3>\d+)\] '(?P<comm3>[^']{1,64})'(?:.*CPU: "
    r"(?P<cpu3>\d+))?|"
    r"Showing stack for process (?P<pid4>\d+)$|"
    # sh; ia64, whose line has neither taint nor release
    r"Pid ?: (?P<pid5>\d+), (?:CPU (?P<cpu5>\d+), )?[Cc]omm:\s+(?P<comm5>\S.{0,63})$",
)
# ia64 "insmod[1522]: Oops 11012296146944 [1]", alpha "swapper(1): Oops 0"
_DIED = re.compile(
    r"(?:CPU \d+ )?(?P<comm>[^ :(\[]{1,16})(?:\[(?P<pid>\d{1,7})\]: .{1,60} \[\d+\]|"
    r"\((?P<pid2>\d{1,7})\): .{1,60})$"
)
# The victim of a stalled processor: "task:python  state:R ... pid:554348 ppid:1", or
# "kopald          R  running task        0   854      2 0x00000804" before 5.11.
_TASK = re.compile(
    r"task:(?P<comm>.{1,16}?) +state:.*? pid: *(?P<pid>\d+)|"
    r"(?P<comm2>\S.{0,15}?) +R +running task +\d+ +(?P<pid2>\d+) "
)
# ia64: "psr : ... ip  : [<a000000201550090>]    Tainted: G (2.6.18 #1)"; sh: "CPU : 0
# Not tainted  (3.4.0 #12)"
_TAINT_BEHIND = re.compile(
    r"(?:psr : .{20,120}\]|CPU : (?P<cpu>\d+))\s+" + _TAINT + _RELEASE
)
_XMON_CPU = re.compile(r"cpu (?P<cpu>0x[0-9a-f]+): Vector: ")
_CPU_ALONE = re.compile(r"(?:CPU|Cpu) ?#?:? *(?P<cpu>\d+) *$")
_HARDWARE = re.compile(r"(?:Hardware name|Machine model|Hardware): (?P<hw>.+)$")
_MODULES = re.compile(r"Modules linked in: ?(?P<modules>.*)$")
_UNLOADED = re.compile(r"\[last unloaded: [^\]]*\]")
_FLAGS = re.compile(r"\(([A-Z+-]+)\)$")
_CODE = re.compile(r"Code: (?P<code>[0-9a-f<>() ?]{8,})$")
_REGISTER = re.compile(rf"(?:{'|'.join(arch.column('registers'))}) ?[:=]")


def _modules(text: str) -> tuple[str, ...]:
    return tuple(_FLAGS.sub("", name) for name in _UNLOADED.sub("", text).split())


def _module_flags(text: str) -> tuple[tuple[str, str], ...]:
    words = _UNLOADED.sub("", text).split()
    flags = [(word, _FLAGS.search(word)) for word in words if word.endswith(")")]
    return tuple((word[: f.start()], f[1]) for word, f in flags if f)


def _cpu_line(found: dict[str, object], match: re.Match[str]) -> None:
    groups = match.groupdict()
    if groups.get("comm"):
        found.setdefault("pid", int(groups["pid"]))
        found.setdefault("process", groups["comm"].strip())
    _release(found, match)
    if groups.get("cpu"):
        found.setdefault("cpu", int(groups["cpu"]))
    if groups.get("hw"):
        found.setdefault("hardware", groups["hw"])


def _release(found: dict[str, object], match: re.Match[str]) -> None:
    """Read release, build and taint, which stand side by side."""
    groups = match.groupdict()
    found.setdefault("kernel", groups["kernel"])
    build = (groups.get("build") or "").strip()
    if groups.get("open"):
        build = build.partition(")")[0]
    if build:
        found.setdefault("kernel_build", build)
    letters = "".join(c for c in groups.get("taint") or "" if c.isalpha())
    if letters.strip("G"):
        found.setdefault("taint", letters)
        words = tuple(TAINTS[letter] for letter in letters if letter in TAINTS)
        found.setdefault("taint_words", words)


def _read_cpu(found: dict[str, object], text: str) -> None:
    if match := _CPU.match(text) or _TAINT_BEHIND.match(text):
        _cpu_line(found, match)
    elif match := _CPU_ALONE.match(text):
        found.setdefault("cpu", int(match["cpu"]))


def _read_old_pid(found: dict[str, object], text: str) -> None:
    if match := _OLD_PID.match(text):
        _cpu_line(found, match)
    else:
        _read_process(found, text)


def _read_taint(found: dict[str, object], text: str) -> None:
    if match := _TAINT_LINE.match(text):
        _release(found, match)


def _read_ident(found: dict[str, object], text: str) -> None:
    if match := _IDENT.match(text):
        _release(found, match)


def _read_eflags(found: dict[str, object], text: str) -> None:
    if match := _EFLAGS.match(text):
        _release(found, match)


def _read_process(found: dict[str, object], text: str) -> None:
    match = _PROCESS.match(text)
    if match is None:
        return
    groups = match.groupdict()
    for mark in ("", "2", "3", "4", "5"):
        if groups.get(f"pid{mark}"):
            found.setdefault("pid", int(groups[f"pid{mark}"]))
        if comm := groups.get(f"comm{mark}"):
            found.setdefault("process", comm)
    if cpu := groups.get("cpu3") or groups.get("cpu5"):
        found.setdefault("cpu", int(cpu))


def _read_xmon(found: dict[str, object], text: str) -> None:
    if match := _XMON_CPU.match(text):
        found.setdefault("cpu", int(match["cpu"], 16))


def _read_hardware(found: dict[str, object], text: str) -> None:
    if match := _HARDWARE.match(text):
        found.setdefault("hardware", match["hw"].strip())


def _read_modules(found: dict[str, object], text: str) -> None:
    if match := _MODULES.match(text):
        found.setdefault("modules", _modules(match["modules"]))
        found.setdefault("module_flags", _module_flags(match["modules"]))
    if "Pid: " in text:
        _read_old_pid(found, text)  # glued to it up to 2.6.30


def _read_code(found: dict[str, object], text: str) -> None:
    if match := _CODE.match(text):
        found.setdefault("code", match["code"].strip())


_READERS: dict[str, Callable[[dict[str, object], str], None]] = {
    "CPU": _read_cpu,
    "Cpu": _read_cpu,
    "Pid": _read_old_pid,
    "Not": _read_taint,
    "Tai": _read_taint,
    "EFL": _read_eflags,
    "Pro": _read_process,
    "pid": _read_process,
    "TAS": _read_process,
    "Sho": _read_process,
    "cpu": _read_xmon,
    "psr": _read_cpu,
    "Har": _read_hardware,
    "Mac": _read_hardware,
    "Mod": _read_modules,
    "Cod": _read_code,
    **{
        f"{major}.{minor}": _read_ident for major in range(2, 10) for minor in range(10)
    },
}


def read_facts(
    texts: Sequence[str],
    items: Sequence[TraceItem],
    stated: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Return the fields of ``Facts`` that the lines of a report contain.

    ``stated`` are those of its start line, which go before all others.
    """
    found: dict[str, object] = dict(stated or {})
    registers: list[str] = []
    for raw in texts:
        text = raw.strip()
        read = _READERS.get(text[:3])
        if read is not None:
            read(found, text)
        if (
            (":" in text or "=" in text)
            and len(registers) < MAX_REGISTER_LINES
            and _REGISTER.match(text)
        ):
            registers.append(text)
    if "process" not in found:
        _read_victim(found, texts)
    found["registers"] = tuple(registers)
    found["frames"] = _first_frames(items)
    if (pc := _pc(items)) is not None:
        found["pc"] = pc
    if words := hardware_error(texts[:200]):
        found["hardware_error"] = words + str(found.pop("machine_check", ""))
    found.pop("machine_check", None)
    return found


def _read_victim(found: dict[str, object], texts: Sequence[str]) -> None:
    """Read who died or is stuck from lines that say it in words of their own."""
    match = None
    for above, text in itertools.pairwise(("", *texts[:60])):
        if above.startswith("Task dump for CPU"):
            match = _TASK.match(text)
        elif "Oops" in text or text.endswith("]"):
            match = _DIED.match(text)
        if match is not None:
            groups = match.groupdict()
            found.setdefault("pid", int(groups["pid"] or groups["pid2"]))
            found.setdefault("process", groups["comm"] or groups.get("comm2"))
            return


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

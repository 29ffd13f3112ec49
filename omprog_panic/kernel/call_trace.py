"""Parse call traces: frames, program counters, headings. Pure.

What differs between architectures is in kernel/arch.py.
"""

from __future__ import annotations

import enum
import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.kernel import arch
from omprog_panic.kernel.report import Frame
from omprog_panic.kernel.rust import demangle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class TraceItemKind(enum.Enum):
    """What one line of a report contributes to its traces."""

    FRAME = "frame"
    PROGRAM_COUNTER = "program counter"
    HEADING = "heading"
    MARK = "mark"  # <IRQ>, </IRQ>, <EOI>, <TASK>, ...


class TraceItem(NamedTuple):
    """A line of a trace, or part of one; ``at`` is the index of the line."""

    kind: TraceItemKind
    at: int
    frame: Frame | None = None
    text: str = ""  # of a heading or mark


# A trace item without its place: kind, frame, text.
_Parsed = tuple[TraceItemKind, Frame | None, str]

MAX_CACHED_LINES = 4096
"""Parsed lines kept in a cache, since many hosts print the same ones; the least
recently used one is evicted."""
MAX_CACHED_CHARS = 256
"""A longer line is not cached."""

# :module:symbol up to 2.6.26
_NAME = r"(?::[\w-]{1,56}:)?(?P<f>[A-Za-z_.$][\w.$]*)"
_SYMBOL = _NAME + r"\+0x(?P<off>[0-9a-fA-F]{1,16})(?:/0x(?P<size>[0-9a-fA-F]{1,16}))?"
_ADDRESSES = r"(?:\(?\[ ?<?(?:0x)?[0-9a-f]{6,16}>?\]\)? *){0,3}"
_MODULE = r"(?:[^\[\]]{0,80}\[(?P<mod>[A-Za-z_][\w-]*)(?: [0-9a-f]+)?\])?"
# Call trace lines of every architecture: dump_stack's show_trace, printk_address.
_FRAME = re.compile(
    r"(?:Caller\[[0-9a-f]{8,16}\]: <?)?\(?"
    + _ADDRESSES
    + r"\(?(?P<q>\? +)?"
    + _SYMBOL
    + r"\)?"
    + _MODULE,
)
# arch/arm/kernel/traps.c dump_backtrace_entry: callee from caller.
_FROM = re.compile(
    _ADDRESSES + r"\(?(?P<f>[A-Za-z_.$][\w.$]*)(?:\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?)?"
    r"(?: \[(?P<m>\w+)\])?\)? from "
    + _ADDRESSES
    + r"\(?(?P<g>[A-Za-z_.$][\w.$]*)(?:\+0x(?P<off>[0-9a-f]+)/0x(?P<size>[0-9a-f]+))?",
)
_UNRELIABLE = re.compile(r"\((?:unreliable|U)\)")
_TIME_STAMP = re.compile(r"\[ *\d{1,9}\.\d{6}\](?:\[ *[TC]\d+\])? *")

_MARK = re.compile(
    r"<?</?(?:IRQ|NMI|EOI|EOE|TASK|SOFTIRQ|EXCEPTION|#\w{2}|ENTRY\w*|\w*-stack)>>?"
)

# powerpc: external, decrementer, doorbell, reset, performance monitor. What stands
# behind it was interrupted: "--- interrupt: 901 at arch_local_irq_restore+0x74/0x80",
# before 4.19 "--- Exception: 501 at".
_POWER_INTERRUPT = re.compile(
    r"--- (?:interrupt|Exception): (?:100|50[01]|90[01]|980|a0[01]|e[8a]0|f00)\b"
    r"(?: \([^)]{1,40}\))?(?: at (?=[\w.]))?"
)

# The headings of call traces: those of the architectures, lib/dump_stack.c and others.
_TRACE_HEADING = (
    rf"(?:{'|'.join(arch.column('trace_headings'))}|backtrace|[Ss]tack backtrace)"
    r"(?: \([^)]*\))?: *"
)
# Headings of other stacks and of what is no stack.
_OTHER_HEADINGS = (
    "Allocated by task ", "Freed by task ", "Last potentially related work creation",
    "Second to last potentially", "allocated by task", "freed by task",
    "Uninit was stored", "Uninit was created", "Local variable ",
    "page last allocated", "page last free", "page_owner ",
    "The buggy address belongs", "Memory state around",
    "NMI backtrace for cpu", "RCU grace-period kthread stack dump",
    "rcu: RCU grace-period kthread stack dump", "Task dump for CPU",
    "Showing all locks", "Showing busy",
    "Sending NMI", "Last Breaking-Event-Address",
    "other info that might help",
    r"(?:read|write)(?:-write)? (?:\(\w+\) )?to 0x",
    "INFO: Freed in ", "INFO: Allocated in ", "Freed in ", "Allocated in ",
)  # fmt: skip
FIRST_TRACE = re.compile(_TRACE_HEADING)
_HEADING = re.compile("|".join((_TRACE_HEADING, *_OTHER_HEADINGS)))
# A heading begins with one of these: a cheap test before the pattern.
_HEADING_STARTS = frozenset(
    {heading[:3] for heading in _OTHER_HEADINGS if heading[0] != "("}
    | {heading[:3] for heading in arch.column("trace_headings")}
    | {"bac", "Sta", "sta", "rea", "wri"}
)

_COUNTERS = arch.column("program_counter")
_PC = re.compile("(?:" + "|".join(_COUNTERS) + ")" + _SYMBOL + r"\)?" + _MODULE)
_PC_STARTS = frozenset("pi") | {form[0] for form in _COUNTERS} - {"["}
_USER_PC = re.compile("|".join(arch.column("user_counter")))
_UNNAMED_PC = re.compile("|".join(arch.column("unnamed_counter")))
_SPLIT = arch.column("split_counter")
_SPLIT_STARTS = frozenset(label[0] for label in _SPLIT)
_FIRST_HALF = re.compile(
    rf"(?:{'|'.join(_SPLIT)})\b(?: is at)?:?(?: ?[0-9a-f]{{4}}:)?"
    r"(?: *\[<[0-9a-f]+>\])* *$"
)

_SUFFIX = re.compile(
    r"\.(?:isra|part|constprop|cold|llvm|lto_priv|localalias|cfi_jt|cfi|clone|"
    r"specialized|unlikely|\d)\b.*",
)


def clean_name(name: str) -> str:
    """Cut suffixes that the compiler added; demangle Rust.

    >>> clean_name(".default_send_IPI.isra.3.cold")
    'default_send_IPI'
    """
    if name.startswith(("_R", "_Z")) and (readable := demangle(name)) != name:
        return readable
    if "." in name:
        name = _SUFFIX.sub("", name.lstrip(".")).split(".", 1)[0]
    return name


def _frame(match: re.Match[str], *, certain: bool) -> Frame:
    return Frame(
        clean_name(match["f"]),
        int(match["off"], 16),
        int(match["size"], 16) if match["size"] else None,
        match["mod"],
        certain,
    )


def parse_pc(text: str) -> Frame | None:
    """Parse the program counter line of the kernel; None: it names no symbol.

    >>> parse_pc("RIP: 0010:memcpy_orig+0x2e/0x140").function
    'memcpy_orig'
    """
    if _USER_PC.match(text):
        return None
    match = _PC.match(text)
    return _frame(match, certain=True) if match else None


def parse_frame(text: str) -> list[Frame]:
    """Parse one line of a call trace; the arm form has two frames.

    >>> [f.function for f in parse_frame("(panic) from [<80243d54>] (__warn+0x0/0xa0)")]
    ['panic', '__warn']
    """
    match = _FRAME.match(text)
    if match and " from " not in text:
        certain = match["q"] is None and not _UNRELIABLE.search(text, match.end("f"))
        return [_frame(match, certain=certain)]
    if both := _FROM.match(text):
        callee = Frame(clean_name(both["f"]), module=both["m"])
        size = both["size"]
        caller = Frame(
            clean_name(both["g"]),
            int(both["off"], 16) if size else None,
            int(size, 16) if size else None,
        )
        return [callee, caller]
    if match:
        return [_frame(match, certain=match["q"] is None)]
    return []


def _joined(texts: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Join lines that old kernels print in two pieces: ``RIP`` and its symbol."""
    half: tuple[int, str] | None = None
    for at, text in enumerate(texts):
        stripped = text.strip()
        if half is not None:
            yield half[0], f"{half[1].rstrip()} {stripped}"
            half = None
        elif stripped[:1] in _SPLIT_STARTS and stripped and _FIRST_HALF.match(stripped):
            half = (at, stripped)
        else:
            yield at, stripped
    if half is not None:
        yield half


def parse_items(texts: Sequence[str]) -> list[TraceItem]:
    """Return the trace items of the lines of a report, in their order."""
    items: list[TraceItem] = []
    for at, text in _joined(texts):
        if len(text) > MAX_CACHED_CHARS:
            parsed = _parse_line(text)
        else:
            parsed = _parse_cached(text) if text else ()
        for kind, frame, words in parsed:
            items.append(TraceItem(kind, at, frame, words))
    return items


def _mark_of(match: re.Match[str]) -> str:
    return f"<{match.group().strip('<>')}>"  # <<EOE>> up to 2.6.39


def _parse_line(text: str) -> tuple[_Parsed, ...]:
    parsed: list[_Parsed] = []
    while text.startswith("<") and (mark := _MARK.match(text)):
        parsed.append((TraceItemKind.MARK, None, _mark_of(mark)))
        text = text[mark.end() :].lstrip()
        text = _TIME_STAMP.sub("", text, count=1) if text.startswith("[") else text
    if text.startswith("--- ") and (power := _POWER_INTERRUPT.match(text)):
        parsed.append((TraceItemKind.MARK, None, "<EOI>"))
        text = text[power.end() :]
    if not text:
        return tuple(parsed)
    if text[:3] in _HEADING_STARTS and (heading := _HEADING.match(text)):
        parsed.append((TraceItemKind.HEADING, None, text))
        text = text[heading.end() :]
    parsed.extend(_parse_stack(text))
    return tuple(parsed)


def _parse_stack(text: str) -> list[_Parsed]:
    may_be_pc = text[:1] in _PC_STARTS
    if may_be_pc and (pc := parse_pc(text)) is not None:
        return [(TraceItemKind.PROGRAM_COUNTER, pc, "")]
    if may_be_pc and (_USER_PC.match(text) or _UNNAMED_PC.match(text)):
        return [(TraceItemKind.PROGRAM_COUNTER, None, text)]
    if "+0x" not in text and " from " not in text:
        return []
    frames = parse_frame(text)
    tail = text.rstrip()
    parsed: list[_Parsed] = [(TraceItemKind.FRAME, frame, "") for frame in frames]
    if frames and tail.endswith(">") and (mark := _MARK.search(tail)):
        parsed.append((TraceItemKind.MARK, None, _mark_of(mark)))
    return parsed


_parse_cached = functools.lru_cache(MAX_CACHED_LINES)(_parse_line)

"""Call traces: from lines of a report to frames, program counters, headings. Pure."""

from __future__ import annotations

import enum
import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.kernel.report import Frame
from omprog_panic.kernel.rust import demangle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class What(enum.Enum):
    """What one line of a report says about the stack."""

    FRAME = "frame"
    PC = "program counter"
    HEADING = "heading"
    MARK = "mark"  # <IRQ>, </IRQ>, <EOI>, <TASK>, ...


class Item(NamedTuple):
    """A line, or part of one, that tells of the stack; ``at`` indexes the lines."""

    what: What
    at: int
    frame: Frame | None = None
    text: str = ""  # of a heading or mark


# What a line says: of which sort, its frame, its text.
_Said = tuple[What, Frame | None, str]

MAX_REMEMBERED_LINES = 4096
"""Lines whose meaning is remembered, for those that other hosts print as well; the
one that was needed longest ago is forgotten and read anew."""
MAX_REMEMBERED_CHARS = 256
"""A longer line is always read anew."""

_NAME = r"(?P<f>[A-Za-z_.$][\w.$]*)"
_SYMBOL = _NAME + r"\+0x(?P<off>[0-9a-fA-F]{1,16})(?:/0x(?P<size>[0-9a-fA-F]{1,16}))?"
_ADDRESSES = r"(?:\(?\[ ?<?(?:0x)?[0-9a-f]{6,16}>?\]\)? *){0,3}"
_MODULE = r"(?:[^\[\]]{0,80}\[(?P<mod>[A-Za-z_][\w-]*)(?: [0-9a-f]+)?\])?"
# Call trace lines of every architecture: dump_stack's show_trace, printk_address.
_FRAME = re.compile(
    r"\(?" + _ADDRESSES + r"\(?(?P<q>\? +)?" + _SYMBOL + r"\)?" + _MODULE,
)
# arch/arm/kernel/traps.c dump_backtrace_entry: callee from caller.
_FROM = re.compile(
    _ADDRESSES + r"\(?(?P<f>[A-Za-z_.$][\w.$]*)(?:\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?)?"
    r"(?: \[(?P<m>\w+)\])?\)? from "
    + _ADDRESSES
    + r"\(?(?P<g>[A-Za-z_.$][\w.$]*)(?:\+0x(?P<off>[0-9a-f]+)/0x(?P<size>[0-9a-f]+))?",
)
_LEFTOVER = re.compile(r"\((?:unreliable|U)\)")
_STAMPED = re.compile(r"\[ *\d{1,9}\.\d{6}\](?:\[ *[TC]\d+\])? *")

_MARK = re.compile(
    r"</?(?:IRQ|NMI|EOI|EOE|TASK|SOFTIRQ|EXCEPTION|#\w{2}|ENTRY\w*|\w*-stack)>"
)

_HEADING = re.compile(
    r"(?:Call [Tt]race|Backtrace|backtrace|[Ss]tack backtrace)(?: \([^)]*\))?: *|"
    r"(?:Allocated|Freed) by task |Last potentially related work creation|"
    r"Second to last potentially|allocated by task|freed by task|"
    r"Uninit was (?:stored|created)|Local variable |"
    r"page last (?:allocated|free)|page_owner |"
    r"The buggy address belongs|Memory state around|"
    r"NMI backtrace for cpu|Task dump for CPU|Showing all locks|Showing busy|"
    r"Sending NMI|Last Breaking-Event-Address|"
    r"other info that might help|"
    r"(?:read|write)(?:-write)? (?:\(\w+\) )?to 0x|"
    r"(?:INFO: )?(?:Freed|Allocated) in ",
)
# A heading begins with one of these: a cheap test before the pattern.
_HEADING_STARTS = frozenset(
    {
        "Cal",
        "Bac",
        "bac",
        "Sta",
        "sta",
        "All",
        "Fre",
        "all",
        "fre",
        "Las",
        "Sec",
        "Uni",
        "Loc",
        "pag",
        "The",
        "Mem",
        "NMI",
        "Tas",
        "Sho",
        "Sen",
        "oth",
        "rea",
        "wri",
        "INF",
    },
)
FIRST_TRACE = re.compile(
    r"(?:Call [Tt]race|Backtrace|backtrace|[Ss]tack backtrace)(?: \([^)]*\))?: *",
)

# One row an architecture: where the fault happened. Groups as in _SYMBOL.
_PC_FORMS: tuple[tuple[str, str], ...] = (
    # arch/x86/kernel/process_64.c, dumpstack.c; also the repeated line of 2.6-4.x
    (r"RIP:? +(?:[0-9a-f]{4}:)?(?:\[<[0-9a-f]+>\] *)*(?:0x[0-9a-f]+:)?", "x86_64"),
    (r"EIP:? (?:is at |[0-9a-f]{4}:(?:\[<[0-9a-f]+>\])?)?", "i386"),
    (r"IP: (?:\[<[0-9a-f]+>\] *)?", "x86 before 4.10"),
    (r"PC is at ", "arm"),
    (r"pc : (?:\[<[0-9a-f]+>\] *)?", "arm64"),
    (r"epc +: (?:[0-9a-f]+ )?", "riscv, mips"),
    (r"NIP \[[0-9a-f]+\] ", "powerpc"),
    (r"Krnl PSW : [0-9a-f]+ [0-9a-f]+ \(", "s390"),
    (r"(?:ERA|pc) *: [0-9a-f]+ ", "loongarch"),
    (r"TPC: <", "sparc64"),
    (r"PC: \[<[0-9a-f]+>\] ", "alpha, others"),
)
_PC = re.compile(
    "(?:" + "|".join(form for form, _ in _PC_FORMS) + ")" + _SYMBOL + r"\)?" + _MODULE,
)
_PC_STARTS = frozenset("REIPpeNKT")
_USER_PC = re.compile(r"RIP: 00[23]3:|EIP: 00[27]3:")
_NO_SYMBOL_PC = re.compile(
    r"RIP: 0010:(?:0x[0-9a-f]+| *\(null\)|\[<[0-9a-f]+>\] *(?:\[<[0-9a-f]+>\] *)?"
    r"(?:0x[0-9a-f]+|\(null\)|[0-9a-f]{8,16})?)$|PC is at 0x|pc : 0x|"
    r"NIP \[[0-9a-f]+\] 0x",
)
_HALF = re.compile(
    r"(?:RIP|EIP|IP|PC|NIP)\b(?: is at)?:?(?: ?[0-9a-f]{4}:)?(?: *\[<[0-9a-f]+>\])* *$"
)

_SUFFIX = re.compile(
    r"\.(?:isra|part|constprop|cold|llvm|lto_priv|localalias|cfi_jt|cfi|clone|"
    r"specialized|unlikely|\d)\b.*",
)


def clean_name(name: str) -> str:
    """Cut what the compiler added; demangle Rust.

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
    """Read the kernel's program counter line, if it names a symbol.

    >>> parse_pc("RIP: 0010:memcpy_orig+0x2e/0x140").function
    'memcpy_orig'
    """
    if _USER_PC.match(text):
        return None
    match = _PC.match(text)
    return _frame(match, certain=True) if match else None


def parse_frame(text: str) -> list[Frame]:
    """Read one line of a call trace; the arm form gives two frames.

    >>> [f.function for f in parse_frame("(panic) from [<80243d54>] (__warn+0x0/0xa0)")]
    ['panic', '__warn']
    """
    match = _FRAME.match(text)
    if match and " from " not in text:
        certain = match["q"] is None and not _LEFTOVER.search(text, match.end("f"))
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
    """Complete lines that old kernels sent in pieces: ``RIP`` and its symbol."""
    half: tuple[int, str] | None = None
    for at, text in enumerate(texts):
        stripped = text.strip()
        if half is not None:
            yield half[0], f"{half[1].rstrip()} {stripped}"
            half = None
        elif stripped[:1] in "REIPN" and stripped and _HALF.match(stripped):
            half = (at, stripped)
        else:
            yield at, stripped
    if half is not None:
        yield half


def parse_items(texts: Sequence[str]) -> list[Item]:
    """Read the lines of a report for what they say about the stack."""
    items: list[Item] = []
    for at, text in _joined(texts):
        if len(text) > MAX_REMEMBERED_CHARS:
            said = _parse_line(text)
        else:
            said = _remembered(text) if text else ()
        for what, frame, words in said:
            items.append(Item(what, at, frame, words))
    return items


def _parse_line(text: str) -> tuple[_Said, ...]:
    said: list[_Said] = []
    while text.startswith("<") and (mark := _MARK.match(text)):
        said.append((What.MARK, None, mark.group()))
        text = text[mark.end() :].lstrip()
        text = _STAMPED.sub("", text, count=1) if text.startswith("[") else text
    if not text:
        return tuple(said)
    if text[:3] in _HEADING_STARTS and (heading := _HEADING.match(text)):
        said.append((What.HEADING, None, text))
        text = text[heading.end() :]
    said.extend(_parse_stack(text))
    return tuple(said)


def _parse_stack(text: str) -> list[_Said]:
    may_be_pc = text[:1] in _PC_STARTS
    if may_be_pc and (pc := parse_pc(text)) is not None:
        return [(What.PC, pc, "")]
    if may_be_pc and (_USER_PC.match(text) or _NO_SYMBOL_PC.match(text)):
        return [(What.PC, None, text)]
    if "+0x" not in text and " from " not in text:
        return []
    frames = parse_frame(text)
    tail = text.rstrip()
    said: list[_Said] = [(What.FRAME, frame, "") for frame in frames]
    if frames and tail.endswith(">") and (mark := _MARK.search(tail)):
        said.append((What.MARK, None, mark.group()))
    return said


# A thousand hosts that die of one kernel print the same frames.
_remembered = functools.lru_cache(MAX_REMEMBERED_LINES)(_parse_line)


def frames_of(items: Iterable[Item]) -> list[Frame]:
    """Return the frames among the items."""
    return [item.frame for item in items if item.what is What.FRAME and item.frame]

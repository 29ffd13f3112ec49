"""Title text: masking, filling in, spelling of functions. Pure."""

from __future__ import annotations

import functools
import re

MAX_TITLE = 120

# What differs between two occurrences of one bug, in the order of masking.
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[\x00-\x1f\x7f-\x9f\ufffd]+"), " "),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "IP"),
    (re.compile(r"\+0x[0-9a-f]+/0x[0-9a-f]+"), ""),
    (re.compile(r"\b(?:0x[0-9a-f]+|[0-9a-f]{16}|[0-9a-f]{8})\b"), "ADDR"),
    (re.compile(r"\b([\w./-]+\.[ch]):\d+"), r"\1:LINE"),
    (re.compile(r"\bCPU[#:]? ?\d+"), "CPU"),
    (re.compile(r"(?<![\w.])-?\d+(?![\w.]*[A-Za-z_])"), "NUM"),
    (re.compile(r"\s+"), " "),
)
_SHOWN_MASKS = (_MASKS[0], *_MASKS[2:4], _MASKS[5], _MASKS[7])
_EXIT_CODE = re.compile(r" exitcode=.*")


def mask(text: str) -> str:
    """Replace what differs from one occurrence to the next.

    >>> mask("Unable to mount root fs on unknown-block(0,0)")
    'Unable to mount root fs on unknown-block(NUM,NUM)'
    """
    return _masked(text[: 4 * MAX_TITLE])


@functools.lru_cache(1024)  # in a panic storm many hosts print the same
def _masked(text: str) -> str:
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return cut(text.strip())


def show(text: str) -> str:
    """Cut a text to a title: only control characters and addresses are replaced.

    >>> show("Unable to mount root fs on unknown-block(0,0)")
    'Unable to mount root fs on unknown-block(0,0)'
    """
    text = text[: 4 * MAX_TITLE]
    for pattern, word in _SHOWN_MASKS:
        text = pattern.sub(word, text)
    return cut(text.strip())


def cut(text: str) -> str:
    """Cut a title at ``MAX_TITLE`` characters, never inside a word.

    >>> len(cut("word " * 100)) <= MAX_TITLE, cut("word " * 100)[-4:]
    (True, 'word')
    """
    if len(text) <= MAX_TITLE:
        return text
    head = text[: MAX_TITLE + 1].rpartition(" ")[0]
    return head.rstrip() or text[:MAX_TITLE]


def panic_reason(line: str) -> str:
    """Return the reason of a panic line, masked as in a fingerprint.

    >>> panic_reason("Kernel panic - not syncing: Attempted to kill init! exitcode=0x9")
    'Attempted to kill init!'
    """
    return mask(shown_reason(line))


def shown_reason(line: str) -> str:
    """Return the reason of a panic line as a title shows it."""
    reason = line.partition("not syncing")[2].lstrip(": ")
    return show(_EXIT_CODE.sub("", reason))


_EMPTY = re.compile(r"\{\w+\}")


def fill(form: str, groups: dict[str, str | None]) -> str:
    """Fill the groups into a title form; a group without a value becomes nothing.

    >>> fill("KASAN: {type} {access}", {"type": "use-after-free", "access": None})
    'KASAN: use-after-free'
    """
    for name, value in groups.items():
        form = form.replace(f"{{{name}}}", value or "")
    return " ".join(_EMPTY.sub("", form).split()).removesuffix(":")


# Wrappers of system calls; one level is cut, which leaves the name of the call.
_WRAPPER = re.compile(
    r"(?:__(?:x64|ia32|arm64|s390x?|riscv)_(?=(?:compat_)?sys_)|"
    r"__(?:se|do)_(?:compat_)?sys_|(?:compat_)?(?:SyS|SYSC)_|ksys_|compat_sys_)(?=.)",
)
_ALL_WRAPPERS = re.compile(
    r"_*(?:x64_|ia32_|arm64_|s390x?_|riscv_|se_|do_)?"
    r"(?:compat_)?(?:sys_|SyS_|SYSC_|ksys_)(?=.)",
)


def spell(function: str) -> str:
    """Return a function as titles spell it.

    >>> spell("__x64_sys_rmdir"), spell("ksys_mount")
    ('sys_rmdir', 'mount')
    """
    return _WRAPPER.sub("", function, count=1) if _WRAPPER.match(function) else function


def bare(function: str) -> str:
    """Cut every system call wrapper, as fingerprints do.

    >>> bare("__x64_sys_rmdir"), bare("SyS_rmdir")
    ('rmdir', 'rmdir')
    """
    return (
        _ALL_WRAPPERS.sub("", function, count=1)
        if _ALL_WRAPPERS.match(function)
        else function
    )

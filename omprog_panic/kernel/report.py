"""The result of an analysis: report, facts, frames. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omprog_panic.model import Severity


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One line of a call trace."""

    function: str
    offset: int | None = None  # bytes into the function
    size: int | None = None  # bytes of the function
    module: str | None = None
    certain: bool = True  # False: printed with "?", a leftover on the stack

    def __str__(self) -> str:
        """Return the frame as the kernel prints it.

        >>> str(Frame("fn", 0x16, 0x20, "mod"))
        'fn+0x16/0x20 [mod]'
        """
        offset = f"+{self.offset:#x}" if self.offset is not None else ""
        size = f"/{self.size:#x}" if self.size is not None else ""
        module = f" [{self.module}]" if self.module else ""
        return f"{self.function}{offset}{size}{module}"


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What a report says about the machine; None: it does not say.

    One attribute a fact, without structure: this is stored, shown by templates and
    printed by ``analyze`` under these names, and has no behaviour.
    """

    kernel: str | None = None  # release, e.g. 6.1.0-56-cloud-amd64
    kernel_build: str | None = None  # what follows it, e.g. "#1 Debian 6.1.192-2"
    hardware: str | None = None
    cpu: int | None = None
    pid: int | None = None
    process: str | None = None
    taint: str | None = None  # the letters, or None when "Not tainted"
    taint_words: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()  # as listed, flags removed; last loaded first
    module_flags: tuple[
        tuple[str, str], ...
    ] = ()  # ("nvidia", "POE"), where it has any
    frames: tuple[Frame, ...] = ()
    pc: str | None = None  # symbol of RIP / pc / NIP / PSW, e.g. "fn+0x16/0x20 [mod]"
    code: str | None = None  # bytes of the "Code:" line
    registers: tuple[str, ...] = ()  # lines as printed
    panic_line: str | None = None  # the whole "Kernel panic - not syncing: ..." record
    uptime_s: float | None = None
    keys: tuple[tuple[str, str], ...] = ()  # userdata and sysdata
    hardware_error: str | None = None  # in words: the hardware failed, not software


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """One incident in a text. Line numbers count from 1.

    ``sound`` False: the report is damaged, so title and function may be wrong.
    """

    kind: str
    severity: Severity
    title: str
    function: str | None
    fingerprint: str
    panicked: bool
    first_line: int
    last_line: int
    sound: bool = True
    unsound_because: str | None = None
    facts: Facts = Facts()
    source_file: str | None = None  # of the function; a folder ends with a slash
    subsystem: str | None = (
        None  # of MAINTAINERS, or "nvidia, out of tree, proprietary"
    )
    repeats: int = 0  # later reports that repeat this one or are caused by it

"""Find where a blamed function is from: source file, subsystem, or foreign module.

A wrong answer sends an alert to the wrong people, so nothing is said where the table
(``kernel/function_table.py``) and the report do not agree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from omprog_panic.kernel.function_table import Place, function_table
from omprog_panic.kernel.title import spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omprog_panic.kernel.function_table import FunctionTable
    from omprog_panic.kernel.report import Facts, Frame, Report

NOWHERE = Place("", "")

# kernel/module/main.c module_flags_taint; P is not printed of modules with another
# flag only. Kernels before 2.6.33 print no O.
_FOREIGN = (("O", "out of tree"), ("P", "proprietary"))
# A path as __FILE__ gives it: relative, or with the folder of the build before it.
_FILE = re.compile(
    r"(?:.*/)?((?:arch|block|certs|crypto|drivers|fs|include|init|io_uring|ipc|kernel|"
    r"lib|mm|net|rust|security|sound|virt)/[\w./+-]+\.[chS])(?::\d+)?\Z"
)


def shown_place(report: Report) -> str | None:
    """Return file and subsystem as alerts show them; None: nothing is known.

    Such as ``fs/ext4/super.c (EXT4 FILE SYSTEM)``.
    """
    if report.source_file and report.subsystem:
        return f"{report.source_file} ({report.subsystem})"
    return report.source_file or report.subsystem


def place_of(
    function: str | None,
    facts: Facts,
    frames: Iterable[Frame],
    named_file: str | None = None,
) -> Place:
    """Return source file and subsystem of the function that is blamed.

    ``named_file`` is the file that the report gives for this function. Of a module that
    is not from Linux the subsystem is its name and why: "nvidia, out of tree,
    proprietary".
    """
    if function is None:
        return NOWHERE
    module = _module_of(function, frames)
    if module and (foreign := _foreign(module, dict(facts.module_flags))):
        return Place("", foreign)
    return _place(function_table(), function, module, named_file)


def _place(
    table: FunctionTable, function: str, module: str | None, named_file: str | None
) -> Place:
    found = table.of_function(function) or table.of_function(f"__do_{function}")
    file = _FILE.match(named_file) if named_file else None
    if file:
        owner = found.subsystem if found and _alike(found.path, file[1]) else ""
        return Place(file[1], owner)
    if module is None:
        return found or NOWHERE
    home = table.of_module(module)
    if home is None:
        return NOWHERE  # not from Linux, whatever its functions are called
    if found and home.path and found.path.startswith(home.path):
        return found
    if found and found.subsystem and found.subsystem == home.subsystem:
        return found
    return home


def _alike(path: str, other: str) -> bool:
    return path.rpartition("/")[0] == other.rpartition("/")[0]


def _module_of(function: str, frames: Iterable[Frame]) -> str | None:
    for frame in frames:
        if spell(frame.function) == function:
            return frame.module
    return None


def _foreign(module: str, flags: Mapping[str, str]) -> str | None:
    letters = flags.get(module, "")
    words = [word for letter, word in _FOREIGN if letter in letters]
    return ", ".join((module, *words)) if words else None

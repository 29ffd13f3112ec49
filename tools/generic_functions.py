"""Write omprog_panic/kernel/generic_functions.py from the sources of kernels.

    python -m tools.generic_functions /usr/src/linux-6.1 /usr/src/linux-6.12

The table has the functions of the files below: generic code whose caller is to blame.
The files were chosen by cross-validation over labelled crash logs: in four fifths of
them functions of such a file stand above the one to blame, and none is to blame.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

from omprog_panic.kernel.skip_frames import EVERYWHERE, names_pattern

TARGET = Path(__file__).resolve().parent.parent / (
    "omprog_panic/kernel/generic_functions.py"
)
FILES = """
    arch/arm/kernel/stacktrace.c arch/arm64/kernel/stacktrace.c
    arch/arm64/mm/fault.c arch/arm64/mm/physaddr.c arch/x86/kernel/dumpstack.c
    arch/x86/kernel/stacktrace.c arch/x86/kernel/traps.c arch/x86/mm/physaddr.c
    drivers/base/core.c drivers/base/power/sysfs.c fs/sysfs/group.c
    kernel/kcsan/core.c kernel/kcsan/report.c kernel/locking/lockdep.c
    kernel/locking/mutex.c kernel/locking/rtmutex.c kernel/locking/rwsem.c
    kernel/locking/semaphore.c kernel/locking/spinlock.c
    kernel/locking/spinlock_debug.c kernel/panic.c kernel/sched/completion.c
    kernel/sched/wait_bit.c kernel/stacktrace.c kernel/trace/trace_event_perf.c
    kernel/trace/trace_preemptirq.c lib/debugobjects.c lib/dec_and_lock.c
    lib/hexdump.c lib/idr.c lib/iov_iter.c lib/kasprintf.c lib/kobject.c
    lib/kobject_uevent.c lib/rbtree.c lib/refcount.c lib/smp_processor_id.c
    lib/string.c lib/ubsan.c lib/vsprintf.c mm/folio-compat.c mm/kasan/common.c
    mm/kasan/generic.c mm/kasan/report.c mm/kasan/sw_tags.c mm/kmemleak.c
    mm/percpu.c mm/slab_common.c mm/usercopy.c mm/util.c mm/vmalloc.c
"""
_DEFINITION = re.compile(
    r"^(?:[A-Za-z_][\w \t*]*?[ \t*]+)?\**([A-Za-z_]\w{4,})\([^;{}]*\)[ \t\w]*\n?\{",
    re.MULTILINE,
)
_NOT_FUNCTIONS = {"while", "switch", "return"}


def functions_of(tree: Path) -> set[str]:
    """Return the functions that the files of one source tree define."""
    found: set[str] = set()
    for name in FILES.split():
        path = tree / name
        if path.exists():
            text = path.read_text("latin-1")
            found.update(m.lstrip("_") for m in _DEFINITION.findall(text))
    return found - _NOT_FUNCTIONS


def main(trees: list[str]) -> None:
    known = names_pattern(p for c in EVERYWHERE for p in c.patterns)
    names = set().union(*(functions_of(Path(tree)) for tree in trees))
    names = {n for n in names if len(n) > 4 and n.islower() and not known.match(n)}
    body = textwrap.fill(
        " ".join(sorted(names)), 84, initial_indent="    ", subsequent_indent="    "
    )
    TARGET.write_text(
        '"""Functions of generic code, whose caller is to blame. Pure data.\n\n'
        'Written by tools/generic_functions.py: do not edit.\n"""\n\n'
        "from __future__ import annotations\n\n"
        f'_NAMES = """\n{body}\n"""\n'
        "GENERIC_FUNCTIONS = frozenset(_NAMES.split())\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])

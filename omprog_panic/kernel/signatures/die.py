"""What die() prints on every architecture: words, an error code, and "[#1]".

The words differ from handler to handler (some hundreds in arch/*/kernel/traps.c), the
form does not: x86, sh ``%s: %04x [#%d]``, powerpc ``Oops: %s, sig: %d [#%d]``, mips
and loongarch ``%s[#%d]:``, riscv and csky ``%s [#%d]``, arm and arm64 ``Internal error:
%s: %x [#%d]``, s390 ``%s: %04x ilc:%d [#%d]``, sparc ``%s(%d): %s [#%d]``, xtensa ``%s:
sig: %d [#%d]``, hexagon ``Oops: %s[#%d]:``. Looked up only where no row of the other
tables matches. Pure data.
"""

from __future__ import annotations

from omprog_panic.kernel.signature import Signature
from omprog_panic.model import Severity

MARK = "[#"
"""Stands in every such line."""

_PROCESS = r"(?:[^ ():]{1,16}\(\d{1,7}\): )?"
_NUMBER = (
    r"(?:: (?:sig: )?-?[0-9a-f]{1,16}(?: ilc:\d)?|, sig: \d+)?"
    r" ?\[#\d{1,6}\](?::? *$| [A-Z])"
)

DIE: tuple[Signature, ...] = (
    Signature(
        "bug",
        Severity.OOPS,
        MARK,
        _PROCESS + r"(?:Oops - )?(?:Kernel bug detected|[Kk]ernel BUG|BUG)" + _NUMBER,
        title="kernel BUG",
        rule="bug",
        role="die",
        source="arch/mips/kernel/traps.c do_trap_or_bp, arch/riscv/kernel/traps.c",
    ),
    Signature(
        "oops",
        Severity.OOPS,
        MARK,
        _PROCESS + r"(?P<what>[A-Za-z#][^\[\]]{1,80}?)" + _NUMBER,
        title="{what}",
        rule="pc",
        role="die",
        source="arch/*/kernel/traps.c, dumpstack.c die",
    ),
)

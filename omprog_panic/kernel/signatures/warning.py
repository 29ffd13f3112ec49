"""Start lines of WARN(). Pure data."""

from __future__ import annotations

from omprog_panic.kernel.signature import FUNCTION, Signature, warning_pattern
from omprog_panic.model import Severity

_ANY_FILE = r"[^ :]+"

WARNING: tuple[Signature, ...] = (
    Signature(
        "warning",
        Severity.WARNING,
        "WARNING:",
        warning_pattern(r"lib/refcount\.c"),
        title="WARNING: refcount bug",
        rule="warning",
        source="lib/refcount.c refcount_warn_saturate",
    ),
    Signature(
        "warning",
        Severity.WARNING,
        "refcount_t ",
        r"refcount_t (?:hit zero|overflow|underflow|saturated|leaked memory).* at "
        rf"{FUNCTION}(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: \[\w+\])? in "
        rf"(?P<comm>.{{1,64}})\[(?P<pid>\d+)\]",
        title="WARNING: refcount bug",
        rule="named",
        role="opening",
        source="kernel/panic.c refcount_error_report, 4.14 to 5.4",
    ),
    Signature(
        "warning",
        Severity.WARNING,
        "WARNING:",
        warning_pattern(r"lib/list_debug\.c"),
        title="WARNING: corrupted list",
        rule="warning",
        source="lib/list_debug.c __list_add_valid, __list_del_entry_valid",
    ),
    Signature(
        "warning",
        Severity.WARNING,
        "WARNING:",
        warning_pattern(r"lib/debugobjects\.c"),
        title="WARNING: ODEBUG bug",
        rule="debug-object",
        source="lib/debugobjects.c debug_print_object",
    ),
    Signature(
        "warning",
        Severity.WARNING,
        "WARNING:",
        warning_pattern(r"mm/usercopy\.c"),
        title="WARNING: bad usercopy",
        rule="warning",
        source="mm/usercopy.c usercopy_warn",
    ),
    Signature(
        "warning",
        Severity.WARNING,
        "WARNING:",
        warning_pattern(r"lib/kobject\.c"),
        title="WARNING: kobject bug",
        rule="warning",
        source="lib/kobject.c",
    ),
    Signature(
        "warning",
        Severity.WARNING,
        "WARNING:",
        warning_pattern(r"fs/proc/generic\.c"),
        title="WARNING: proc registration bug",
        rule="warning",
        source="fs/proc/generic.c",
    ),
    Signature(
        "warning",
        Severity.WARNING,
        "WARNING:",
        warning_pattern(r"mm/[^ :]+")
        .replace(FUNCTION, r"(?P<F>_*kv?malloc\w*)")
        .removesuffix("?"),
        title="WARNING: kmalloc bug",
        rule="warning",
        source="mm/slab_common.c kmalloc_slab",
    ),
    Signature(
        "warning",
        Severity.WARNING,
        "WARNING:",
        r"(?!.* _*(?:vmalloc_to_\w+|vunmap\w*|vfree\w*|vmap\w*|remove_vm_area)\b)"
        + warning_pattern(r"mm/vmalloc\.c"),
        title="WARNING: zero-size vmalloc",
        rule="warning",
        source="mm/vmalloc.c __vmalloc_node_range",
    ),
    Signature(
        "warning",
        Severity.WARNING,
        "WARNING:",
        warning_pattern(r"drivers/usb/core/urb\.c"),
        title="WARNING in {F}/usb_submit_urb",
        rule="warning",
        source="drivers/usb/core/urb.c usb_submit_urb",
    ),
    Signature(
        "warning",
        Severity.WARNING,
        "WARNING:",
        warning_pattern(_ANY_FILE),
        title="WARNING",
        rule="warning",
        source="kernel/panic.c __warn",
    ),
    Signature(
        "warning",
        Severity.WARNING,
        "WARNING:",
        r"WARNING: (?:CPU: -?\d+ (?:UID: \d+ )?PID: -?\d+ )?at "
        rf"{FUNCTION}\+0x[0-9a-f]+/",
        title="WARNING",
        rule="warning",
        source="kernel/panic.c __warn, without CONFIG_DEBUG_BUGVERBOSE",
    ),
    Signature(
        "warning",
        Severity.WARNING,
        "WARNING:",
        r"WARNING: kernel stack (?P<what>regs|frame pointer) at .* has bad",
        title="WARNING: kernel stack {what} has bad value",
        source="arch/x86/kernel/unwind_frame.c",
    ),
    Signature(
        "warning",
        Severity.WARNING,
        "Badness at",
        r"Badness at ",
        title="WARNING",
        rule="warning",
        source="arch/powerpc/kernel/traps.c, kernels before 2.6.28",
    ),
)

"""Start lines that fit nowhere else. Pure data."""

from __future__ import annotations

from omprog_panic.kernel.signature import Signature
from omprog_panic.model import Severity

OTHER: tuple[Signature, ...] = (
    Signature(
        "other",
        Severity.WARNING,
        "unregister_netdevice",
        r"unregister_netdevice: waiting for \S+ to become free",
        title="unregister_netdevice: waiting for DEV to become free",
        role="event",
        source="net/core/dev.c netdev_wait_allrefs",
    ),
    Signature(
        "other",
        Severity.WARNING,
        "VFS:",
        r"VFS: Busy inodes after unmount",
        title="VFS: Busy inodes after unmount (use-after-free)",
        role="event",
        source="fs/super.c generic_shutdown_super",
    ),
    Signature(
        "other",
        Severity.WARNING,
        "VFS:",
        r"VFS: Close: file count is (?:0|zero)",
        title="VFS: Close: file count is zero (use-after-free)",
        role="event",
        source="fs/open.c filp_close",
    ),
    Signature(
        "bug",
        Severity.OOPS,
        "BUG:",
        r"BUG: Dentry .* still in use",
        title="BUG: Dentry still in use in unmount",
        source="fs/dcache.c umount_check",
    ),
    Signature(
        "bug",
        Severity.OOPS,
        "BUG:",
        r"BUG: ",
        title="{text}",
        source="any other BUG: of the kernel",
    ),
)

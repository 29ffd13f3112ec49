"""Events: file systems that found corruption, shut down or turned read-only. Pure data.

An event is no crash: it is one line, opens no report and ends none.
"""

from __future__ import annotations

from omprog_panic.kernel.signature import FUNCTION, Signature, event
from omprog_panic.model import Severity

_LOST = Severity.HARDWARE  # data was lost, or soon is
_DEVICE = r"\((?:device )?[^)]{1,64}\)"
_KIND = "filesystem"

FILESYSTEM: tuple[Signature, ...] = (
    event(
        _KIND,
        _LOST,
        ("EXT4-fs error", "EXT3-fs error", "EXT2-fs error"),
        rf"(?P<fs>EXT[234])-fs error {_DEVICE}: {FUNCTION}",
        title="{fs}-fs error",
        rule="named-only",
        source="fs/ext4/super.c __ext4_error, fs/ext3/super.c, fs/ext2/super.c",
    ),
    event(
        _KIND,
        _LOST,
        ("Remounting filesystem", "error: remounting", "remounting filesystem"),
        rf"(?P<fs>EXT[34])-fs {_DEVICE}: (?:error: )?[Rr]emounting filesystem "
        rf"read-only",
        title="{fs}-fs: remounted read-only",
        source="fs/ext4/super.c ext4_handle_error",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        "Delayed block allocation",
        rf"EXT4-fs {_DEVICE}: Delayed block allocation failed for inode",
        title="EXT4-fs: delayed block allocation failed",
        source="fs/ext4/inode.c mpage_map_and_submit_extent",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        ("Aborting journal", "JBD2: Detected IO", "JBD: Detected IO"),
        r"(?P<what>Aborting journal|JBD2?: Detected IO errors while flushing)",
        title="{what}",
        source="fs/jbd2/journal.c jbd2_journal_abort, fs/jbd2/commit.c",
    ),
    event(
        _KIND,
        _LOST,
        ("Metadata corr", "Metadata CRC", "Corruption", "Internal error"),
        rf"XFS {_DEVICE}: (?P<what>(?:Metadata )?[Cc]orruption detected|"
        r"Metadata CRC error detected|Internal error \S+)"
        rf"(?: at (?:line \d+ of file \S+\.? +Caller )?{FUNCTION})?",
        title="XFS: {what}",
        rule="named-only",
        source="fs/xfs/xfs_error.c xfs_error_report, xfs_buf_verifier_error",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        ("Filesystem has been", "Log I/O Error", "User initiated shutdown",
         "xfs_do_force_shutdown"),
        rf"XFS {_DEVICE}: (?:Filesystem has been shut down|Log I/O Error Detected|"
        r"User initiated shutdown)|XFS \([^)]{1,64}\): xfs_do_force_shutdown",
        title="XFS: file system shut down",
        source="fs/xfs/xfs_fsops.c xfs_do_force_shutdown",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        ("metadata I/O error", "log I/O error"),
        rf"XFS {_DEVICE}: (?P<what>(?:metadata|log) I/O error)",
        title="XFS: {what}",
        source="fs/xfs/xfs_buf.c xfs_buf_ioerror_alert, fs/xfs/xfs_log.c",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        ("BTRFS error", "BTRFS critical", "BTRFS: error", "BTRFS warning",
         "BTRFS info"),
        rf"BTRFS(?: \w+|:)? ?(?:error )?{_DEVICE}(?: in \S+)?:? "
        r"(?P<id_what>csum failed|checksum error|forced readonly|bad tree block start|"
        r"parent transid verify failed|errno=-\d+ [^:(]{1,40}|corrupt (?:leaf|node)|"
        r"unable to fixup|lost page write|Transaction aborted)",
        title="BTRFS: {id_what}",
        source="fs/btrfs/super.c btrfs_handle_error, fs/btrfs/disk-io.c, inode.c",
    ),
    event(
        _KIND,
        _LOST,
        "F2FS-fs (",
        rf"F2FS-fs {_DEVICE}: (?P<what>Stopped filesystem|"
        r"Remounting filesystem read-only|inconsistent|invalid blkaddr|"
        r"access invalid blkaddr)",
        title="F2FS: {what}",
        source="fs/f2fs/super.c f2fs_handle_critical_error, fs/f2fs/checkpoint.c",
    ),
    event(
        _KIND,
        _LOST,
        "WARNING: Pool",
        r"WARNING: Pool '[^']{1,256}' has encountered an uncorrectable I/O failure",
        title="ZFS: pool suspended",
        source="openzfs module/zfs/spa_misc.c zio_suspend",
    ),
    event(
        _KIND,
        _LOST,
        ("GFS2: fsid", "REISERFS error", "JFS: ERROR", "FAT-fs (", "UBIFS error",
         "UDF-fs: error", "UDF-fs error", "SQUASHFS error", "EROFS: (", "NILFS (",
         "ntfs3", "OCFS2: ERROR", "bcachefs ("),
        r"(?P<fs>GFS2|REISERFS|JFS|FAT-fs|UBIFS|UDF-fs|SQUASHFS|EROFS|NILFS|ntfs3|"
        r"OCFS2|bcachefs)[: ].{0,80}?(?P<what>fatal|about to withdraw|[Ee]rror|ERROR|"
        r"corrupt|emergency read)",
        title="{fs}: {what}",
        source="fs/gfs2/util.c, fs/reiserfs/prints.c, fs/jfs/super.c, fs/fat/misc.c, "
        "fs/ubifs/misc.h, fs/squashfs, fs/udf/super.c, fs/ocfs2/super.c",
    ),
    event(
        _KIND,
        Severity.WARNING,
        ("nfs: server", "lockd: server", "CIFS: VFS:"),
        r"(?P<fs>nfs|lockd|CIFS): (?:VFS: \S+ )?.{0,80}(?:not responding|has not "
        r"responded)",
        title="{fs}: server not responding",
        source="net/sunrpc/clnt.c call_timeout, fs/smb/client/connect.c",
    ),
)  # fmt: skip

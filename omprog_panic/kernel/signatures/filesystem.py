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
        rf"(?P<fs>EXT[234])-fs error {_DEVICE}(?::| in) {FUNCTION}",
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
        ("failed to convert unwritten", "This should not happen!!"),
        rf"EXT4-fs {_DEVICE}: (?P<what>failed to convert unwritten extents|This should "
        r"not happen!! Data will be lost)",
        title="EXT4-fs: {what}",
        source="fs/ext4/page-io.c ext4_end_io_end, inode.c mpage_map_and_submit_extent",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        "EXT4-fs warning",
        rf"EXT4-fs warning {_DEVICE}: ext4_end_bio:\d+: I/O error",
        title="EXT4-fs: I/O error while writing",
        source="fs/ext4/page-io.c ext4_end_bio",
    ),
    event(
        _KIND,
        Severity.WARNING,
        ("error count since", "warning: mounting fs"),
        rf"EXT4-fs {_DEVICE}: (?:error count since last fsck|warning: mounting fs with "
        r"errors)",
        title="EXT4-fs: errors since the last check",
        source="fs/ext4/super.c print_daily_error_info, ext4_setup_super",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        ("Aborting journal", "JBD2: Detected IO", "JBD: Detected IO", "JBD2: Error",
         "JBD2: I/O error"),
        r"(?P<what>Aborting journal|JBD2?: Detected IO errors while flushing|"
        r"JBD2: (?:Error -\d+ detected|I/O error) when updating journal superblock)",
        title="{what}",
        source="fs/jbd2/journal.c jbd2_journal_abort, fs/jbd2/commit.c",
    ),
    event(
        _KIND,
        _LOST,
        ("Filesystem has been", "Log I/O Error", "User initiated shutdown",
         "xfs_do_force_shutdown", "Corruption of", "Metadata I/O Error",
         "Block device removal", "I/O Error Detected", "Unknown ("),
        rf"XFS {_DEVICE}: (?:.{{0,300}}?Shutting down filesystem|Filesystem has been "
        r"shut down|Log I/O Error Detected|User initiated shutdown|"
        r"xfs_do_force_shutdown)",
        title="XFS: file system shut down",
        source="fs/xfs/xfs_fsops.c xfs_do_force_shutdown, 2.6.38 and later",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        'Filesystem "',
        r'Filesystem "[^"]{1,64}": .{0,100}?Shutting down filesystem',
        title="XFS: file system shut down",
        source="fs/xfs/xfs_rw.c xfs_do_force_shutdown, before 2.6.38",
    ),
    event(
        _KIND,
        _LOST,
        'Filesystem "',
        r'Filesystem "[^"]{1,64}": XFS (?P<what>internal error \S{1,64})',
        title="XFS: {what}",
        source="fs/xfs/xfs_error.c xfs_error_report, before 2.6.38",
    ),
    event(
        _KIND,
        _LOST,
        ("xfs_log_force: error", "writeback error on"),
        rf"XFS {_DEVICE}: (?P<what>xfs_log_force|writeback):? error",
        title="XFS: {what} error",
        source="fs/xfs/xfs_log.c xfs_log_force, fs/xfs/xfs_aops.c",
        after_prefix=True,
    ),
    event(
        _KIND,
        Severity.WARNING,
        "XFS: ",
        r"XFS: (?:\S{1,32}\(\d+\) )?possible memory allocation deadlock",
        title="XFS: possible memory allocation deadlock",
        source="fs/xfs/kmem.c kmem_alloc",
    ),
    event(
        _KIND,
        _LOST,
        ("Metadata corr", "Metadata CRC", "Corruption", "Internal error"),
        rf"XFS(?: {_DEVICE})?: (?P<what>(?:Metadata )?[Cc]orruption detected|"
        r"Metadata CRC error detected|Internal error \S+)"
        rf"(?: at (?:line \d+ of file \S+\.? +Caller )?(?!line |0x){FUNCTION})?",
        title="XFS: {what}",
        rule="named-only",
        source="fs/xfs/xfs_error.c xfs_error_report, xfs_buf_verifier_error",
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
        Severity.WARNING,
        ("BTRFS error", "BTRFS info", "BTRFS warning"),
        rf"BTRFS \w+ {_DEVICE}: (?:read error corrected|fixed up error)",
        title="BTRFS: error corrected",
        source="fs/btrfs/extent_io.c, bio.c btrfs_repair_io_failure, scrub.c",
    ),
    event(
        _KIND,
        _LOST,
        "BTRFS error",
        rf"BTRFS error {_DEVICE}: bdev \S{{1,64}} errs: ",
        title="BTRFS: error of a device",
        source="fs/btrfs/volumes.c btrfs_dev_stat_inc_and_print",
    ),
    event(
        _KIND,
        _LOST,
        "BTRFS: Transaction aborted",
        r"BTRFS: Transaction aborted \((?P<id_error>error -\d+)\)",
        title="BTRFS: Transaction aborted ({id_error})",
        source="fs/btrfs/transaction.h btrfs_abort_transaction",
    ),
    event(
        _KIND,
        _LOST,
        ("BTRFS error", "BTRFS critical", "BTRFS: error", "BTRFS warning",
         "BTRFS info"),
        rf"BTRFS(?: \w+|:)? ?(?:error )?{_DEVICE}(?: in \S+)?:? "
        r"(?P<id_what>csum failed|checksum error|forced readonly|bad tree block start|"
        r"parent transid verify failed|errno=-\d+ [^:(]{1,40}|corrupt (?:leaf|node)|"
        r"unable to fixup|lost page write|Transaction aborted|level verify failed|"
        r"unable to find logical)",
        title="BTRFS: {id_what}",
        source="fs/btrfs/super.c btrfs_handle_error, fs/btrfs/disk-io.c, inode.c",
    ),
    event(
        _KIND,
        _LOST,
        "F2FS-fs (",
        rf"F2FS-fs {_DEVICE}: (?P<what>Stopped filesystem|"
        r"Remounting filesystem read-only|[Ii]nconsistent|invalid blkaddr|"
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
        ("GFS2: fsid", "gfs2: fsid", "REISERFS error", "REISERFS abort", "JFS: ERROR",
         "FAT-fs (", "exFAT-fs (", "UBIFS error", "UBIFS warning", "UBI error",
         "UDF-fs: error", "UDF-fs error", "SQUASHFS error", "EROFS: (", "NILFS (",
         "NILFS error", "ntfs3", "OCFS2: ", "bcachefs (", "hfsplus: "),
        # Mount options and advice at mounting are no errors.
        r"(?P<fs>GFS2|gfs2|REISERFS|JFS|FAT-fs|exFAT-fs|UBIFS|UBI|UDF-fs|SQUASHFS|"
        r"EROFS|NILFS|ntfs3|OCFS2|bcachefs|hfsplus)"
        r"(?!.{0,120}(?:Volume was not properly|super ?block|UBI magic|mounting ))"
        r"[: (].{0,80}?(?P<what>fatal|about to withdraw|withdrawn|\b[Ee]rrors?\b(?!=)|"
        r"ERROR|corrupt|emergency read only|Unable to continue|"
        r"(?:(?<=set )|(?<=now )|(?<=to ))read-only|"
        r"dirty due to|abort|inconsistency)",
        title="{fs}: {what}",
        source="fs/gfs2/util.c, fs/reiserfs/prints.c, fs/jfs/super.c, fs/fat/misc.c, "
        "fs/exfat/misc.c, fs/ubifs/misc.c, fs/squashfs, fs/udf/super.c, "
        "fs/ocfs2/super.c, fs/nilfs2/super.c, fs/ntfs3/super.c, fs/bcachefs/error.c, "
        "fs/hfsplus/bfind.c",
    ),
    event(
        _KIND,
        _LOST,
        "ERROR: (device",
        rf"ERROR: {_DEVICE}: {FUNCTION}",
        title="JFS: ERROR",
        rule="named-only",
        source="fs/jfs/super.c jfs_error",
    ),
    event(
        _KIND,
        _LOST,
        "erofs: (device",
        rf"erofs: {_DEVICE}: {FUNCTION}: (?!cannot find valid)",
        title="EROFS: error",
        rule="named-only",
        source="fs/erofs/super.c _erofs_err",
    ),
    event(
        _KIND,
        _LOST,
        "ubi",
        rf"ubi\d+ error: {FUNCTION}: ",
        title="UBI: error",
        rule="named-only",
        source="drivers/mtd/ubi/misc.c ubi_err",
    ),
    event(
        _KIND,
        Severity.WARNING,
        ("nfs: server", "lockd: server", "CIFS: VFS:", "CIFS VFS:"),
        r"(?P<fs>nfs|lockd|CIFS):?(?: VFS:)? .{0,80}(?:not responding|has not "
        r"responded)",
        title="{fs}: server not responding",
        source="net/sunrpc/clnt.c call_timeout, fs/smb/client/connect.c",
    ),
)  # fmt: skip

"""Events: errors, timeouts and losses of disks and volumes. Pure data."""

from __future__ import annotations

from omprog_panic.kernel.signature import Signature, event
from omprog_panic.model import Severity

_LOST = Severity.HARDWARE  # data was lost, or a device is gone
_KIND = "storage"
# Floppies and optical drives without a medium give I/O errors at every boot; the errors
# of a loop device are those of its file.
_DISK = r"(?!fd\d|sr\d|loop\d)[\w!-]{1,32}"

STORAGE: tuple[Signature, ...] = (
    event(
        _KIND,
        _LOST,
        ("critical medium error", "blk_update_request:", "print_req_error:"),
        r"(?:(?:blk_update_request|print_req_error): )?critical medium error, "
        rf"dev {_DISK}",
        title="medium error",
        source="block/blk-mq.c blk_print_req_error",
    ),
    event(
        _KIND,
        _LOST,
        ("I/O error, dev", "critical ", "protection error,", "blk_update_request:",
         "print_req_error:", "end_request:"),
        r"(?:(?:blk_update_request|print_req_error|end_request): )?"
        r"(?P<what>(?:critical [a-z ]{1,24}|I/O|protection|device offline) error), "
        rf"dev {_DISK}",
        title="{what}",
        source="block/blk-mq.c blk_print_req_error, block/blk-core.c before 5.16",
    ),
    event(
        _KIND,
        _LOST,
        ("Buffer I/O error", "lost page write"),
        r"(?:Buffer I/O error on dev(?:ice)?|lost page write due to I/O error on) "
        rf"{_DISK}",
        title="buffer I/O error",
        source="fs/buffer.c buffer_io_error",
    ),
    event(
        _KIND,
        _LOST,
        ("[sd", "rejecting I/O", "Device offlined"),
        r"sd \S{1,24}: (?:\[\w+\] )?(?:tag#\d+ )?(?:Add\. Sense: )?(?P<what>Sense Key "
        r": (?:Medium|Hardware) Error|Unrecovered read error|rejecting I/O to offline "
        r"device|Device offlined|timing out command, waited)",
        title="SCSI: {what}",
        source="drivers/scsi/scsi_logging.c, scsi_error.c, scsi_lib.c",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        ("disabled", "disable device"),
        r"ata\d+\.\d+: disabled?\b",
        title="ATA: device disabled",
        source="drivers/ata/libata-eh.c ata_dev_disable",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        ("FW in FAULT", "Controller lockup", "controller is offline", "fault_state(",
         "Host adapter abort", "Host device reset", "Host bus reset"),
        r"(?:(?P<driver>hpsa|megaraid_sas|aacraid|smartpqi)(?: \S{1,24})?|"
        r"(?P<name>mpt[23]sas)_cm\d+): (?P<what>FW in FAULT state|"
        r"Controller lockup detected|controller is offline|fault_state|"
        r"Host (?:adapter abort|(?:device|bus) reset) request)",
        title="{driver}{name}: {what}",
        source="drivers/scsi/hpsa.c, megaraid/megaraid_sas_base.c, aacraid/linit.c, "
        "smartpqi/smartpqi_sis.c, mpt3sas/mpt3sas_base.c",
        after_prefix=True,
    ),
    event(
        _KIND,
        Severity.WARNING,
        ("exception Emask", "failed command", "hard resetting", "SError: "),
        r"ata\d+(?:\.\d+)?: (?P<what>exception Emask|failed command: "
        r"[A-Z ]{1,24}|hard resetting link|SError)",
        title="ATA: {what}",
        source="drivers/ata/libata-eh.c ata_eh_link_report, ata_eh_reset",
        after_prefix=True,
    ),
    event(
        _KIND,
        Severity.WARNING,
        ("I/O ", "controller is down", "resetting", "Device not"),
        r"nvme nvme\d+: (?P<what>(?:I/O (?:tag )?\d+ .{0,80}?timeout|controller is down"
        r"|resetting controller))",
        title="NVMe: timeout",
        source="drivers/nvme/host/pci.c nvme_timeout, nvme_warn_reset",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        ("Removing after", "Disabling device", "Device not ready", "Identify"),
        r"nvme nvme\d+: (?P<what>Removing after probe failure|Disabling device after "
        r"reset failure|Device not ready; aborting)",
        title="NVMe: {what}",
        source="drivers/nvme/host/pci.c nvme_reset_work, core.c nvme_wait_ready",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        ("Read(", "Write(", "I/O Cmd("),
        r"nvme\d+n\d+: (?:Read|Write|I/O Cmd)\(0x\d+\) .{0,80}(?P<what>"
        r"Unrecovered Read Error|Write Fault|End-to-end \w+ Check Error|I/O Error)",
        title="NVMe: {what}",
        source="drivers/nvme/host/core.c nvme_log_error, 5.18 and later",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        ("Disk failure on", "Cannot continue", "read error not"),
        r"md/(?P<level>raid\w*):\w+: (?P<what>Disk failure|Cannot continue operation|"
        r"read error not correctable)",
        title="md: {what}",
        source="drivers/md/raid1.c, raid10.c, raid5.c",
        after_prefix=True,
    ),
    event(
        _KIND,
        _LOST,
        ("md/raid", "raid1: Disk", "raid10: Disk", "raid5: Disk", "raid6: Disk"),
        r"(?:md/)?raid\d*:(?:\w+:)? (?:\S{1,32}: )?"
        r"(?P<what>unrecoverable I/O read error|not enough operational|"
        r"Raid device exceeded read_error threshold|"
        r"cannot start dirty degraded array|Disk failure)",
        title="md: {what}",
        source="drivers/md/raid1.c, raid10.c, raid5.c, also before 2.6.38",
    ),
    event(
        _KIND,
        _LOST,
        "md: super_written",
        r"md: super_written gets error",
        title="md: superblock not written",
        source="drivers/md/md.c super_written",
    ),
    event(
        _KIND,
        _LOST,
        "device-mapper:",
        r"device-mapper: (?P<target>\w+): .{0,80}?(?P<what>Failing path|"
        r"switching pool to \S+|Invalidating snapshot|is corrupted|Checksum failed|"
        r"out-of-data-space|[Dd]evice failure|metadata operation '\w+' failed|"
        r"aborting current metadata transaction|Snapshot is marked invalid|"
        r"INTEGRITY AEAD ERROR)",
        title="device-mapper {target}: {what}",
        source="drivers/md/dm-mpath.c, dm-thin.c, dm-snap.c, dm-verity-target.c, "
        "dm-integrity.c",
    ),
    event(
        _KIND,
        Severity.WARNING,
        "bcache: ",
        r"bcache: .{0,80}(?P<what>IO error on|error on .{1,64}?, disabling caching)",
        title="bcache: {what}",
        source="drivers/md/bcache/io.c bch_count_io_errors, super.c",
    ),
    event(
        _KIND,
        Severity.WARNING,
        ("Split-Brain", "Local IO failed"),
        r"(?:block )?drbd[\w/ ]{1,64}: (?P<what>Split-Brain detected|Local IO failed)",
        title="DRBD: {what}",
        source="drivers/block/drbd/drbd_receiver.c, drbd_req.c",
        after_prefix=True,
    ),
    event(
        _KIND,
        Severity.WARNING,
        ("error -", "Timeout waiting", "Card stuck"),
        r"mmc(?:blk)?\d+: (?P<id_what>error -\d+|Timeout waiting for hardware|"
        r"Card stuck)",
        title="MMC: {id_what}",
        source="drivers/mmc/core/block.c, drivers/mmc/host/sdhci.c",
        after_prefix=True,
    ),
)  # fmt: skip

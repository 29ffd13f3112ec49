"""The look-up of start lines."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.start_line import (
    MAX_START_CHARS,
    START_KEYS,
    first_signature,
    match_info_line,
    match_start_line,
)


@pytest.mark.parametrize(
    "text",
    [
        "Command line: ro panic=10 oops=panic",
        "acmed[812]: Kernel panic - not syncing: quoted",
        "DEBUG: BUG: x",
        "",
    ],
)
def test_words_of_a_crash_in_other_lines_start_nothing(text: str) -> None:
    assert match_start_line(text) is None
    assert first_signature(text) is None


def test_the_specific_row_goes_before_the_general_one() -> None:
    start = match_start_line("WARNING: CPU: 0 PID: 1 at lib/refcount.c:25 f+0x1/0x2")

    assert start is not None
    assert start.signature.title == "WARNING: refcount bug"
    assert start.match["F"] == "f"


@pytest.mark.parametrize("number", ["{1}", "{12}"])
def test_a_numbered_hardware_error_is_found(number: str) -> None:
    text = f"{number}[Hardware Error]: event severity: fatal"

    assert first_signature(text) is not None
    assert text[:3] in START_KEYS


def test_words_far_behind_the_beginning_are_not_looked_at() -> None:
    name = "x" * MAX_START_CHARS

    assert (
        match_start_line(f"INFO: task {name} blocked for more than 1 seconds") is None
    )


def test_info_lines_have_their_words_in_the_middle() -> None:
    found = match_info_line("acmed invoked oom-killer: gfp_mask=0x0")

    assert found is not None
    assert found.signature.kind == "oom-kill"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("root@acme:~# Kernel panic - not syncing: x", True),
        ("acme login: Kernel panic - not syncing: x", True),
        ("executing program Kernel panic - not syncing: x", False),
        ("# Kernel panic - not syncing: a comment", False),
    ],
)
def test_a_terminal_shows_a_prompt_before_the_kernels_line(
    text: str, *, found: bool
) -> None:
    assert (match_start_line(text, attached=True) is not None) is found


@pytest.mark.parametrize(
    "text",
    [
        "bcachefs (sda): mounted version 1.9 opts=metadata_replicas=2,errors=panic",
        "bcachefs (sda): mounted with opts: data_checksum=none,fix_errors",
        (
            "FAT-fs (sdb1): Volume was not properly unmounted. Some data may be "
            "corrupt. Please run fsck."
        ),
        "exFAT-fs (sdb1): Volume was not properly unmounted. Some data may be corrupt.",
        "NILFS version 2 loaded",
        "NILFS (sda1): mounting fs with errors",
        "SQUASHFS error: Can't find a SQUASHFS superblock on mtdblock3",
        "UBI error: no valid UBI magic found inside mtd7",
        (
            "erofs: (device loop0): erofs_read_superblock: cannot find valid erofs "
            "superblock"
        ),
        "bcachefs (/dev/loop0): error reading default superblock: Not a bcachefs",
        (
            "hfsplus: Filesystem was not cleanly unmounted, running fsck.hfsplus is "
            "recommended.  mounting read-only."
        ),
        "gfs2: GFS2 installed",
        "OCFS2 User DLM kernel interface loaded",
        'UBIFS (ubi0:0): mounted UBI device 0, volume 0, name "rootfs", R/O mode',
        "XFS (sda1): Ending clean mount",
        "BTRFS info (device sda2): disk space caching is enabled",
        "EXT4-fs (sda1): re-mounted. Opts: errors=remount-ro",
        "ata3: SATA link down (SStatus 0 SControl 300)",
        "md/raid1:md0: active with 2 out of 2 mirrors",
        "EDAC MC0: Giving out device to module skx_edac",
        "EEH: Capable adapter found: recovery enabled.",
        "DMAR: Intel(R) Virtualization Technology for Directed I/O",
        "AMD-Vi: Interrupt remapping enabled",
        "tsc: Marking TSC unstable due to TSCs unsynchronized",
        "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  535.54.03",
        "thermal thermal_zone0: failed to read out thermal zone (-61)",
        "CPU1: Core temperature above threshold, cpu clock throttled (total events",
        "e1000e 0000:00:19.0 eth0: Detected Hardware Unit Hang:",
    ],
)
def test_ordinary_words_of_drivers_are_no_events(text: str) -> None:
    assert match_start_line(text) is None

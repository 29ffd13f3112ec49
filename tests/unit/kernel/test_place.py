"""Source file and subsystem of the function that is blamed: right, or nothing."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.analysis import analyze_text
from omprog_panic.kernel.place import NOWHERE, place_of, shown_place
from omprog_panic.kernel.report import Facts, Frame

OOPS = (
    "BUG: kernel NULL pointer dereference, address: 0000000000000008\n"
    "CPU: 1 PID: 7 Comm: a Tainted: P           OE      6.1.0 #1\n"
    "RIP: 0010:{pc}\nCode: 90\nCall Trace:\n <TASK>\n {frame}\n"
    " do_syscall_64+0x1/0x2\n </TASK>\n"
    "Modules linked in: nvidia(POE) zfs(PO) dkms_made(OE) ext4 acme\n"
)


def shown(pc: str, frame: str = "vfs_read+0x1/0x2") -> str | None:
    text = OOPS.format(pc=pc, frame=frame)
    [report] = analyze_text(line.encode() for line in text.split("\n"))
    return shown_place(report)


@pytest.mark.parametrize(
    ("pc", "expected"),
    [
        ("ext4_fill_super+0x1/0x2 [ext4]", "fs/ext4/super.c (EXT4 FILE SYSTEM)"),
        ("ext4_fill_super+0x1/0x2", "fs/ext4/super.c (EXT4 FILE SYSTEM)"),
        # a function that later or earlier kernels have: the module says enough
        ("ext4_of_another_age+0x1/0x2 [ext4]", "fs/ext4/ (EXT4 FILE SYSTEM)"),
        ("nv_open+0x1/0x2 [nvidia]", "nvidia, out of tree, proprietary"),
        ("dnode_hold+0x1/0x2 [zfs]", "zfs, out of tree, proprietary"),
        ("made+0x1/0x2 [dkms_made]", "dkms_made, out of tree"),
        # its flags are lost, and it is not from Linux: a name of Linux means nothing
        ("ext4_fill_super+0x1/0x2 [acme]", None),
        ("no_such_function+0x1/0x2", None),
        # static in several subsystems
        ("send_request+0x1/0x2", None),
    ],
)
def test_the_place_of_the_blamed_function(pc: str, expected: str | None) -> None:
    assert shown(pc) == expected


def test_the_file_that_the_report_names_is_better_than_the_table() -> None:
    frames = [Frame("ext4_fill_super")]
    named = "/build/linux-1/fs/ext4/later.c:12"

    place = place_of("ext4_fill_super", Facts(), frames, named)

    assert place == ("fs/ext4/later.c", "EXT4 FILE SYSTEM")


def test_a_report_without_a_function_has_no_place() -> None:
    assert place_of(None, Facts(), ()) == NOWHERE

"""Why a test may be skipped: this machine or this account cannot run it.

A reason starts with one of ``ALLOWED``. A program that is not installed is no reason
for root: tools/test installs what the tests need, and a run of it fails where a test is
skipped for anything else (tests/conftest.py).
"""

from __future__ import annotations

import os
import platform
import shutil

ROOT = "needs:root"
PRIVILEGE = "needs:privilege"  # root in a container that may not mount, for example
HARDWARE = "needs:hardware"
INSTALL = "needs:install"  # a missing program that root could have installed
ALLOWED = (ROOT, PRIVILEGE, HARDWARE)
STRICT = "OMPROG_PANIC_STRICT_SKIPS"  # set by tools/test
_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"


def is_allowed(reason: str) -> bool:
    """Return whether a reason is one of rights or hardware.

    >>> is_allowed("needs:root: only root can mount")
    True
    >>> is_allowed("needs:install: no ip")
    False
    """
    return reason.removeprefix("Skipped: ").partition(": ")[0] in ALLOWED


def not_root(action: str) -> str:
    """Return why ``action`` cannot be done without root; "" where we are root."""
    return "" if os.geteuid() == 0 else f"{ROOT}: only root can {action}"


def missing_program(*names: str) -> str:
    """Return which of the programs is not installed; "" where all are."""
    path = f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_PATH}"
    for name in names:
        if shutil.which(name, path=path) is None:
            kind = INSTALL if os.geteuid() == 0 else ROOT
            return f"{kind}: {name} is not installed"
    return ""


def other_machine(*machines: str) -> str:
    """Return why this processor does not do; "" where it is one of ``machines``."""
    ours = platform.machine()
    return "" if ours in machines else f"{HARDWARE}: {ours} is not {machines[0]}"

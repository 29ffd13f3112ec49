"""The tables of start lines, one file a family. Pure data.

The first row that matches wins, so that within a file the specific row stands before
the general one, and the order of the files counts. How to add a row:
docs/adding-a-signature.md. A row without a sample in tests/corpus/oops fails the suite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.kernel.signatures.bug import BUG
from omprog_panic.kernel.signatures.device import DEVICE
from omprog_panic.kernel.signatures.die import DIE as DIE_SIGNATURES
from omprog_panic.kernel.signatures.fault import FAULT
from omprog_panic.kernel.signatures.filesystem import FILESYSTEM
from omprog_panic.kernel.signatures.hardware import HARDWARE
from omprog_panic.kernel.signatures.info import INFO as INFO_SIGNATURES
from omprog_panic.kernel.signatures.locking import LOCKING
from omprog_panic.kernel.signatures.lockup import LOCKUP
from omprog_panic.kernel.signatures.other import OTHER
from omprog_panic.kernel.signatures.panic import PANIC
from omprog_panic.kernel.signatures.sanitizer import SANITIZER
from omprog_panic.kernel.signatures.storage import STORAGE
from omprog_panic.kernel.signatures.warning import WARNING

if TYPE_CHECKING:
    from omprog_panic.kernel.signature import Signature

__all__ = [
    "ALL_SIGNATURES",
    "DIE_SIGNATURES",
    "EVENT_KINDS",
    "INFO_SIGNATURES",
    "SIGNATURES",
]

SIGNATURES: tuple[Signature, ...] = (
    *PANIC,
    *SANITIZER,
    *FAULT,
    *BUG,
    *LOCKUP,
    *HARDWARE,
    *LOCKING,
    *WARNING,
    *OTHER,
    *FILESYSTEM,
    *STORAGE,
    *DEVICE,
)
ALL_SIGNATURES = (*SIGNATURES, *DIE_SIGNATURES, *INFO_SIGNATURES)
EVENT_KINDS = frozenset(row.kind for row in SIGNATURES if row.role == "event") - {
    "info",
    "other",
}
"""Kinds of trouble that is no crash."""

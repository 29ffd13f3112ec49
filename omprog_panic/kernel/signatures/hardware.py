"""Start lines of hardware errors. Pure data."""

from __future__ import annotations

from omprog_panic.kernel.signature import Signature
from omprog_panic.model import Severity

# The exception's status, the bank and its MCi_STATUS (kernel/mce.py).
_STATUS = r"(?: +[0-9a-f]+ Bank (?P<id_bank>\d+): (?P<status>[0-9a-f]{16}))?"

HARDWARE: tuple[Signature, ...] = (
    Signature(
        "machine-check",
        Severity.HARDWARE,
        "mce:",
        r"mce: \[Hardware Error\]: CPU (?P<cpu>\d+): Machine Check(?: Exception)?:"
        + _STATUS,
        title="machine check",
        source="arch/x86/kernel/cpu/mce/core.c print_mce",
    ),
    Signature(
        "machine-check",
        Severity.HARDWARE,
        ("CPU ",),
        r"CPU (?P<cpu>\d+): Machine Check Exception:" + _STATUS,
        title="machine check",
        source="arch/x86/kernel/cpu/mcheck/mce.c print_mce, before 2.6.33",
    ),
    Signature(
        "machine-check",
        Severity.HARDWARE,
        ("[Hardware Error]", "{"),
        r"(?:\{\d+\})?\[Hardware Error\]: "
        r"(?:CPU (?P<cpu>\d+): Machine Check(?: Exception)?:" + _STATUS + ")?",
        title="hardware error",
        source="drivers/firmware/efi/cper.c, drivers/acpi/apei",
    ),
    Signature(
        "machine-check",
        Severity.HARDWARE,
        ("mce: [Hardware", "[Hardware Error]", "Machine check events"),
        r"(?:mce: )?(?:\[Hardware Error\]: )?Machine check events logged",
        title="machine check events logged",
        role="detail",
        source="arch/x86/kernel/cpu/mce/core.c mce_notify_irq",
    ),
    Signature(
        "machine-check",
        Severity.HARDWARE,
        "GHES: Fatal",
        r"GHES: Fatal",
        title="hardware error",
        source="drivers/acpi/apei/ghes.c __ghes_panic",
    ),
    Signature(
        "machine-check",
        Severity.HARDWARE,
        "EDAC ",
        r"EDAC [^ ]+: (?:\d+ )?(?P<what>UE|CE) ",
        title="memory error ({what})",
        source="drivers/edac/edac_mc.c edac_mc_handle_error",
    ),
    Signature(
        "machine-check",
        Severity.HARDWARE,
        "SError",
        r"SError Interrupt on CPU(?P<cpu>\d+)",
        title="SError interrupt",
        rule="pc",
        source="arch/arm64/kernel/traps.c arm64_serror_panic",
    ),
    Signature(
        "machine-check",
        Severity.HARDWARE,
        "Memory failure",
        r"Memory failure: (?:0x)?[0-9a-f]+: ",
        title="memory failure",
        source="mm/memory-failure.c action_result",
    ),
    Signature(
        "machine-check",
        Severity.HARDWARE,
        ("Machine check in kernel", "Disabling lock debugging due to MCE"),
        r"Machine check in kernel mode",
        title="machine check",
        source="arch/powerpc/kernel/traps.c machine_check_exception",
    ),
    Signature(
        "nmi",
        Severity.HARDWARE,
        ("Uhhuh.", "NMI: "),
        r"Uhhuh\. (?P<what>NMI received .*reason)|"
        r"(?P<bus>NMI: (?:IOCK|PCI system) error)",
        title="{what}{bus}",
        source="arch/x86/kernel/nmi.c",
    ),
    Signature(
        "machine-check",
        Severity.HARDWARE,
        "MCE: CPU",
        r"MCE: CPU(?P<cpu>\d+): machine check \(\w+\)",
        title="machine check",
        source="arch/powerpc/kernel/mce.c machine_check_print_event_info",
    ),
)

"""Events: buses, temperature, GPUs, networks, interrupts, clocks. Pure data."""

from __future__ import annotations

from omprog_panic.kernel.signature import Signature, event
from omprog_panic.model import Severity

_FATAL = Severity.HARDWARE
_WARN = Severity.WARNING

DEVICE: tuple[Signature, ...] = (
    event(
        "bus",
        _FATAL,
        ("AER: ", "PCIe Bus Error:"),
        r"\S{1,32} [0-9a-f:.]{5,16}: (?:AER: (?:Multiple )?"
        r"(?:Uncorrect(?:ed|able) \(Fatal\)|Fatal) error|"
        r"(?:AER: )?PCIe Bus Error: severity=Uncorrect(?:ed|able) \(Fatal\))",
        title="PCIe: fatal error",
        source="drivers/pci/pcie/aer.c aer_print_error, aer_print_port_info",
        after_prefix=True,
    ),
    event(
        "bus",
        _WARN,
        ("AER: ", "PCIe Bus Error:", "DPC: ", "device recovery", "can't recover"),
        r"\S{1,32} [0-9a-f:.]{5,16}: (?:AER: (?:Multiple )?Uncorrect(?:ed|able) "
        r"\(Non-Fatal\) error|(?:AER: )?PCIe Bus Error: severity=Uncorrect(?:ed|able) "
        r"\(Non-Fatal\)|DPC: containment event|(?:AER: )?device recovery failed)",
        title="PCIe: uncorrected error",
        source="drivers/pci/pcie/aer.c aer_print_error; dpc.c; err.c",
        after_prefix=True,
    ),
    event(
        "info",
        Severity.INFO,
        ("AER: ", "PCIe Bus Error:"),
        r"\S{1,32} [0-9a-f:.]{5,16}: (?:AER: (?:Multiple )?Correct(?:ed|able) error|"
        r"(?:AER: )?PCIe Bus Error: severity=Correct(?:ed|able))",
        title="PCIe: corrected error",
        source="drivers/pci/pcie/aer.c aer_print_error",
        after_prefix=True,
    ),
    event(
        "bus",
        _FATAL,
        "EEH: ",
        r"EEH: (?:PHB#\S{1,16} has failed|.{0,80}permanently disabled)",
        title="EEH: device disabled permanently",
        source="arch/powerpc/kernel/eeh_driver.c eeh_handle_normal_event",
    ),
    event(
        "bus",
        _WARN,
        "EEH: ",
        r"EEH: (?:\S+: )?(?P<what>Frozen|Fenced) P(?:HB|E)#",
        title="EEH: {what} PCI host bridge or device",
        source="arch/powerpc/kernel/eeh.c eeh_dev_check_failure, eeh-powernv.c",
    ),
    event(
        "bus",
        _WARN,
        ("DMAR: [", "DMAR: DRHD", "AMD-Vi: "),
        r"(?:DMAR: (?:\[(?:DMA|INTR)|DRHD: handling fault)|AMD-Vi: (?:Event logged \[|"
        r"Completion-Wait loop timed out))",
        title="IOMMU: fault",
        source="drivers/iommu/intel/dmar.c dmar_fault_do_one, amd/iommu.c",
    ),
    event(
        "bus",
        _WARN,
        ("AMD-Vi: Event", "Unhandled context fault"),
        r"\S{1,64}(?: \S{1,64})?: (?:AMD-Vi: Event logged \[|Unhandled context "
        r"fault)",
        title="IOMMU: fault",
        source="drivers/iommu/amd/iommu.c amd_iommu_report_page_fault, arm/arm-smmu",
        after_prefix=True,
    ),
    event(
        "thermal",
        _FATAL,
        ("Critical temperature", "reboot: HARDWARE", "HARDWARE PROTECTION"),
        r"Critical temperature reached|"
        r"(?:reboot: )?HARDWARE PROTECTION shutdown \(Temperature",
        title="critical temperature reached",
        source="drivers/acpi/thermal.c, kernel/reboot.c hw_protection_shutdown",
    ),
    event(
        "thermal",
        _FATAL,
        ("critical temperature", "acpitz: critical", "thermal_zone"),
        r"thermal thermal_zone\d+: (?:\S+: )?critical temperature reached|"
        r"thermal_zone\d+: critical temperature",
        title="critical temperature reached",
        source="drivers/thermal/thermal_core.c handle_critical_trips",
        after_prefix=True,
    ),
    event(
        "gpu",
        _FATAL,
        "NVRM: Xid",
        r"NVRM: Xid \((?:PCI:)?[0-9a-f:.]{1,16}\): (?P<id_xid>13|31|32|43|45|48|56|57|"
        r"61|62|63|64|68|69|74|79|92|94|95|109|119|120|121|140|143|154)\b",
        title="NVIDIA Xid {id_xid}: {meaning}",
        source="NVIDIA driver; docs.nvidia.com/deploy/xid-errors",
    ),
    event(
        "gpu",
        _WARN,
        "NVRM: Xid",
        r"NVRM: Xid \((?:PCI:)?[0-9a-f:.]{1,16}\): (?P<id_xid>\d{1,4})",
        title="NVIDIA Xid {id_xid}: {meaning}",
        source="NVIDIA driver",
    ),
    event(
        "gpu",
        _FATAL,
        ("NVRM: GPU", "NVRM: RmInit", "NVRM: fallen"),
        r"NVRM: (?:(?:GPU \S{1,24}: GPU has )?(?P<what>fallen off the bus)|"
        r"(?P<what2>RmInitAdapter failed))",
        title="NVIDIA: {what}{what2}",
        source="NVIDIA driver",
    ),
    event(
        "gpu",
        _WARN,
        "[drm:amdgpu",
        r"\[drm:amdgpu_job_timedout[^\]]*\]{1,2} \*ERROR\* ring \S+ timeout",
        title="amdgpu: ring timeout",
        source="drivers/gpu/drm/amd/amdgpu/amdgpu_job.c amdgpu_job_timedout",
    ),
    event(
        "gpu",
        _WARN,
        ("amdgpu: ", "GPU reset", "ring ", "[drm] *ERROR* ring"),
        r"amdgpu [0-9a-f:.]{5,16}: (?:amdgpu: |\[drm\] \*ERROR\* )?(?P<what>ring \S+ "
        r"timeout|GPU reset begin|GPU reset\(\d+\) failed|\[\w+\] (?:no-)?retry page "
        r"fault)",
        title="amdgpu: {what}",
        source="drivers/gpu/drm/amd/amdgpu/amdgpu_job.c, amdgpu_device.c",
        after_prefix=True,
    ),
    event(
        "gpu",
        _WARN,
        ("[drm] GPU HANG", "[drm] Resetting", "GPU HANG", "Resetting "),
        r"i915 [0-9a-f:.]{5,16}: (?:\[drm\] )?(?P<what>GPU HANG|Resetting \w+ for)",
        title="i915: {what}",
        source="drivers/gpu/drm/i915/i915_gpu_error.c, gt/intel_reset.c",
        after_prefix=True,
    ),
    event(
        "gpu",
        _WARN,
        ("[drm] GPU HANG", "[drm] stuck on"),
        r"\[drm\] (?P<what>GPU HANG|stuck on \w+ ring)",
        title="i915: {what}",
        source="drivers/gpu/drm/i915/i915_gpu_error.c, i915_irq.c, before 4.20",
    ),
    event(
        "gpu",
        _WARN,
        "[drm] ",
        r"xe [0-9a-f:.]{5,16}: \[drm\] (?:\*ERROR\* )?(?:(?:Tile|GT)\d+: )*(?P<what>"
        r"Engine reset|Timedout job|Engine memory CAT error|GT reset)",
        title="xe: {what}",
        source="drivers/gpu/drm/xe/xe_guc_submit.c",
        after_prefix=True,
    ),
    event(
        "gpu",
        _WARN,
        ("GPU lockup", "fifo: ", "gr: ", "ring "),
        r"(?P<driver>radeon|nouveau) [0-9a-f:.]{5,16}: (?:GPU lockup|ring \d+ stalled|"
        r"fifo: (?:.{0,60}killed|(?:read |write )?fault|SCHED_ERROR)|gr: .{0,60}TRAP)",
        title="{driver}: GPU error",
        source="drivers/gpu/drm/radeon/radeon_fence.c, drivers/gpu/drm/nouveau",
        after_prefix=True,
    ),
    event(
        "network",
        _WARN,
        "NETDEV WATCHDOG",
        r"NETDEV WATCHDOG: (?:CPU: \d+: |\S{1,16} \([^)]{1,32}\): |\S{1,16}: )?"
        r"transmit (?:queue \d+ )?timed",
        title="NETDEV WATCHDOG: transmit queue timed out",
        source="net/sched/sch_generic.c dev_watchdog, before 6.6",
    ),
    event(
        "network",
        _WARN,
        "NETDEV WATCHDOG",
        r"\S{1,32} \S{1,24} \S{1,16}(?: \([^)]{1,32}\))?: NETDEV WATCHDOG: "
        r"(?:CPU: \d+: )?transmit queue \d+ timed",
        title="NETDEV WATCHDOG: transmit queue timed out",
        source="net/sched/sch_generic.c dev_watchdog, 6.6 and later",
        after_prefix=True,
    ),
    event(
        "network",
        _WARN,
        ("transmit timed out", "initiating reset"),
        r"(?P<driver>[a-z]\w{1,16}) \S{1,24} \S{1,16}: (?P<what>transmit timed out|"
        r"initiating reset due to tx timeout)",
        title="{driver}: {what}",
        source="drivers/net/ethernet/intel/ixgbe/ixgbe_main.c, broadcom/tg3.c",
        after_prefix=True,
    ),
    event(
        "network",
        _WARN,
        ("nf_conntrack:", "ip_conntrack:", "neighbour:", "Neighbour table",
         "TCP: out of"),
        r"(?P<what>(?:nf|ip)_conntrack: (?:nf_conntrack: )?(?:expectation )?table full|"
        r"neighbour: \w+: neighbor table overflow|Neighbour table overflow|TCP: out of "
        r"memory)",
        title="{what}",
        source="net/netfilter/nf_conntrack_core.c, net/core/neighbour.c, net/ipv4",
    ),
    event(
        "interrupt",
        _WARN,
        ("irq ", "Disabling IRQ"),
        r"irq (?P<irq>\d+): nobody cared|Disabling IRQ #\d+",
        title="interrupt that nobody handles",
        source="kernel/irq/spurious.c __report_bad_irq, note_interrupt",
    ),
    event(
        "clock",
        _WARN,
        ("clocksource: timekeeping", "Clocksource "),
        r"clocksource: timekeeping watchdog(?: on CPU\d+)?: Marking clocksource "
        r"'(?P<clock>\w+)' as unstable|Clocksource (?P<clock2>\w+) unstable",
        title="clocksource {clock}{clock2} unstable",
        source="kernel/time/clocksource.c clocksource_watchdog",
    ),
    event(
        "info",
        Severity.INFO,
        "workqueue: ",
        r"workqueue: (?P<F>[A-Za-z_][\w.]*)(?: \[\w+\])? hogged CPU for >",
        title="workqueue: CPU hogged",
        rule="named-only",
        source="kernel/workqueue.c wq_cpu_intensive_report, 6.5 and later",
    ),
    event(
        "oom-kill",
        _WARN,
        "oom-kill:constraint",
        r"oom-kill:constraint=(?P<what>CONSTRAINT_\w+),.{0,1500}?"
        r"(?:oom_memcg=(?P<cgroup>[^,]{1,512}),)?.{0,1500}?"
        r"task=(?P<comm>.{1,64}?),pid=(?P<pid>\d+)",
        title="out of memory: killed {comm}",
        source="mm/oom_kill.c dump_oom_summary, 4.20 and later",
    ),
    event(
        "oom-kill",
        _WARN,
        ("Out of memory", "Memory cgroup out of memory"),
        r"(?:Out of memory|Memory cgroup out of memory)[^:]{0,40}: Kill(?:ed)? process "
        r"(?P<pid>\d+),? (?:UID \d+,? )?\(?(?P<comm>[^)]{1,64}?)\)",
        title="out of memory: killed {comm}",
        source="mm/oom_kill.c __oom_kill_process",
    ),
    event(
        "info",
        Severity.INFO,
        ("VFS: file-max", "sched: RT throttling", "[sched_delayed] sched:"),
        r"(?P<what>VFS: file-max limit|(?:\[sched_delayed\] )?sched: RT throttling "
        r"activated)",
        title="{what}",
        source="fs/file_table.c alloc_empty_file, kernel/sched/rt.c",
    ),
)  # fmt: skip

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
        r"PCIe Bus Error: severity=Uncorrect(?:ed|able) \(Fatal\))",
        title="PCIe: fatal error",
        source="drivers/pci/pcie/aer.c aer_print_error, aer_print_port_info",
        after_prefix=True,
    ),
    event(
        "bus",
        _WARN,
        ("AER: ", "PCIe Bus Error:", "DPC: ", "device recovery", "can't recover"),
        r"\S{1,32} [0-9a-f:.]{5,16}: (?:AER: (?:Multiple )?Uncorrect(?:ed|able) "
        r"\(Non-Fatal\) error|PCIe Bus Error: severity=Uncorrect(?:ed|able) "
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
        r"PCIe Bus Error: severity=Correct(?:ed|able))",
        title="PCIe: corrected error",
        source="drivers/pci/pcie/aer.c aer_print_error",
        after_prefix=True,
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
        r"NVRM: Xid \(PCI:[0-9a-f:.]{1,16}\): (?P<id_xid>13|31|32|43|45|48|56|57|61|"
        r"62|63|"
        r"64|68|69|74|79|92|94|95|109|119|120|121|140|143|154)\b",
        title="NVIDIA Xid {id_xid}: {meaning}",
        source="NVIDIA driver; docs.nvidia.com/deploy/xid-errors",
    ),
    event(
        "gpu",
        _WARN,
        "NVRM: Xid",
        r"NVRM: Xid \(PCI:[0-9a-f:.]{1,16}\): (?P<id_xid>\d{1,4})",
        title="NVIDIA Xid {id_xid}: {meaning}",
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
        ("amdgpu: ", "GPU reset", "ring "),
        r"amdgpu [0-9a-f:.]{5,16}: (?:amdgpu: )?(?P<what>ring \S+ timeout|GPU reset "
        r"begin|GPU reset\(\d+\) failed)",
        title="amdgpu: {what}",
        source="drivers/gpu/drm/amd/amdgpu/amdgpu_job.c, amdgpu_device.c",
        after_prefix=True,
    ),
    event(
        "gpu",
        _WARN,
        ("[drm] GPU HANG", "[drm] Resetting"),
        r"(?:i915 [0-9a-f:.]{5,16}: )?\[drm\] (?P<what>GPU HANG|Resetting (?:chip|rcs0|"
        r"\w+) for)",
        title="i915: {what}",
        source="drivers/gpu/drm/i915/i915_gpu_error.c, gt/intel_reset.c",
        after_prefix=True,
    ),
    event(
        "gpu",
        _WARN,
        ("GPU lockup", "fifo: ", "gr: "),
        r"(?P<driver>radeon|nouveau) [0-9a-f:.]{5,16}: (?:GPU lockup|fifo: "
        r".{0,60}killed|"
        r"gr: .{0,60}TRAP)",
        title="{driver}: GPU error",
        source="drivers/gpu/drm/radeon/radeon_fence.c, drivers/gpu/drm/nouveau",
        after_prefix=True,
    ),
    event(
        "network",
        _WARN,
        "NETDEV WATCHDOG",
        r"(?:\S{1,32} \S{1,24} )?(?:\S{1,16}: )?NETDEV WATCHDOG: "
        r"(?:CPU: \d+: |\S{1,16} \((?P<driver>[^)]{1,32})\): )?transmit queue \d+ "
        r"timed",
        title="NETDEV WATCHDOG: transmit queue timed out",
        source="net/sched/sch_generic.c dev_watchdog",
        after_prefix=True,
    ),
    event(
        "network",
        _WARN,
        ("nf_conntrack:", "neighbour:", "TCP: out of"),
        r"(?P<what>nf_conntrack: (?:nf_conntrack: )?(?:expectation )?table full|"
        r"neighbour: \w+: neighbor table overflow|TCP: out of memory)",
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
        r"clocksource: timekeeping watchdog on CPU\d+: Marking clocksource "
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

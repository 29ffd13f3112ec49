"""Find the function to blame: one rule for each kind of report. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from omprog_panic.kernel import arch, skip_frames
from omprog_panic.kernel.call_trace import (
    FIRST_TRACE,
    TraceItem,
    TraceItemKind,
    clean_name,
)
from omprog_panic.kernel.generic_code import layer_of
from omprog_panic.kernel.skip_frames import Category, is_skipped, names_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from omprog_panic.kernel.report import Frame


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """What a rule uses: the lines of the report and the trace items in them."""

    texts: Sequence[str]
    items: Sequence[TraceItem]
    named: str | None  # the function on the start line


Rule = Callable[[Evidence], str | None]

# --- traces ----------------------------------------------------------------------

# Entries of interrupts: the frames below one are the interrupted code.
_INTERRUPT = names_pattern(arch.column("interrupt_entries"))


_INTERRUPT_ENDS = frozenset({"<EOI>", "<EOE>", "</IRQ>", "</NMI>"})


def main_trace(items: Sequence[TraceItem]) -> list[TraceItem]:
    """Return the items of the first call trace, or what stands before any heading.

    Some reports print other stacks first (where preemption was disabled, where a lock
    was taken), so a call trace with a heading is preferred to loose frames.
    """
    for at, item in enumerate(items):
        if item.kind is TraceItemKind.HEADING and FIRST_TRACE.match(item.text):
            rest = traces(items[at + 1 :])[0]
            if any(i.kind is TraceItemKind.FRAME for i in rest):
                return rest
    return traces(items)[0]


def traces(items: Iterable[TraceItem]) -> list[list[TraceItem]]:
    """Split the items into traces: a heading after frames begins a new one."""
    result: list[list[TraceItem]] = [[]]
    seen = False
    for item in items:
        if item.kind is TraceItemKind.HEADING and seen:
            result.append([])
            seen = False
        seen = seen or item.kind is TraceItemKind.FRAME
        result[-1].append(item)
    return result


def _frames(items: Iterable[TraceItem]) -> list[Frame]:
    return [
        i.frame for i in items if i.kind is TraceItemKind.FRAME and i.frame is not None
    ]


def _certain(items: Iterable[TraceItem]) -> list[str]:
    frames = _frames(items)
    # Kernels without frame pointers mark every frame as unreliable.
    certain = [f.function for f in frames if f.certain]
    return certain or [f.function for f in frames]


def first_trace(evidence: Evidence) -> list[str]:
    """Return the functions of the first trace of the report, from the top."""
    return _certain(main_trace(evidence.items))


def counter(evidence: Evidence) -> str | None:
    """Return the function of the first program counter line of the kernel."""
    for item in evidence.items:
        if item.kind is TraceItemKind.PROGRAM_COUNTER and item.frame is not None:
            return item.frame.function
    return None


def _first_not_skipped(names: Iterable[str | None], *more: Category) -> str | None:
    """Return the first name that may be to blame.

    Generic code (kernel/generic_code.py) is named only where nothing else is left.
    """
    generic = None
    for name in names:
        if not name or is_skipped(name, *more):
            continue
        if layer_of(name) is None:
            return name
        generic = generic or name
    return generic


# --- the rules ---------------------------------------------------------------------


def _by_pc(*more: Category) -> Rule:
    def rule(e: Evidence) -> str | None:
        names = first_trace(e)
        found = _first_not_skipped([counter(e), *names], *more)
        return found if found or names else counter(e)

    return rule


def _by_trace(*more: Category) -> Rule:
    def rule(e: Evidence) -> str | None:
        return _first_not_skipped(first_trace(e), *more)

    return rule


def _panic_trace(e: Evidence) -> str | None:
    """Name the function above the call of panic().

    A call that does not return may be the last instruction of a function: then the
    address behind it is the beginning of a neighbour, which was never called.
    """
    items = [
        item
        for at, item in enumerate(e.items)
        if item.frame is None or not at or item.frame.offset != 0
    ]
    return _by_trace()(dataclasses.replace(e, items=items))


def _by_name(*more: Category) -> Rule:
    def rule(e: Evidence) -> str | None:
        return _first_not_skipped([e.named, *first_trace(e)], *more)

    return rule


def _pc_only(e: Evidence) -> str | None:
    return counter(e)


def _named_first(e: Evidence) -> str | None:
    return e.named or _first_not_skipped(first_trace(e))


def _named_only(e: Evidence) -> str | None:
    return e.named


def _warning(*more: Category) -> Rule:
    def rule(e: Evidence) -> str | None:
        found = _first_not_skipped([counter(e), e.named, *first_trace(e)], *more)
        return found or e.named

    return rule


# Dispatch points: below them all stacks look alike, so the frame just above one names
# the loop. Names without leading underscores.
_SYSTEM_CALL = names_pattern(arch.column("system_call_entries"))
_DISPATCH = re.compile(
    "(?:"
    # work, timers, soft interrupts, packets, threads, idle
    r"process_one_work|process_scheduled_works|worker_thread|kthread|ret_from_fork\w*|"
    r"run_timers|run_timer_softirq|call_timer_fn|expire_timers|run_hrtimer|"
    r"hrtimer_run_queues|hrtimer_interrupt|do_softirq\w*|handle_softirqs|"
    r"tasklet_action\w*|run_ksoftirqd|call_softirq|smpboot_thread_fn|"
    r"netif_receive_skb\w*|process_backlog|napi_poll|net_rx_action|"
    r"do_one_initcall|cpu_startup_entry|do_idle|cpu_idle\w*|start_secondary|start_kernel|"
    # page faults
    r"do_fault|"
    # closing files, task work
    r"fput|task_work_run|exit_task_work|"
    # operations that only forward to a driver, file system or protocol
    r"vfs_(?:read|write|readv|writev|iter_read|iter_write|ioctl|open)|new_sync_(?:read|write)|"
    r"call_(?:read|write)_iter|do_iter_(?:read|write|readv_writev)\w*|do_loop_readv\w*|"
    r"do_vfs_ioctl|file_ioctl|\w*_compat_ioctl|do_dentry_open|"
    r"call_mmap|mmap_region|do_mmap|"
    r"sock_(?:sendmsg\w*|recvmsg\w*|write_iter|read_iter|do_ioctl|ioctl|release|close)|"
    r"__sys_(?:connect|accept4?|bind|listen|setsockopt|getsockopt)\w*|"
    r"do_sock_(?:set|get)sockopt|do_accept|"
    r"netlink_(?:dump|rcv_skb|unicast\w*)|\w*netlink_rcv_msg|genl_(?:family_)?rcv_msg\w*|"
    r"(?:xfrm_user|sock_diag|crypto_user)_rcv_msg|"
    r"(?:(?:x64|ia32|arm64|se|do)_)?(?:compat_)?(?:sys|SyS|SYSC|ksys)_(?:read|write|readv|"
    r"writev|pread64|pwrite64|ioctl|open|openat|close|mmap|mmap_pgoff|send|sendto|sendmsg|"
    r"recv|recvfrom|recvmsg|connect|accept4?|bind|listen|setsockopt|getsockopt)|"
    r"ksys_(?:read|write|ioctl|pread64|pwrite64)"
    r")\Z",
)


# The victim of a stall: it waits for the others.
_RCU_THREAD = re.compile(r"rcu_gp_kthread\Z|rcu_gp_fqs_loop\Z")
_IDLE = names_pattern(
    (
        "default_idle*", "native_safe_halt", "native_halt", "mwait_idle*",
        "intel_idle*", "acpi_idle*", "acpi_safe_halt", "acpi_processor_ffh_cstate*",
        "amd_e400_idle*", "cpuidle_*", "poll_idle", "cpu_idle*", "arch_cpu_idle*",
        "arch_safe_halt", "raw_safe_halt", "pv_native_safe_halt", "cpu_do_idle",
        "wait_for_interrupt", "snooze_loop*", "shared_cede_loop", "pseries_lpar_idle",
        "power#_idle*", "stop_loop", "psci_enter_idle*", "psci_cpu_suspend_enter",
        "r4k_wait*", "xen_safe_halt", "hypercall_sched_op_block",
        "xen_hypercall_sched_op", "enabled_wait", "vtime_stop_cpu", "hv_suspend",
        "do_idle",
    )
)  # fmt: skip


def _stack(trace: Iterable[TraceItem]) -> list[str]:
    """Return the certain functions, program counters among them, from the top."""
    items = [item for item in trace if item.frame is not None]
    if not _is_certain(items):  # kernels without frame pointers
        return [item.frame.function for item in items if item.frame]
    return [item.frame.function for item in items if item.frame and item.frame.certain]


def _is_certain(items: Iterable[TraceItem]) -> bool:
    frames = [i.frame for i in items if i.kind is TraceItemKind.FRAME]
    return any(frame is not None and frame.certain for frame in frames)


def _interrupted(trace: list[TraceItem]) -> list[TraceItem] | None:
    """Return the trace of the code that an interrupt interrupted.

    A trace made from saved registers (its program counter stands first) is of that
    code already. None: this trace was not made by an interrupt.
    """
    for item in trace:
        if item.kind is TraceItemKind.PROGRAM_COUNTER and item.frame is not None:
            return trace
        if item.kind is TraceItemKind.FRAME:
            break
    for at, item in enumerate(trace):
        if (
            item.frame is not None
            and item.frame.certain
            and _INTERRUPT.match(item.frame.function)
        ):
            return trace[at + 1 :]
    for at, item in enumerate(trace):
        if item.kind is TraceItemKind.MARK and item.text in _INTERRUPT_ENDS:
            return trace[at + 1 :]
    return None


def _stall(e: Evidence) -> str | None:
    all_traces = traces(e.items)
    cut = [_interrupted(trace) for trace in all_traces]
    # Stacks of interrupted processors first, then those of sleeping tasks.
    stacks = [
        (stack, _is_certain(trace))
        for trace in [*(c for c in cut if c), *all_traces]
        if (stack := _stack(trace)) and not _is_bystander(stack)
    ]
    for stack, certain in stacks:
        if certain and (found := _above_dispatch(stack)):
            return found
    # Nothing certain, or no way into the kernel: the interrupted function says most.
    for stack, _ in stacks:
        if found := _first_not_skipped(stack, skip_frames.WATCHDOG):
            return found
    return None


def _is_bystander(names: Sequence[str]) -> bool:
    """Return whether a stack is of an idle processor, or of RCU's own thread."""
    return any(map(_RCU_THREAD.match, names)) or _IDLE.match(names[0]) is not None


# Page faults dispatch where user space faulted; where the kernel did, the code that
# touched the memory stands below their entries.
_FAULT = names_pattern(arch.column("page_fault_entries"))


def _without_user_fault(names: list[str]) -> list[str]:
    end = len(names)
    while end and _FAULT.match(names[end - 1]):
        end -= 1
    return [*names[:end], "syscall"] if end < len(names) else names


_ENTRY = names_pattern(arch.column("exception_entries"))


def _above_dispatch(names: list[str]) -> str | None:
    previous: str | None = None
    for name in _without_user_fault(names):
        if previous is None and (_ENTRY.match(name) or _INTERRUPT.match(name)):
            continue  # how the interrupt returns
        # __sys_recvmsg is a helper; the entries are __x64_sys_recvmsg and the like.
        bare = name if name.lstrip("_").startswith("sys_") else name.lstrip("_")
        if bare.startswith("smp_call_function"):
            return "smp_call_function"
        if _DISPATCH.match(bare) or _SYSTEM_CALL.match(bare):
            return previous or name
        previous = name
    return None


def _hard(e: Evidence) -> str | None:
    """Name what was interrupted: the watchdog and its NMI are never to blame."""
    trace = main_trace(e.items)
    names = [counter(e), *_certain(_interrupted(trace) or trace)]
    found = _first_not_skipped(names, skip_frames.WATCHDOG)
    return found or _first_not_skipped(_certain(trace), skip_frames.WATCHDOG)


_SYNCHRONIZE = re.compile(r"synchronize_(?:s?rcu|net|sched)\w*\Z")


def _hung(e: Evidence) -> str | None:
    names = first_trace(e)
    if "rtnl_lock" in names:
        return "rtnl_lock"
    if any(_SYNCHRONIZE.match(name) for name in names):
        return "synchronize_rcu"
    return _first_not_skipped(names, skip_frames.WAITING)


_AT = re.compile(
    r"(?:\bat: |\bat:\s*$)(?:\[<[^>]*>\] *)?(?P<f>[A-Za-z_.$][\w.$]*)?(?:\+0x|$)",
)
_BARE = re.compile(r"(?:\[<[^>]*>\] *)?(?P<f>[A-Za-z_.$][\w.$]*)\+0x")


def _ats(texts: Sequence[str], begin: str = "") -> list[str]:
    """Return the functions after ``at:``, from the first line with ``begin`` on."""
    names: list[str] = []
    started = not begin
    wait = False
    for text in texts:
        if not started and begin in text:
            started = True
        if not started:
            continue
        if wait and (bare := _BARE.match(text.strip())):
            names.append(clean_name(bare["f"]))
        wait = False
        if " at:" in text and (found := _AT.search(text)):
            if found["f"]:
                names.append(clean_name(found["f"]))
            else:
                wait = True
    return names


def _deadlock(e: Evidence) -> str | None:
    recursive = "recursive" in e.texts[0]
    names = _ats(e.texts, "trying to acquire lock")
    if recursive:
        return next(iter(names), None)
    return _first_not_skipped([*names[:2], *first_trace(e)])


def _first_at(e: Evidence) -> str | None:
    return next(iter(_ats(e.texts)), None)


def _takes(e: Evidence) -> str | None:
    return _first_not_skipped([*_ats(e.texts, "takes:")[:1], *first_trace(e)])


def _release(e: Evidence) -> str | None:
    return next(iter(_ats(e.texts, "trying to release lock")), None)


_UNSAFE = re.compile(r"which became \S+-safe at:|became \S+-safe at:")


def _unsafe_order(e: Evidence) -> str | None:
    for at, text in enumerate(e.texts):
        if _UNSAFE.search(text):
            names = _certain(i for i in e.items if i.at > at)
            return _first_not_skipped(names)
    return None


def _bad_page(e: Evidence) -> str | None:
    for at, text in enumerate(e.texts):
        if "page last allocated" in text:
            names = _certain(traces(i for i in e.items if i.at > at)[0])
            if found := _first_not_skipped(names, skip_frames.ALLOCATING):
                return found
    return _first_not_skipped(first_trace(e), skip_frames.FREEING)


RULES: dict[str, Rule] = {
    "pc": _by_pc(),
    "pc-only": _pc_only,
    "trace": _by_trace(),
    "panic-trace": _panic_trace,
    "named": _by_name(),
    "named-free": _by_name(skip_frames.FREEING),
    "named-first": _named_first,
    "named-only": _named_only,
    "warning": _warning(),
    "debug-object": _warning(skip_frames.DEBUG_OBJECTS),
    "bug": _by_pc(skip_frames.NETWORK_BUFFERS),
    "rust": _by_trace(),
    "stall": _stall,
    "hard": _hard,
    "hung": _hung,
    "deadlock": _deadlock,
    "first-at": _first_at,
    "takes": _takes,
    "release": _release,
    "unsafe-order": _unsafe_order,
    "rcu-usage": _by_trace(skip_frames.RCU_CODE),
    "sleep": _by_trace(skip_frames.SLEEPERS),
    "leak": _by_trace(skip_frames.ALLOCATING),
    "bad-page": _bad_page,
    "last-function": _named_only,
}


def find_function(rule: str, evidence: Evidence) -> str | None:
    """Return the function to blame by a rule of ``RULES``; None: none is left."""
    return RULES[rule](evidence) if rule else None

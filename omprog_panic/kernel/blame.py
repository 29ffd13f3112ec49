"""Which function is to be named: one rule for each kind of report. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from omprog_panic.kernel import skip_frames
from omprog_panic.kernel.frame import FIRST_TRACE, Item, What, clean_name
from omprog_panic.kernel.skip_frames import Category, is_innocent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from omprog_panic.kernel.report import Frame


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """What a rule may look at: the lines of the report and what they say."""

    texts: Sequence[str]
    items: Sequence[Item]
    named: str | None  # the function on the start line


Rule = Callable[[Evidence], str | None]

# --- traces ----------------------------------------------------------------------

# Where the processor was when an interrupt came: what stands below is the guilty part.
_INTERRUPT = re.compile(
    r"(?:asm_)?(?:sysvec_)?(?:smp_)?(?:apic_timer|call_function\w*|reschedule|common|"
    r"hyperv\w*|irq_work)_interrupt\Z|asm_sysvec_\w+\Z|el1h?_?(?:64_)?irq\Z|"
    r"__irq_svc\Z|irq_entries_start\Z|ret_from_intr\Z|common_interrupt\Z|"
    r"asm_common_interrupt\Z|handle_exception\Z|decrementer_common\w*\Z|"
    r"hardware_interrupt\w*\Z|ext_int_handler\Z|nmi\Z|asm_exc_nmi\Z|end_repeat_nmi\Z",
)


def main_trace(items: Sequence[Item]) -> list[Item]:
    """Return the items of the first call trace, or what stands before any heading.

    Reports print other stacks before their own (where preemption was disabled, how a
    lock was taken before), so a headed call trace goes before loose frames.
    """
    for at, item in enumerate(items):
        if item.what is What.HEADING and FIRST_TRACE.match(item.text):
            rest = traces(items[at + 1 :])[0]
            if any(i.what is What.FRAME for i in rest):
                return rest
    return traces(items)[0]


def traces(items: Iterable[Item]) -> list[list[Item]]:
    """Split the items into traces: a heading after frames begins a new one."""
    result: list[list[Item]] = [[]]
    seen = False
    for item in items:
        if item.what is What.HEADING and seen:
            result.append([])
            seen = False
        seen = seen or item.what is What.FRAME
        result[-1].append(item)
    return result


def _frames(items: Iterable[Item]) -> list[Frame]:
    return [i.frame for i in items if i.what is What.FRAME and i.frame is not None]


def _certain(items: Iterable[Item]) -> list[str]:
    frames = _frames(items)
    # Kernels without frame pointers mark every frame as a leftover: better than none.
    certain = [f.function for f in frames if f.certain]
    return certain or [f.function for f in frames]


def first_trace(evidence: Evidence) -> list[str]:
    """Return the functions of the first trace of the report, from the top."""
    return _certain(main_trace(evidence.items))


def counter(evidence: Evidence) -> str | None:
    """Return the function of the first program counter line of the kernel."""
    for item in evidence.items:
        if item.what is What.PC and item.frame is not None:
            return item.frame.function
    return None


def _first_guilty(names: Iterable[str | None], *more: Category) -> str | None:
    for name in names:
        if name and not is_innocent(name, *more):
            return name
    return None


# --- the rules ---------------------------------------------------------------------


def _by_pc(*more: Category) -> Rule:
    def rule(e: Evidence) -> str | None:
        return _first_guilty([counter(e), *first_trace(e)], *more)

    return rule


def _by_trace(*more: Category) -> Rule:
    def rule(e: Evidence) -> str | None:
        return _first_guilty(first_trace(e), *more)

    return rule


def _by_name(*more: Category) -> Rule:
    def rule(e: Evidence) -> str | None:
        return _first_guilty([e.named, *first_trace(e)], *more)

    return rule


def _pc_only(e: Evidence) -> str | None:
    return counter(e)


def _named_only(e: Evidence) -> str | None:
    return e.named


def _warning(*more: Category) -> Rule:
    def rule(e: Evidence) -> str | None:
        found = _first_guilty([counter(e), e.named, *first_trace(e)], *more)
        return found or e.named

    return rule


# Dispatch points: below them every stack looks alike, so the frame just above one
# names the loop. Names without leading underscores.
_DISPATCH = re.compile(
    "(?:"
    # entries of the kernel
    r"(?:do_)?syscall\w*|do_syscall\w*|entry_SYS\w+|entry_INT80\w*|do_(?:fast|int80)_syscall\w*|"
    r"system_call\w*|sysenter\w*|tracesys\w*|el0t?_\w+|do_el0_svc|invoke_syscall|"
    r"ret_fast_syscall|handle_exception|"
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
    r"netlink_(?:dump|rcv_skb|unicast\w*)|rtnetlink_rcv_msg|genl_rcv_msg|"
    r"(?:(?:x64|ia32|arm64|se|do)_)?(?:compat_)?(?:sys|SyS|SYSC|ksys)_(?:read|write|readv|"
    r"writev|pread64|pwrite64|ioctl|open|openat|close|mmap|mmap_pgoff|send|sendto|sendmsg|"
    r"recv|recvfrom|recvmsg|connect|accept4?|bind|listen|setsockopt|getsockopt)|"
    r"ksys_(?:read|write|ioctl|pread64|pwrite64)"
    r")\Z",
)


def _stack(trace: Iterable[Item]) -> list[str]:
    """Return the certain functions, program counters among them, from the top."""
    names = [
        item.frame.function
        for item in trace
        if item.frame is not None and (item.frame.certain or item.what is What.PC)
    ]
    return names or _certain(trace)


def _interrupted(trace: list[Item]) -> list[Item] | None:
    """Return what ran when the interrupt came that noticed the trouble.

    A trace made from saved registers (its program counter stands first) is that
    already. None: this trace was not made by an interrupt.
    """
    for item in trace:
        if item.what is What.PC and item.frame is not None:
            return trace
        if item.what is What.FRAME:
            break
    for at, item in enumerate(trace):
        if (
            item.frame is not None
            and item.frame.certain
            and _INTERRUPT.match(item.frame.function)
        ):
            return trace[at + 1 :]
    for at, item in enumerate(trace):
        if item.what is What.MARK and item.text in {"<EOI>", "</IRQ>", "</NMI>"}:
            return trace[at + 1 :]
    return None


def _stall(e: Evidence) -> str | None:
    all_traces = traces(e.items)
    cut = [_interrupted(trace) for trace in all_traces]
    # First the stacks of processors that were interrupted, then those of sleepers.
    for trace in [*(c for c in cut if c), *all_traces]:
        if found := _above_dispatch(_stack(trace)):
            return found
    return None


# Entries of page faults: they dispatch where user space faulted; where the kernel did,
# the code that touched the memory stands below them.
_FAULT = re.compile(
    r"_*(?:do_user_addr_fault|do_page_fault|(?:asm_)?exc_page_fault|page_fault|"
    r"handle_page_fault|do_(?:translation|DataAbort|mem_abort)\w*|async_page_fault)\Z",
)


def _without_user_fault(names: list[str]) -> list[str]:
    end = len(names)
    while end and _FAULT.match(names[end - 1]):
        end -= 1
    return [*names[:end], "syscall"] if end < len(names) else names


def _above_dispatch(names: list[str]) -> str | None:
    previous: str | None = None
    for name in _without_user_fault(names):
        # __sys_recvmsg is a helper; the ways in are __x64_sys_recvmsg and its like.
        bare = name if name.lstrip("_").startswith("sys_") else name.lstrip("_")
        if bare.startswith("smp_call_function"):
            return "smp_call_function"
        if _DISPATCH.match(bare):
            return previous or name
        previous = name
    return None


def _hard(e: Evidence) -> str | None:
    return counter(e) or next(iter(first_trace(e)), None)


_SYNCHRONIZE = re.compile(r"synchronize_(?:s?rcu|net|sched)\w*\Z")


def _hung(e: Evidence) -> str | None:
    names = first_trace(e)
    if "rtnl_lock" in names:
        return "rtnl_lock"
    if any(_SYNCHRONIZE.match(name) for name in names):
        return "synchronize_rcu"
    return _first_guilty(names, skip_frames.WAITING)


_AT = re.compile(
    r"(?:\bat: |\bat:\s*$)(?:\[<[^>]*>\] *)?(?P<f>[A-Za-z_.$][\w.$]*)?(?:\+0x|$)",
)
_BARE = re.compile(r"(?:\[<[^>]*>\] *)?(?P<f>[A-Za-z_.$][\w.$]*)\+0x")


def _ats(texts: Sequence[str], begin: str = "") -> list[str]:
    """Return the functions after ``at:``, from the first line that has ``begin``."""
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
    return _first_guilty([*names[:2], *first_trace(e)])


def _first_at(e: Evidence) -> str | None:
    return next(iter(_ats(e.texts)), None)


def _takes(e: Evidence) -> str | None:
    return _first_guilty([*_ats(e.texts, "takes:")[:1], *first_trace(e)])


def _release(e: Evidence) -> str | None:
    return next(iter(_ats(e.texts, "trying to release lock")), None)


_UNSAFE = re.compile(r"which became \S+-safe at:|became \S+-safe at:")


def _unsafe_order(e: Evidence) -> str | None:
    for at, text in enumerate(e.texts):
        if _UNSAFE.search(text):
            names = _certain(i for i in e.items if i.at > at)
            return _first_guilty(names)
    return None


def _bad_page(e: Evidence) -> str | None:
    for at, text in enumerate(e.texts):
        if "page last allocated" in text:
            names = _certain(traces(i for i in e.items if i.at > at)[0])
            if found := _first_guilty(names, skip_frames.ALLOCATING):
                return found
    return _first_guilty(first_trace(e), skip_frames.FREEING)


RULES: dict[str, Rule] = {
    "pc": _by_pc(),
    "pc-only": _pc_only,
    "trace": _by_trace(),
    "named": _by_name(),
    "named-free": _by_name(skip_frames.FREEING),
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
    """Name the guilty function by the rule of the signature; None: nobody is left."""
    return RULES[rule](evidence) if rule else None

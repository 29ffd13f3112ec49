"""Scenarios: the ways in which a kernel dies."""

from __future__ import annotations

import dataclasses

from omprog_panic.model import EndReason
from tests.acceptance.scenario import (
    ALIVE,
    ALL,
    IN_MODULE,
    INSMOD,
    NBCON,
    NULL,
    OLD,
    OLDER,
    SYSRQ,
    SYSRQ_CRASH,
    aim_at,
    expect_alert,
    halting,
    panic,
    ready,
    rebooting,
    scenario,
)
from tests.acceptance.stage import Stage, address_of
from tests.guests.faulty import (
    ENDLESS_LOOP,
    LONG_SLEEP,
    NULL_DEREFERENCE,
    REFCOUNT_WARNING,
    faulty_module,
)
from tests.guests.guest import Hardware
from tests.guests.kdump import ARM, CRASH_KERNEL, kdump_files
from tests.guests.kernel import Kernel

BASIC = ["format=basic"]


@scenario(*OLDER, quick=True)
def sysrq_halts(stage: Stage, kernel: Kernel) -> None:
    """Somebody crashes it by sysrq c, with panic=0."""
    sender = ready(stage, kernel)
    sender.guest.start(SYSRQ)
    expect_alert(stage, sender, SYSRQ_CRASH)


@scenario(*OLDER)
def sysrq_halts_basic(stage: Stage, kernel: Kernel) -> None:
    """The same in basic format."""
    sender = ready(stage, kernel, options=BASIC)
    sender.guest.start(SYSRQ)
    expect_alert(stage, sender, SYSRQ_CRASH)


@scenario(*OLDER)
def sysrq_reboots(stage: Stage, kernel: Kernel) -> None:
    """The same with panic=3."""
    sender = ready(stage, kernel, append="panic=3")
    sender.guest.start(SYSRQ)
    expect_alert(stage, sender, rebooting(SYSRQ_CRASH))


@scenario(*OLDER)
def sysrq_reboots_basic(stage: Stage, kernel: Kernel) -> None:
    """The same with panic=3 in basic format."""
    sender = ready(stage, kernel, append="panic=3", options=BASIC)
    sender.guest.start(SYSRQ)
    expect_alert(stage, sender, rebooting(SYSRQ_CRASH))


@scenario(NBCON)
def nbcon_halts(stage: Stage, kernel: Kernel) -> None:
    """A kernel whose netconsole speaks only at the very end, with panic=0."""
    sender = ready(stage, kernel)
    sender.guest.start(SYSRQ)
    expect_alert(stage, sender, SYSRQ_CRASH)


@scenario(*ALL, quick=True)
def null_dereference_goes_on(stage: Stage, kernel: Kernel) -> None:
    """A module meets a NULL pointer; the machine goes on."""
    sender = ready(stage, kernel, code=NULL_DEREFERENCE)
    sender.guest.run(INSMOD, check=False)
    expect_alert(stage, sender, NULL)
    assert sender.guest.run("uname -r").strip() == kernel.release, "it goes on"


@scenario(*OLDER)
def null_dereference_basic(stage: Stage, kernel: Kernel) -> None:
    """The same in basic format."""
    sender = ready(stage, kernel, code=NULL_DEREFERENCE, options=BASIC)
    sender.guest.run(INSMOD, check=False)
    expect_alert(stage, sender, NULL)


@scenario(*ALL)
def panic_on_oops(stage: Stage, kernel: Kernel) -> None:
    """The same with panic_on_oops: oops and panic are one incident."""
    sender = ready(stage, kernel, code=NULL_DEREFERENCE)
    sender.guest.run("echo 1 > /proc/sys/kernel/panic_on_oops")
    sender.guest.start(INSMOD)
    expect_alert(stage, sender, halting(NULL))


@scenario(*OLDER)
def init_killed(stage: Stage, kernel: Kernel) -> None:
    """Process 1 ends."""
    sender = ready(stage, kernel)
    sender.guest.start("--exit--")
    expect_alert(stage, sender, panic("Attempted to kill init!"))


@scenario(*OLDER)
def out_of_memory(stage: Stage, kernel: Kernel) -> None:
    """A full tmpfs with panic_on_oom."""
    sender = ready(stage, kernel)
    sender.guest.run("echo 2 > /proc/sys/vm/panic_on_oom")
    sender.guest.run("mkdir /full; mount -t tmpfs -o size=100% full /full")
    sender.guest.start("dd if=/dev/zero of=/full/file bs=1M")
    expect_alert(
        stage, sender, panic("Out of memory: compulsory panic_on_oom is enabled")
    )


@scenario(*OLDER)
def hung_task(stage: Stage, kernel: Kernel) -> None:
    """A process sleeps in the kernel for longer than hung_task_timeout_secs."""
    sender = ready(stage, kernel, code=LONG_SLEEP)
    aim_at(sender, LONG_SLEEP, "msleep")
    sysctl = "/proc/sys/kernel/hung_task"
    sender.guest.run(f"echo 1 > {sysctl}_panic; echo 3 > {sysctl}_timeout_secs")
    sender.guest.start(INSMOD)
    title = f"INFO: task hung in {IN_MODULE}"
    expect_alert(stage, sender, panic("", title=title, shown="", function=IN_MODULE))


@scenario(*OLDER)
def soft_lockup(stage: Stage, kernel: Kernel) -> None:
    """A module loops for ever, with softlockup_panic."""
    sender = ready(stage, kernel, code=ENDLESS_LOOP)
    sysctl = "/proc/sys/kernel"
    sender.guest.run(
        f"echo 1 > {sysctl}/softlockup_panic; echo 2 > {sysctl}/watchdog_thresh"
    )
    sender.guest.start(INSMOD)
    title = f"BUG: soft lockup in {IN_MODULE}"
    expect_alert(stage, sender, panic("", title=title, shown="", function=IN_MODULE))


@scenario(*OLDER)
def nmi(stage: Stage, kernel: Kernel) -> None:
    """The hypervisor sends an NMI, with unknown_nmi_panic."""
    sender = ready(stage, kernel)
    sender.guest.run("echo 1 > /proc/sys/kernel/unknown_nmi_panic")
    sender.guest.interrupt()
    expect_alert(stage, sender, panic("NMI: Not continuing"))


@scenario(*OLDER)
def panic_on_warn(stage: Stage, kernel: Kernel) -> None:
    """A reference count that is used after it was 0."""
    sender = ready(stage, kernel, code=REFCOUNT_WARNING)
    aim_at(sender, REFCOUNT_WARNING, "refcount_warn_saturate")
    sender.guest.run("echo 1 > /proc/sys/kernel/panic_on_warn")
    sender.guest.start(INSMOD)
    title = f"WARNING: refcount bug in {IN_MODULE}"
    expect_alert(stage, sender, panic("", title=title, shown="", function=IN_MODULE))


@scenario(*OLDER)
def several_processors(stage: Stage, kernel: Kernel) -> None:
    """Four processors of which three write to the log while the fourth crashes."""
    sender = ready(
        stage,
        kernel,
        append="panic=0 printk.devkmsg=on",
        code=NULL_DEREFERENCE,
        hardware=Hardware(processors=4),
    )
    sender.guest.run("echo 1 > /proc/sys/kernel/panic_on_oops")
    sender.guest.run(
        "for n in 0 1 2; do taskset $((1 << n)) sh -c"
        ' "while usleep 20000; do echo processor $n writes > /dev/kmsg; done" &'
        " done"
    )
    sender.guest.start(f"taskset 8 {INSMOD}")
    expect_alert(stage, sender, halting(NULL))


@scenario(*OLDER)
def kdump_armed(stage: Stage, kernel: Kernel) -> None:
    """kdump takes over at the oops: no panic line, no end mark; there is an alert."""
    sender = ready(
        stage,
        kernel,
        append=f"panic=0 {CRASH_KERNEL}",
        code=NULL_DEREFERENCE,
        files=kdump_files(kernel),
        hardware=Hardware(memory_mb=768),
    )
    sender.guest.run(ARM)
    assert sender.guest.run("cat /sys/kernel/kexec_crash_loaded").strip() == "1"
    assert "kdump" in sender.configure()
    sender.guest.run("echo 1 > /proc/sys/kernel/panic_on_oops")
    sender.guest.start(INSMOD)
    cut = dataclasses.replace(
        NULL, end=EndReason.SILENCE, last=r"(?m)CR2: \w+$", complete=False
    )
    expect_alert(stage, sender, cut)


@scenario(OLD)
def panic_print_dumps(stage: Stage, kernel: Kernel) -> None:
    """panic_print: tasks, memory and timers behind the trace."""
    sender = ready(stage, kernel)
    sender.guest.run("echo 7 > /proc/sys/kernel/panic_print")
    sender.guest.start(SYSRQ)
    expect_alert(stage, sender, SYSRQ_CRASH)


@scenario(*OLDER)
def panic_print_repeats_the_log(stage: Stage, kernel: Kernel) -> None:
    """panic_print: the whole log again, in the middle of the panic."""
    sender = ready(stage, kernel)
    sender.guest.run("echo 32 > /proc/sys/kernel/panic_print")
    sender.guest.start(SYSRQ)
    stage.alert(sender, SYSRQ_CRASH)


@scenario(*OLDER, quick=True)
def two_guests_at_once(stage: Stage, kernel: Kernel) -> None:
    """Two machines die of different causes; their records come between each other's."""
    stage.start_monitor({"db-1": address_of(1), "db-2": address_of(2)})
    files = {"boom.ko": faulty_module(kernel, NULL_DEREFERENCE)}
    one = stage.sender("db-1", kernel)
    two = stage.sender("db-2", kernel, files=files, options=BASIC)
    for sender in (one, two):
        sender.configure()
        stage.wait_heard(sender, ALIVE)

    one.guest.start(SYSRQ)
    two.guest.start(INSMOD)

    expect_alert(stage, one, SYSRQ_CRASH)
    expect_alert(stage, two, NULL)

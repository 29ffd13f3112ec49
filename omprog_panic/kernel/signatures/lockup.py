"""Start lines of lockups, stalls and hung tasks. Pure data."""

from __future__ import annotations

from omprog_panic.kernel.signature import FUNCTION, Signature, warning_pattern
from omprog_panic.model import Severity

_WATCHDOG = r"(?:(?:NMI )?watchdog: )?(?:CPU\d+: )?"

LOCKUP: tuple[Signature, ...] = (
    Signature(
        "soft-lockup",
        Severity.LOCKUP,
        ("BUG: soft", "watchdog:", "NMI watchdog:"),
        _WATCHDOG + r"BUG: soft lockup(?: - CPU#(?P<cpu>\d+) stuck for \d+s! "
        r"\[(?P<comm>.{1,64}):(?P<pid>\d+)\])?",
        title="BUG: soft lockup",
        rule="stall",
        source="kernel/watchdog.c watchdog_timer_fn",
    ),
    Signature(
        "hard-lockup",
        Severity.LOCKUP,
        ("watchdog:", "NMI watchdog:", "Watchdog detected", "CPU ", "Watchdog CPU"),
        r"(?:(?:NMI )?watchdog: )?(?:CPU\d+: )?Watchdog detected hard LOCKUP on cpu "
        r"(?P<cpu>\d+)|(?:(?:NMI )?watchdog: )?CPU (?P<cpu2>\d+) "
        r"(?:self-detected hard|detected hard|Hard) LOCKUP|"
        r"Watchdog CPU:(?P<cpu3>\d+) (?:detected )?Hard LOCKUP",
        title="hard lockup",
        rule="hard",
        source="kernel/watchdog_hld.c, kernel/watchdog_perf.c; "
        "arch/powerpc/kernel/watchdog.c 4.13 and later",
    ),
    Signature(
        "hard-lockup",
        Severity.LOCKUP,
        "WARNING:",
        warning_pattern(r"kernel/watchdog\.c").removesuffix(rf"(?: {FUNCTION})?")
        + r" watchdog_overflow_callback",
        title="hard lockup",
        rule="hard",
        more=r"Watchdog detected hard LOCKUP on cpu (?P<cpu>\d+)",
        source="kernel/watchdog.c watchdog_overflow_callback, 2.6.37 to 4.2",
    ),
    Signature(
        "hard-lockup",
        Severity.LOCKUP,
        ("NMI Watchdog", "BUG: NMI"),
        r"(?:BUG: )?NMI Watchdog detected LOCKUP on CPU ?(?P<cpu>\d+)",
        title="hard lockup",
        rule="hard",
        source="arch/x86/kernel/nmi.c die_nmi, 2.6; arch/sparc/kernel/nmi.c",
    ),
    Signature(
        "workqueue-lockup",
        Severity.LOCKUP,
        "BUG:",
        r"BUG: workqueue lockup",
        title="BUG: workqueue lockup",
        source="kernel/workqueue.c wq_watchdog_timer_fn",
    ),
    Signature(
        "rcu-stall",
        Severity.LOCKUP,
        ("rcu:", "INFO: rcu"),
        r"(?:rcu: )?INFO: rcu_?\w* .*(?:detected|expedited).* ?stalls?\b",
        title="INFO: rcu detected stall",
        rule="stall",
        source="kernel/rcu/tree_stall.h, kernel/rcu/tasks.h",
    ),
    Signature(
        "rcu-stall",
        Severity.LOCKUP,
        ("rcu:", "rcu_"),
        r"(?:rcu: )?rcu_\w+ kthread starved for",
        title="INFO: rcu detected stall",
        rule="stall",
        role="detail",
        source="kernel/rcu/tree_stall.h rcu_check_gp_kthread_starvation",
    ),
    Signature(
        "hung-task",
        Severity.WARNING,
        "INFO: task",
        r"INFO: task (?P<comm>.{1,64}):(?P<pid>\d+) "
        r"(?:<[a-z]+> )?(?:is )?blocked on an? ",
        title="INFO: task hung",
        rule="hung",
        role="detail",
        source="kernel/hung_task.c debug_show_blocker, 6.15 and later",
    ),
    Signature(
        "hung-task",
        Severity.WARNING,
        "INFO: task",
        r"INFO: task (?:(?P<comm>.{1,64}):(?P<pid>\d+) )?.*?blocked.* for more than "
        r"\d+ seconds",
        title="INFO: task hung",
        rule="hung",
        source="kernel/hung_task.c check_hung_task",
    ),
    Signature(
        "hung-task",
        Severity.WARNING,
        "INFO: task",
        r"INFO: task (?:(?P<comm>.{1,64}):(?P<pid>\d+) )?.*?can't die for more than",
        title="INFO: task can't die",
        rule="hung",
        source="kernel/hung_task.c check_killed_task",
    ),
)

"""Functions that are on the stack of many crashes and guilty of none. Pure data.

Each category says why it exists; a name is in one when the frame below it tells more
about the bug than the name itself. Patterns match whole names, after suffixes such as
``.isra.0`` are gone and leading underscores are taken off.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple


class Category(NamedTuple):
    """A set of names, and why a name of this set is never the guilty one."""

    name: str
    why: str
    patterns: tuple[str, ...]


REPORTING = Category(
    "reporting",
    "The code that notices and prints: it runs because of the bug, below it.",
    (
        r"dump_stack\w*",
        r"dump_backtrace\w*",
        r"show_(?:stack|regs|trace)\w*",
        r"(?:print|show)_trace\w*",
        r"save_stack\w*",
        r"stack_trace_\w*",
        r"arch_stack_walk\w*",
        r"unwind_(?:backtrace|frame|next_frame|get_return_\w+)|walk_stackframe",
        r"trigger_\w*backtrace\w*",
        r"nmi_(?:cpu_backtrace|trigger)\w*",
        r"panic",
        r"vpanic",
        r"print_tainted",
        r"panic_\w+",
        r"check_panic_on_warn",
        r"nmi_panic",
        r"warn(?:_slowpath\w*|_printf)?",
        r"report_bug\w*",
        r"fixup_bug\w*",
        r"handle_bug",
        r"bug_handler\w*",
        r"(?:sync_)?brk_handler|do_(?:sw|hw)?_?brk\w*|call_break_hook",
        r"do_debug_exception",
        r"do_trap\w*",
        r"do_error_trap",
        r"do_(?:invalid_op|divide_error|general_protection|int3|double_fault|"
        r"stack_segment|undefinstr|DataAbort|PrefetchAbort|mem_abort|"
        r"sp_pc_abort|translation_fault|tag_check_fault|bad_area|"
        r"page_fault\w*|kernel_fault|user_addr_fault|kern_addr_fault|BUG|bad)",
        r"(?:asm_)?exc_\w+",
        r"asm_call_\w*",
        r"noist_exc\w*",
        r"invalid_op",
        r"divide_error",
        r"general_protection",
        r"double_fault",
        r"page_fault\w*",
        r"async_page_fault",
        r"(?:trace_)?page_fault",
        r"error_(?:code|entry|exit)",
        r"(?:und|dabt|pabt)_svc\w*",
        r"el[01]\w*",
        r"(?:do_)?undef\w*_?(?:instr|insn)\w*",
        r"vectors",
        r"die(?:_\w+)?",
        r"oops_\w+",
        r"no_context",
        r"(?:arm64_)?notify_die",
        r"kernelmode_fixup_or_oops",
        r"fixup_exception",
        r"vmalloc_fault",
        r"mm_fault_error",
        r"bad_kernel_\w+|bad_page_fault",
        r"should_fail\w*|fail_dump|should_failslab",
        r"print_\w*(?:bug|report|circular\w*|deadlock\w*)",
        r"program_check\w*|pgm_check\w*|data_access\w*|handle_page_fault|ret_from_exception|do_trap_\w+",
        r"fortify_(?:panic|report)\w*",
        r"rust_begin_unwind|core::panicking::\w+",
        r"ubsan_epilogue|val_to_string",
        r"stack_chk_fail",
        r"\w*assfail|\w*assertfail|assertion_fail\w*",
    ),
)
SANITIZERS = Category(
    "sanitizers",
    "Checks that the compiler or a debug option put in: they saw it, the caller did it.",
    (
        r"(?:hw)?asan_\w+",
        r"kasan_\w+",
        r"kmsan_\w+",
        r"msan_\w+",
        r"kcsan_\w+",
        r"tsan_\w+",
        r"kfence_\w+",
        r"ubsan_\w+",
        r"sanitizer_\w+",
        r"(?:print_address_description|describe_\w+|object_err|end_report|"
        r"addr_has_metadata|check_memory_region\w*|memory_is_poisoned\w*|check_region_inline|"
        r"set_track\w*|get_report\w*|report_\w+_access)",
        r"kcsan|find_watchpoint|check_access\w*|instrument_\w+",
        r"usercopy_\w+|check_(?:object_size|heap_object|copy_size\w*|stack_object)\w*|bad_copy_\w+|copy_overflow",
        r"lockdep\w*",
        r"lock_(?:acquire|release|is_held|downgrade|set_class)\w*",
        r"debug_lockdep\w*",
        r"(?:check_|find_|look_up_|register_|assign_|mark_|validate_)"
        r"(?:lock|prev|noncircular|chain|usage|irq_usage|held|deadlock)\w*",
        r"(?:rcu_)?lockdep_\w+",
        r"register_lock_class",
        r"trace_(?:hard|soft)irqs\w*",
        r"might_(?:sleep|fault|resched)\w*|cant_sleep\w*|schedule_debug|schedule_bug",
        r"debug_(?:object|print_object|check_no_obj|objects)\w*",
        r"debug_smp_processor_id|this_cpu_preempt_check|check_preemption_disabled",
        r"list_(?:add|del)\w*(?:valid|report)\w*|list_(?:add|del)(?:_rcu|_init|_tail|_entry|_init_careful)?",
        r"list_(?:move|replace|splice|empty|first)\w*|hlist_\w+|plist_\w+",
        r"rb_(?:insert|erase|next|first)\w*|rb_link_\w+",
        r"refcount_\w+|kref_\w+|ref_tracker_\w+",
        r"read_once\w*|write_once\w*|sanitize\w*",
    ),
)
LOCKS = Category(
    "locks",
    "Locks and waiting: whoever takes the lock or waits is to be named.",
    (
        r"(?:do_)?_?(?:raw_)?(?:spin|read|write|rw)_(?:un|try)?lock\w*",
        r"(?:do_)?raw_(?:spin|read|write)_\w+",
        r"(?:native_)?queued_\w*(?:spin|read|write)_?lock\w*",
        r"(?:pv_)?queued?_(?:spin|read|write)\w+",
        r"(?:spin|rwlock)_(?:bug|dump)|debug_(?:spin|write|read|mutex)_\w+",
        r"(?:ww_)?mutex_(?:un|try)?lock\w*|mutex_(?:optimistic|remove|is)\w+|mutex_\w*lock\w*",
        r"rt_(?:mutex|spin|read|write)\w*|rtlock\w*|rwbase_\w+",
        r"rwsem_\w+",
        r"(?:down|up)(?:_\w+)?",
        r"(?:downgrade_write)",
        r"percpu_(?:down|up)_\w+",
        r"osq_\w+",
        r"ticket_\w*lock\w*|arch_spin_\w+",
        r"local_bh_(?:en|dis)able\w*",
        r"(?:prepare_to|finish|init)_wait\w*",
        r"wake_up\w*|(?:try_to_)?wake_\w+|autoremove_wake\w*|default_wake_function",
        r"lock_sock\w*|release_sock|sock_lock\w*",
        r"seqcount_\w+|(?:read|write)_seq\w*",
        r"lock_timer_base|bit_spin_\w+|futex_wait_queue\w*",
        r"local_lock\w*|migrate_(?:en|dis)able|preempt_(?:schedule\w*|count\w*)|owner_on_cpu|class_\w+_(?:con|de)structor",
    ),
)
MEMORY = Category(
    "memory",
    "Allocators: the memory is somebody's, and that caller is to be named.",
    (
        r"(?:k|kv|v|vz|kz|kvz|devm_k\w?)?(?:m|z|c)alloc\w*",
        r"kmalloc\w*|kzalloc\w*|kcalloc\w*|krealloc\w*|kmemdup\w*|vmemdup\w*",
        r"kmem_cache_\w+|kmem_\w+",
        r"kvmalloc\w*|kvfree\w*|vmalloc\w*|vzalloc\w*",
        r"(?:do_)?(?:k|v|kz)free\w*|kfree_\w+",
        r"(?:slab|slub|slob)_\w+|___?slab\w*|(?:do_)?slab_(?:alloc|free)\w*",
        r"(?:new|allocate|discard|free|alloc)_slab\w*|cache_(?:alloc|free|flusharray|grow)\w*",
        r"(?:on_freelist|check_(?:slab|object|bytes\w*)|free_consistency\w*|alloc_debug\w*|free_debug\w*|init_object|free_to_partial\w*|get_partial\w*|print_trailer|check_bytes_and_report)",
        r"(?:alloc|free|get_free|get|folio_alloc)_pages?\w*",
        r"alloc_frozen\w*|free_frozen\w*",
        r"(?:alloc|vma_alloc|filemap_alloc|free|put)_folios?\w*|folio_(?:alloc|get|put)\w*",
        r"get_page_from_freelist|rmqueue\w*|prep_(?:new|compound)_page|post_alloc_hook|free_unref\w*|pagecache_get_page|find_(?:or_create|get|lock)_(?:page|entry|entries)\w*|filemap_(?:get|add)_\w+|grab_cache_page\w*|(?:__)?add_to_page_cache\w*|read_cache_(?:page|folio)|do_read_cache_\w+",
        r"free_(?:pages|one_page|pcppages|pcp)\w*|destroy_large_folio|free_large_kmalloc|bad_page|check_(?:free|new)_pages?\w*",
        r"(?:qlink|qlist|quarantine)_\w+|quarantine_\w+",
        r"mempool_\w+|memcg_\w*(?:alloc|charge)\w*|obj_cgroup\w*",
        r"kmemleak_\w+|create_object\w*",
        r"pcpu_alloc\w*|alloc_percpu\w*|free_percpu|percpu_alloc\w*",
        r"dma_(?:pool_)?alloc\w*|dma_pool_\w+",
        r"kstrn?dup\w*|kvasprintf\w*|kasprintf|devm_kasprintf|memdup_user\w*|memdup\w*|strndup_user",
        r"warn_alloc\w*|kmalloc_slab|poison_\w+|unpoison_\w+|slab_post_alloc_hook|slab_pre_alloc_hook",
        r"rcu_free\w*|rcu_do_batch|kvfree_call_rcu",
    ),
)
BYTES = Category(
    "bytes",
    "Bytes and strings moved or printed for somebody who gave the wrong pointer.",
    (
        r"mem(?:set|cpy|move|cmp|chr|scan|zero)\w*|memcpy\w*|rep_\w+|fill_\w*pattern",
        r"str(?:n?cpy|l?cpy|n?cmp|n?casecmp|n?cat|lcat|n?len|r?chr|chrnul|n?str|s?pn|cspn|sep|scpy|nchr|sized_strscpy)\w*|sized_strscpy",
        r"(?:raw_)?_?copy_(?:to|from|in|user|mc)\w*",
        r"(?:arch_)?copy_(?:to|from)_\w+|copy_user\w*|(?:raw_)?copy_\w*user\w*",
        r"clear_user\w*|clear_page\w*_(?:erms|rep|orig)|csum_partial\w*",
        r"(?:get|put)_user\w*",
        r"iov_iter_\w+|copy_(?:page_)?(?:to|from)_iter\w*|iterate_\w+|copyin|copyout|memcpy_(?:to|from)_\w+",
        r"v?(?:sn?|sc|as|sss)?printf\w*|vscnprintf|vsnprintf|format_decode|pointer|number|string(?:_nocheck)?|hex_string|widen_string|(?:symbol|mac_address|ip\d?_addr|uuid)_string\w*|va_format|bstr_printf|seq_(?:printf|puts|putc|write|vprintf)",
        r"v?printk\w*|vprintk_\w+|devkmsg\w*|console_(?:unlock|emit\w*|flush\w*)|log_store|v?dev_(?:printk\w*|err|warn|info|notice|vprintk\w*)|netdev_(?:printk|err|warn|info)\w*|dynamic_\w+dbg|bt_(?:err|warn|info)",
        r"(?:print_)?hex_dump\w*|crc\w+|hash(?:_\w+)?|jhash\w*|siphash\w*|sha\d+_\w+|bcmp|sprint_symbol\w*|find_(?:next|first|last)_\w*bit\w*",
        r"sg_(?:copy|miter)\w*|skb_copy_datagram_\w+|copy_page\w*",
        r"(?:get|put)_unaligned\w*|read_word_at_a_time",
        r"(?:crypto|aes|aesti|aesni|xts|cbc|ctr|gcm|ecb|chacha\d*|poly1305|skcipher|shash|ahash)_\w+",
    ),
)
LAYERS = Category(
    "layers",
    "Thin generic layers: they forward, and what they were given came from the caller.",
    (
        r"(?:arch_|raw_|generic_)*(?:atomic|atomic64|atomic_long)_\w+",
        r"(?:arch_|generic_)?(?:test|set|clear|change)_(?:and_\w+_)?bit\w*|arch_(?:set|clear|test)_\w*bit\w*",
        r"(?:raw_)?(?:read|write)[bwlq](?:_relaxed)?|io(?:read|write)\d+\w*|(?:logic_)?(?:in|out)s?[bwl]p?|native_(?:read|write)_\w+|readl\w*",
        r"(?:mod|add|del|try_to_del|detach|enqueue|init|timer_delete|timer_shutdown)_timer\w*|timer_(?:delete|shutdown|init|setup)\w*|hrtimer_(?:start|cancel|try_to_cancel|init|active|reprogram)\w*|(?:try_to_)?del_timer\w*|detach_if_pending",
        r"(?:queue|flush|cancel|mod|drain|destroy|start_flush|insert|schedule)_(?:delayed_)?work\w*|flush_workqueue\w*|drain_workqueue|destroy_workqueue|queue_(?:delayed_)?work_on|alloc_workqueue\w*",
        r"kobject_\w+|kset_\w+|sysfs_\w+|internal_create_group\w*|create_files|klist_\w+|add_uevent_var",
        r"device_(?:add|del|register|unregister|create|destroy|initialize|release|links?_\w+|remove_\w+|attach\w*)\w*|(?:get|put)_device\w*|get_device_parent|(?:un)?register_netdev\w*|rollback_registered\w*|kthread_(?:stop|park|create|run)\w*|bus_(?:remove|add|probe|for_each)\w*|driver_(?:probe|attach|register|detach|sysfs)\w*|really_probe|(?:call_)?driver_probe\w*|device_driver_attach|dpm_\w+",
        r"xas_\w+|xa_\w+|radix_tree_(?:lookup|load|descend|next)\w*|idr_\w+|ida_\w+|rht_\w+|rhashtable_\w+|rhltable_\w+",
        r"x86_indirect_thunk\w*|retpoline\w*|indirect_thunk\w*|x86_return_thunk|srso_\w+|fentry|ftrace_\w+|mcount\w*|cfi_\w+|kcov_\w+|sanitizer_cov_\w+|trace_\w*cov\w*",
        r"usb_(?:submit_urb|hcd_submit_urb|control_msg\w*|start_wait_urb|bulk_msg|interrupt_msg|kill_urb|poison_urb|unlink_urb)\w*|usb_hcd_\w+",
        r"(?:fast_)?dput|iput|mntput\w*|dentry_kill|(?:lockref|lockdep)_\w+|lock_page\w*|unlock_page|folio_(?:lock|unlock|wait)\w*|lockref_\w+",
        r"(?:set|get|add|dec|inc)_page_\w+|page_ref_\w+|put_page\w*|get_page\w*|page_(?:to|count)\w*|compound_head|virt_to_\w+|phys_addr\w*|virt_addr_valid|PageHuge|kmap\w*|kunmap\w*",
        r"rcu_read_(?:un)?lock\w*|rcu_dereference\w*|rcu_is_watching\w*|rcu_lock_\w+|call_rcu\w*|kfree_rcu\w*|rcu_segcblist\w*|srcu_read_\w+|synchronize_s?rcu\w*|synchronize_(?:net|sched|irq)|(?:init|cleanup)_srcu_struct\w*",
        r"notifier_call_chain|\w*_notifier_call_chain\w*|netlink_(?:rcv_skb)|class_\w+|do_raw_\w+|percpu_\w+|this_cpu_\w+|per_cpu_\w+|static_(?:call|key|branch)\w*|jump_label\w*",
        r"u64_stats_\w+|ktime_\w+|get_current|current_\w+|arch_local_\w+|native_(?:irq|save|restore|halt)\w*|irq_stack_union",
    ),
)

EVERYWHERE = (REPORTING, SANITIZERS, LOCKS, MEMORY, BYTES, LAYERS)

# --- categories that hold for some kinds only --------------------------------------
ALLOCATING = Category(
    "allocating",
    "A leak, or a page in a wrong state, belongs to whoever asked for the memory.",
    (
        r"\w*alloc\w*",
        r"kmem\w*",
        r"pcpu_\w+",
        r"\w*(?:dup|clone)(?:_user)?",
        r"\w*_new(?:_\w+)?",
        r"kasan\w*|\w*_hook\w*",
    ),
)
FREEING = Category(
    "freeing",
    "An invalid free is the fault of the caller of free.",
    (r"\w*free\w*", r"slab\w*", r"\w*release_data"),
)
DEBUG_OBJECTS = Category(
    "debug-objects",
    "ODEBUG checks timers, work and percpu counters on behalf of their owner.",
    (r"\w*timer\w*", r"\w*work\w*", r"percpu\w*", r"\w*rcu\w*", r"slab\w*"),
)
NETWORK_BUFFERS = Category(
    "network-buffers",
    "skb_over_panic and kin are called for a driver's wrong length.",
    (r"skb_\w+", r"pskb_\w+"),
)
SLEEPERS = Category(
    "sleepers",
    "What was about to sleep was called by whoever must not.",
    (
        r"schedule\w*",
        r"\w*sched\w*",
        r"preempt\w*",
        r"wait_\w+",
        r"cond_resched\w*|io_schedule\w*|msleep\w*|usleep\w*",
    ),
)
RCU_CODE = Category(
    "rcu",
    "RCU's own readers and checks, in reports about its readers.",
    (r"\w*rcu\w*", r"slab\w*|\w*slab\w*"),
)
WAITING = Category(
    "waiting",
    "Ways to wait: a hung task is named by what it waits for.",
    (
        r"\w*schedule\w*",
        r"context_switch",
        r"switch_to\w*",
        r"\w*_(?:slow)?lock(?:_\w+)?",
        r"ldsem_\w+",
        r"rcu_barrier\w*",
        r"\w*_wait\w*|wait_\w+",
        r"\w*completion\w*",
        r"\w*mutex\w*",
        r"\w*rwsem\w*|down\w*|percpu_\w+",
        r"\w*spin_(?:un)?lock\w*",
        r"\w*_work\w*|flush_work\w*|\w*workqueue\w*",
        r"kthread\w*|ret_from_fork\w*|lock_sock\w*|bit_wait\w*|out_of_line\w*|\w*lock_page\w*|folio_\w+|wait_on_\w+",
        r"io_schedule\w*|synchronize_\w+|rt_mutex\w*|lock\w*|sleep_on\w*|msleep\w*|usleep\w*|\w*schedule_timeout\w*|preempt\w*",
    ),
)


@functools.cache
def _pattern(categories: tuple[Category, ...]) -> re.Pattern[str]:
    names = "|".join(p for category in categories for p in category.patterns)
    return re.compile(rf"_*(?:{names})\Z")


def is_innocent(function: str, *more: Category) -> bool:
    """Tell whether a frame is never guilty; ``more``: what the kind adds.

    >>> is_innocent("__kmalloc_node"), is_innocent("ext4_fill_super")
    (True, False)
    """
    return _cached(function, more)


@functools.lru_cache(maxsize=4096)
def _cached(function: str, more: tuple[Category, ...]) -> bool:
    return _pattern(EVERYWHERE + more).match(function) is not None

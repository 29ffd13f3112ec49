"""Functions that are on the stack of many crashes and never to blame. Pure data.

Each category has its reason; a name is in one when the frame below it says more about
the bug. A pattern is a whole name in which ``*`` stands for
any letters, digits and underscores, and ``#`` for digits. Names are compared without
leading underscores and without compiler suffixes such as ``.isra.0``. Every pattern
has a name of a real kernel in tests/corpus/skip_frames.txt.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.kernel import arch

if TYPE_CHECKING:
    from collections.abc import Iterable


class Category(NamedTuple):
    """A set of names, and why none of them is to blame."""

    name: str
    why: str
    patterns: tuple[str, ...]


def _category(name: str, why: str, patterns: str) -> Category:
    return Category(name, why, tuple(patterns.split()))


REPORTING = _category(
    "reporting",
    "The code that notices and prints: it runs because of the bug.",
    """
    dump_stack* dump_trace* spl_panic* spl_debug_* spl_dumpstack*
    vcmn_err cmn_err zfs_panic_recover
    dump_backtrace* show_stack* show_regs* show_trace* print_trace*
    save_stack* stack_trace_* arch_stack_walk* walk_stackframe unwind_backtrace
    unwind_frame unwind_next_frame unwind_get_return_* nmi_cpu_backtrace*
    nmi_trigger_* trigger_*backtrace* print_tainted get_taint *fs_panic panic vpanic
    panic_* nmi_panic
    check_panic_on_warn warn warn_slowpath* warn_printf report_bug* die die_* oops_*
    notify_die stack_chk_fail do_undefinstr should_fail* fail_dump print_*bug
    print_*report print_circular* print_deadlock* fortify_panic fortify_report
    rustc::* core::panicking::* rust_begin_unwind ubsan_epilogue val_to_string
    *assertfail assfail assertion_failed
    """,
)
EXCEPTIONS = _category(
    "exceptions",
    "Entries and handlers of faults (kernel/arch.py): they run because of the bug.",
    " ".join(arch.column("exception_entries")),
)
SANITIZERS = _category(
    "sanitizers",
    "Checks added by the compiler or a debug option: the caller is to blame.",
    """
    asan_* hwasan_* kasan_* kmsan_* msan_* kcsan_* tsan_* kfence_* ubsan_* sanitizer_*
    print_address_description describe_* object_err end_report addr_has_metadata
    check_memory_region* memory_is_poisoned* check_region_inline set_track*
    get_report* find_watchpoint check_access* instrument_* read_once_* usercopy_*
    check_object_size check_heap_object check_stack_object bad_copy_* copy_overflow
    lockdep* lock_acquire* lock_release* lock_is_held* lock_downgrade lock_set_class
    debug_lockdep* register_lock_class check_prev* check_noncircular check_deadlock
    check_chain_key check_usage* check_irq_usage validate_chain mark_lock* mark_usage
    mark_held_locks look_up_lock_class assign_lock_key find_held_lock trace_hardirqs_*
    trace_softirqs_* reacquire_held_locks seqprop_* might_sleep* might_fault
    might_resched* schedule_debug
    schedule_bug debug_object_* debug_print_object debug_check_no_obj* debug_objects_*
    debug_smp_processor_id this_cpu_preempt_check check_preemption_disabled list_add*
    list_del* list_move* list_replace* list_splice* hlist_* plist_* rb_insert*
    rb_erase* rb_next rb_first* rb_link_node* refcount_* kref_* ref_tracker_*
    """,
)
LOCKS = _category(
    "locks",
    "Locks and waiting: the code that takes the lock or waits is to blame.",
    """
    spin_lock* spin_unlock* spin_trylock* raw_spin_* raw_read_* raw_write_*
    do_raw_spin_* do_raw_read_* do_raw_write_* read_lock* read_unlock* write_lock*
    write_unlock* native_queued_* queued_spin_* queued_read_* queued_write_*
    pv_queued_* ticket_spin_* arch_spin_* bit_spin_* spin_bug spin_dump rwlock_bug
    debug_spin_* debug_mutex_* mutex_lock* mutex_unlock* mutex_trylock*
    mutex_optimistic_spin mutex_remove_waiter ww_mutex_* rt_mutex_* rt_spin_*
    rt_read_* rt_write_* rtlock_* rwbase_* rwsem_* down down_* up up_* downgrade_write
    percpu_down_* percpu_up_* osq_lock* osq_unlock local_bh_enable* local_bh_disable*
    task_rq_lock* local_lock* wait_for_completion* migrate_disable migrate_enable
    wake_up* try_to_wake_up
    autoremove_wake_function default_wake_function prepare_to_wait* finish_wait
    init_wait* lock_sock* release_sock read_seqbegin* seqcount_* lock_timer_base
    futex_wait_queue* preempt_schedule* preempt_count_* owner_on_cpu
    """,
)
MEMORY = _category(
    "memory",
    "Allocators and the page cache: the user of the memory is to blame.",
    """
    kmalloc* kzalloc* kcalloc* krealloc* kmemdup* vmemdup* memdup_user* strndup_user
    kstrdup* kstrndup kasprintf kvasprintf* devm_kasprintf devm_kmalloc* devm_kzalloc
    kmem_cache_* kmem_getpages kvmalloc* kvzalloc kvcalloc kvfree* vmalloc* vzalloc*
    vfree do_kmalloc* do_slab_free kfree kfree_* kzfree slab_* slab_err new_slab
    allocate_slab discard_slab free_slab alloc_slab_page cache_alloc* cache_free*
    cache_grow* cache_flusharray check_slab check_object check_bytes* on_freelist
    free_consistency_checks alloc_debug_processing free_debug_processing init_object
    free_to_partial_list get_partial_node print_trailer alloc_pages* alloc_page
    alloc_page_* alloc_frozen_* free_pages* free_page free_frozen_* get_free_pages
    get_free_page get_zeroed_page free_unref_* free_one_page free_pcppages_bulk
    free_pcp* alloc_folio* folio_alloc* vma_alloc_folio* filemap_alloc_folio*
    put_page* get_page get_page_* folio_put* folio_get get_page_from_freelist rmqueue*
    prep_new_page prep_compound_page post_alloc_hook check_new_pages* check_free_page*
    bad_page destroy_large_folio free_large_kmalloc pagecache_get_page
    find_or_create_page find_get_page* find_get_entr* find_lock_page* find_lock_entr*
    filemap_get_* filemap_add_* grab_cache_page* add_to_page_cache* read_cache_page*
    read_cache_folio do_read_cache_* qlink_free qlist_* quarantine_* mempool_*
    memcg_*alloc* memcg_*charge* obj_cgroup_* kmemleak_* create_object pcpu_alloc*
    alloc_percpu* free_percpu dma_alloc_* dma_pool_* dma_free_* warn_alloc* poison_*
    unpoison_* kvfree_call_rcu rcu_do_batch
    """,
)
BYTES = _category(
    "bytes",
    "Bytes copied, compared, hashed, encrypted or printed for a caller that erred.",
    """
    memset* memcpy* memmove* memcmp memchr* memscan memzero* bcmp rep_movs_*
    rep_stos_* str?cpy* str?cmp str?casecmp str?cat str?len strlcpy strscpy*
    sized_strscpy strchr* strrchr strstr strnstr strsep strspn strcspn strnchr strnlen*
    strncpy* strncmp strncasecmp strlcat strncat copy_to_* copy_from_* copy_in_user
    simple_copy_to_iter
    copy_user_* copy_mc_* raw_copy_* arch_copy_* clear_user*
    clear_page_* copy_page* get_user* put_user* iov_iter_* iterate_* copyin copyout
    memcpy_to_* memcpy_from_* sprintf snprintf scnprintf sscanf vsprintf vsnprintf
    vscnprintf vsscanf fprintf format_decode pointer string string_nocheck hex_string
    widen_string symbol_string mac_address_string ip#_addr_string uuid_string
    va_format bstr_printf seq_printf seq_puts seq_putc seq_write seq_vprintf printk*
    vprintk* devkmsg_* console_unlock console_emit_* console_flush_* log_store
    dev_printk* dev_vprintk* dev_err dev_warn dev_info netdev_printk netdev_err
    netdev_warn netdev_info print_hex_dump* hex_dump_* crc* jhash* siphash*
    sha#_* find_next_*bit* find_first_*bit* find_last_bit sprint_symbol*
    get_unaligned* put_unaligned* read_word_at_a_time sg_copy_* sg_miter_*
    skb_copy_datagram_* crypto_* aes_* aesti_* aesni_* xts_* cbc_* ctr_* gcm_* chacha#
    chacha_* poly1305_* shash_* ahash_* skcipher_*
    """,
)
LAYERS = _category(
    "layers",
    "Thin generic layers: their arguments came from the caller.",
    """
    atomic_* atomic64_* arch_atomic* raw_atomic* test_bit test_and_* set_bit clear_bit
    change_bit arch_set_bit arch_clear_bit arch_test_* readb readw readl readq writeb
    writew writel writeq readl_* writel_* raw_readb raw_readw raw_readl raw_readq
    raw_writeb raw_writew raw_writel raw_writeq ioread# iowrite# ioread#_* iowrite#_*
    inb inw inl outb outw outl logic_in* logic_out* native_read_* native_write_*
    native_save_* native_irq_* mod_timer* add_timer* del_timer* try_to_del_timer*
    detach_timer detach_if_pending enqueue_timer init_timer* timer_delete*
    timer_shutdown* hrtimer_start* hrtimer_cancel hrtimer_try_to_cancel hrtimer_init*
    hrtimer_active queue_work* queue_delayed_work* flush_work* cancel_work*
    cancel_delayed_work* mod_delayed_work* drain_workqueue flush_workqueue
    destroy_workqueue insert_work start_flush_work alloc_workqueue* kobject_* kset_*
    sysfs_* internal_create_group* create_files klist_* add_uevent_var device_add*
    device_del device_register device_unregister device_create* device_destroy
    device_initialize device_remove_* device_attach* device_links_* get_device
    put_device get_device_parent bus_remove_* bus_add_* bus_probe_* bus_for_each_*
    driver_probe_device driver_register driver_attach driver_detach really_probe
    call_driver_probe device_driver_attach device_release register_netdev
    register_netdevice unregister_netdev* rollback_registered* kthread_stop
    kthread_park kthread_create*
    xas_* xa_* radix_tree_lookup* radix_tree_load_root radix_tree_descend
    radix_tree_next_* idr_* ida_* rht_* rhashtable_* rhltable_* x86_indirect_thunk*
    indirect_thunk* x86_return_thunk srso_* fentry* ftrace_* mcount cfi_* kcov_*
    usb_submit_urb usb_hcd_submit_urb usb_hcd_unlink_urb
    usb_control_msg* usb_start_wait_urb usb_bulk_msg
    usb_interrupt_msg usb_kill_* usb_poison_* usb_unlink_* tty_register_device*
    tty_unregister_device* dpm_sysfs_* dput fast_dput
    dentry_kill iput mntput* lockref_* lock_page* unlock_page folio_lock folio_unlock
    folio_wait_* page_ref_* page_to_* compound_head virt_to_* phys_addr*
    virt_addr_valid kmap* kunmap* rcu_read_lock* rcu_read_unlock* rcu_dereference*
    rcu_is_watching* rcu_lock_* call_rcu* rcu_segcblist_* srcu_read_* synchronize_rcu*
    synchronize_srcu* synchronize_net synchronize_sched synchronize_irq
    init_srcu_struct* cleanup_srcu_struct* notifier_call_chain *_notifier_call_chain*
    netlink_rcv_skb proc_register proc_create* proc_mkdir* remove_proc_entry
    remove_proc_subtree this_cpu_* percpu_counter_* percpu_ref_*
    jump_label_* u64_stats_* ktime_* current_*
    """,
)

EVERYWHERE = (REPORTING, EXCEPTIONS, SANITIZERS, LOCKS, MEMORY, BYTES, LAYERS)

# --- categories that hold for some kinds only --------------------------------------
ALLOCATING = _category(
    "allocating",
    "A leak, or a page in a wrong state, is the fault of the code that allocated it.",
    "*alloc* kmem* pcpu_* *dup *_new kasan* *_hook*",
)
FREEING = _category(
    "freeing",
    "An invalid free is the fault of the caller of free.",
    "kfree* vfree* kvfree* free_*page* slab*",
)
DEBUG_OBJECTS = _category(
    "debug-objects",
    "Timers, work and counters are checked on behalf of their owner.",
    "*timer* *work* percpu* *rcu* slab*",
)
NETWORK_BUFFERS = _category(
    "network-buffers",
    "skb_over_panic and the like are called for a wrong length of a driver.",
    "skb_*",
)
SLEEPERS = _category(
    "sleepers",
    "What was about to sleep was called by code that must not sleep.",
    "schedule* *sched* wait_* io_schedule* msleep* usleep_*",
)
RCU_CODE = _category(
    "rcu",
    "The readers and checks of RCU itself, in reports about its readers.",
    "*rcu* *slab*",
)
WAITING = _category(
    "waiting",
    "Ways to wait: a hung task is named by what it waits for.",
    """
    *schedule* context_switch switch_to* *_lock *_lock_* *_slowlock* ldsem_*
    rcu_barrier* *_wait* wait_* *completion* *mutex* *rwsem* down* percpu_* *_work*
    *workqueue* kthread* kernel_thread_helper ret_from_fork* out_of_line_* io_schedule*
    msleep* usleep_*
    """,
)
WATCHDOG = _category(
    "watchdog",
    "The watchdog that noticed a lockup, and the interrupt that it came by.",
    """
    watchdog_* lockup_detector_* softlockup_* hardlockup_* perf_event_overflow*
    perf_event_nmi_* perf_sample_event_* intel_pmu_* x86_pmu_* amd_pmu_* arm_pmu_*
    armpmu_* armv8pmu_* nmi_handle* default_do_nmi* do_nmi* nmi nmi_* end_repeat_nmi
    exc_nmi asm_exc_nmi soft_nmi_* system_reset_* wd_* hrtimer_interrupt
    run_hrtimer* hrtimer_run_queues local_apic_timer_interrupt
    smp_apic_timer_interrupt apic_timer_interrupt arch_trigger_* smp_handle_nmi_ipi
    tick_sched_timer tick_sched_handle update_process_times
    """,
)
FOR_A_KIND = (
    ALLOCATING,
    FREEING,
    DEBUG_OBJECTS,
    NETWORK_BUFFERS,
    SLEEPERS,
    RCU_CODE,
    WAITING,
    WATCHDOG,
)


def regex_of(pattern: str) -> str:
    r"""Return the regular expression of a pattern of the tables.

    >>> regex_of("sha#_*")
    'sha\\d+_\\w*'
    """
    return pattern.replace("?", "[nl]?").replace("*", r"\w*").replace("#", r"\d+")


def names_pattern(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return one expression for patterns of names, with any leading underscores."""
    return re.compile(rf"_*(?:{'|'.join(map(regex_of, patterns))})\Z")


@functools.cache
def _pattern(categories: tuple[Category, ...]) -> re.Pattern[str]:
    return names_pattern(p for category in categories for p in category.patterns)


@functools.lru_cache(maxsize=4096)
def _is_in(function: str, categories: tuple[Category, ...]) -> bool:
    return _pattern(categories).match(function) is not None


def is_skipped(function: str, *more: Category) -> bool:
    """Return whether a frame is never to blame; ``more`` are categories of the kind.

    >>> is_skipped("__kmalloc_node"), is_skipped("ext4_fill_super")
    (True, False)
    """
    return _is_in(function, EVERYWHERE) or (bool(more) and _is_in(function, more))

"""Functions of generic code, whose caller is to blame. Pure data.

Written by tools/generic_functions.py: do not edit.
"""

from __future__ import annotations

_NAMES = """
    account_locked_vm action_arg_word_end add_chain_block add_chain_cache
    add_kcsan_stack_depth add_lock_to_list add_scan_area add_taint addr_to_node
    addr_to_node_id addr_to_page addr_to_vb_idx addr_to_vb_xa address_val
    adjust_va_to_fit_type aligned_vread aligned_vread_iter alloc_chain_hlocks
    alloc_list_entry alloc_lock_chain alloc_object alloc_reserved_percpu
    alloc_uevent_skb alloc_vmap_area alloc_zeroed_user_highpage_movable always_true
    append_pipe arch_bpf_stack_walk arch_bpf_unwind_consume_entry
    arch_kunwind_consume_entry arch_mmap_rnd arch_pick_mmap_layout
    arch_randomize_brk assign_tag async_show async_store
    augment_tree_propagate_check augment_tree_propagate_from auto_remove_on_show
    autosuspend_delay_ms_show autosuspend_delay_ms_store bdev_name bfs_backwards
    bfs_error bfs_forwards bfs_init_root bfs_init_rootb bfs_next bin2hex bit_wait
    bit_wait_io bit_wait_io_timeout bit_wait_timeout bit_waitqueue
    bitmap_list_string bitmap_string bprintf bvec_npages bytes_is_nonzero
    cache_random_seq_create cache_random_seq_destroy cache_show calc_dep
    calc_dep_bit calc_dep_bitb calc_depb calculate_alignment can_fill_pool
    chain_block_next chain_block_size chain_hlock_class_idx check_bogus_address
    check_data_structures check_flags check_kernel_text_object check_lock_chain_key
    check_no_collision check_page_allocation check_path check_pointer
    check_pointer_msg check_redundant check_results check_slab_allocation
    check_sparse_vm_area check_wait_context class_dir_child_ns_type
    class_dir_create_and_add class_dir_release class_filter class_lock_list_valid
    classify_va_fit_type cleanup_glue_dir cleanup_uevent_env clear_lock_stats
    clear_nonspinnable clear_rt_mutex_waiters clear_vm_uninitialized_flag
    clear_warn_once_set clock color_gray color_white
    compat_only_sysfs_link_entry_to_kobj complete complete_all
    complete_on_current_cpu complete_report_info complete_with_flags completion_done
    compute_subtree_max_size cond_local_irq_disable cond_local_irq_enable
    consume_watchpoint control_show control_store copy_code
    copy_compat_iovec_from_user copy_iovec_from_user copy_pipe_to_iter
    copy_stack_frame copyout_mc count_matching_names cq_dequeue cq_empty cq_enqueue
    cq_full cq_get_elem_count cq_init crash_smp_send_stop create_boot_cache
    create_cache create_dir create_kmalloc_cache create_kmalloc_caches
    create_object_percpu create_object_phys csum_and_copy_from_iter
    csum_and_copy_to_iter csum_and_copy_to_pipe_iter csum_and_memcpy
    data_abort_decode date_str debug_boot_weak_hash_enable
    debug_check_no_locks_freed debug_check_no_locks_held debug_exception_enter
    debug_exception_exit debug_locks_off_graph_unlock debug_read_clear_dr6
    debug_read_reset_dr6 debug_show_all_locks debug_show_held_locks debug_stats_show
    debug_write_lock_after debug_write_lock_before debug_write_unlock dec_chains
    decay_va_pool_node decode_bug decode_vn_id default_pointer del_chain_block
    delay_access delayed_vfree_work delete_from_page_cache delete_object
    delete_object_full delete_object_part dentry_name dev_attr_show dev_attr_store
    dev_driver_string dev_driver_uevent dev_err_probe dev_is_best_effort
    dev_probe_failed dev_set_name dev_show dev_uevent dev_uevent_filter
    dev_uevent_name dev_warn_probe device_attrs_change_owner device_change_owner
    device_check_offline device_find_any_child device_find_child
    device_find_child_by_name device_for_each_child device_for_each_child_reverse
    device_for_each_child_reverse_from device_get_devnode device_get_ownership
    device_is_ancestor device_is_dependent device_is_not_partition device_link_add
    device_link_del device_link_drop_managed device_link_flag_is_sync_state_only
    device_link_init_status device_link_put_kref device_link_release_fn
    device_link_remove device_link_remove_from_lists device_link_synchronize_removal
    device_link_wait_removal device_match_acpi_dev device_match_acpi_handle
    device_match_any device_match_devt device_match_fwnode device_match_name
    device_match_of_node device_move device_move_class_links device_namespace
    device_node_string device_offline device_online device_platform_notify
    device_platform_notify_remove device_pm_move_to_tail device_private_init
    device_rename device_reorder_to_tail device_set_node device_set_of_node_from_dev
    device_show_bool device_show_int device_show_string device_show_ulong
    device_shutdown device_store_bool device_store_int device_store_ulong
    device_to_dev_kobj devices_init devices_kset_move_after devices_kset_move_before
    devices_kset_move_last devlink_add_symlinks devlink_class_init
    devlink_dev_release devlink_remove_symlinks devm_attr_group_match
    devm_attr_group_remove devm_attr_groups_remove devm_device_add_group
    devm_device_add_groups devm_device_remove_group devm_device_remove_groups
    disable_object_debug do_alignment_fault do_bad do_int3_user do_kunwind
    do_oops_enter_exit do_sea do_tag_recovery do_wait_for_common
    drain_vmap_area_work dummy_copy dummy_propagate dummy_rotate dump_object_info
    dump_str_object_info dump_unreclaimable_slab dup_iter dynamic_kobj_release
    early_kasan_fault enable_object_debug encode_vn_id end_page_writeback err_ptr
    error_get_trap_addr error_string escaped_string esr_to_debug_fault_info
    esr_to_fault_info exclusive_bit exclusive_mask fail_non_kasan_kunit_test
    fault_from_pkey fault_in_iov_iter_readable fault_in_iov_iter_writeable
    file_dentry_name fill_kobj_path fill_pool fill_ptr_key fill_ptr_key_workfn
    filter_irq_stacks find_and_get_object find_and_remove_object
    find_exclusive_match find_mergeable find_reorder_access find_unlink_vmap_area
    find_usage_backwards find_usage_forwards find_va_links find_vm_area
    find_vmap_area find_vmap_area_exceed_addr find_vmap_area_exceed_addr_lock
    find_vmap_lowest_linear_match find_vmap_lowest_match
    find_vmap_lowest_match_check first_bvec_segment first_iovec_segment
    first_visible fixup_activate fixup_bad_iret fixup_destroy fixup_free fixup_init
    fixup_iopl_exception fixup_rt_mutex_waiters flags_string flush_dcache_folio
    folio_anon_vma folio_copy folio_mapcount folio_mapped folio_mapping
    folio_mc_copy format_flags format_page_flags fourcc_string frame_pointer_check
    free_chain_hlocks free_obj_work free_object free_object_rcu free_purged_blocks
    free_unmap_vmap_area free_vm_area free_vmap_area free_vmap_area_noflush
    free_vmap_block free_work free_zapped_classes free_zapped_rcu freelist_randomize
    fw_devlink_create_devlink fw_devlink_dev_sync_state fw_devlink_drivers_done
    fw_devlink_get_flags fw_devlink_is_permissive fw_devlink_is_strict
    fw_devlink_link_device fw_devlink_link_to_consumers fw_devlink_link_to_suppliers
    fw_devlink_no_driver fw_devlink_parse_fwnode fw_devlink_parse_fwtree
    fw_devlink_pickup_dangling_consumers fw_devlink_probing_done
    fw_devlink_purge_absent_suppliers fw_devlink_refresh_fwnode
    fw_devlink_relax_cycles fw_devlink_relax_link fw_devlink_setup
    fw_devlink_strict_setup fw_devlink_sync_state_setup fw_devlink_unblock_consumers
    fwnode_ancestor_init_without_drv fwnode_full_name_string
    fwnode_get_next_parent_dev fwnode_init_without_drv fwnode_is_ancestor_of
    fwnode_is_primary fwnode_link_add fwnode_link_cycle fwnode_link_del
    fwnode_links_check_suppliers fwnode_links_move_consumers fwnode_links_purge
    fwnode_links_purge_consumers fwnode_links_purge_suppliers fwnode_string
    get_access_type get_bucket get_bug_type get_cmdline get_ctx get_dep_list
    get_dev_from_fwnode get_first_held_lock get_glue_dir get_kcsan_stack_depth
    get_kernel_gp_address get_key_name get_kobj_path_length get_lock_depth
    get_lock_parent get_lock_stats get_object get_pending_free get_reorder_access
    get_signed_val get_stack_skipnr get_subtree_max_size get_thread_desc
    get_unsigned_val get_usage_char get_usage_chars get_va_next_sibling get_vm_area
    get_vm_area_caller get_vm_area_node gp_try_fixup_and_notify
    gp_user_force_sig_segv graph_lock graph_unlock handle_misaligned_access
    handle_null_ptr_deref handle_object_size_mismatch handle_overflow
    handle_stack_overflow handle_xfd_event hash_and_copy_to_iter hex2bin hex_to_bin
    hlock_class hlock_conflict hlock_equal hlock_id hook_debug_fault_code
    ibt_selftest ibt_setup id_to_node import_iovec import_iovec_ubuf
    import_single_range import_ubuf in_any_class_list in_any_zapped_class_list
    in_entry_stack in_irqentry_text in_list in_lock_functions in_task_stack
    inc_chains init_chain_block init_chain_block_buckets init_data_structures_once
    init_rwsem init_task_stack_addr init_uevent_argv init_user_buckets
    insert_vmap_area insert_vmap_area_augment insert_watchpoint inside_selftest
    invert_dir_mask ioremap_page_range iov_npages iovec_from_user ip4_addr_string_sa
    ip4_string ip6_addr_string_sa ip6_compressed_string ip6_string ip_addr_string
    is_atomic is_dynamic_key is_el0_instruction_abort is_el1_data_abort
    is_el1_instruction_abort is_el1_mte_sync_tag_check_fault is_el1_permission_fault
    is_inline_int is_kernel_percpu_address is_rwsem_reader_owned
    is_spurious_el1_translation_fault is_static_object is_sysenter_singlestep
    is_translation_fault is_valid_bugaddr is_vmalloc_addr is_vmalloc_or_module_addr
    is_vn_id_valid is_within_this_va is_write_abort isolate_lru_page
    iter_folioq_get_pages iter_xarray_get_pages iter_xarray_populate_pages
    kernel_lockdep_sysctls_init kernel_or_module_addr kernel_panic_sysctls_init
    kernel_panic_sysfs_init keyhashentry kill_device kmem_buckets_create
    kmem_dump_obj kmem_obj_info kobj_attr_show kobj_attr_store kobj_child_ns_ops
    kobj_kset_join kobj_kset_leave kobj_ns_current_may_mount kobj_ns_drop
    kobj_ns_grab_current kobj_ns_initial kobj_ns_netlink kobj_ns_ops
    kobj_ns_type_is_valid kobj_ns_type_register kobj_ns_type_registered
    kobj_usermode_filter ksize kunwind_init kunwind_init_from_caller
    kunwind_init_from_regs kunwind_init_from_task kunwind_next
    kunwind_recover_return_address kunwind_stack_walk kvmemdup kvrealloc
    kvrealloc_noprof last_offset lazy_max_pages link_object link_va link_va_augment
    live_in_glue_dir lock_accessed lock_chain_count lock_chain_get_class
    lock_class_cache_is_registered lock_class_cache_is_valid lock_contended
    lock_device_hotplug lock_device_hotplug_sysfs lock_flag lock_pin_lock lock_point
    lock_repin_lock lock_stats lock_sync lock_time_add lock_time_inc lock_unpin_lock
    lockstat_clock lookup_chain_cache lookup_chain_cache_add lookup_object
    lookup_object_or_alloc lru_cache_add lru_cache_add_inactive_or_unevictable
    make_black_object make_gray_object mark_page_accessed mark_rt_mutex_waiters
    mark_wakeup_next_waiter match_any match_held_lock math_error mem_abort_decode
    mem_dump_obj mem_pool_alloc mem_pool_free memcmp_pages memory_is_nonzero
    merge_or_add_vmap_area merge_or_add_vmap_area_augment meta_pointer_offset
    meta_row_is_guilty mm_to_pgd_phys mmap_base mmap_file mmap_is_legacy move_right
    mutex_add_waiter mutex_can_spin_on_owner mutex_clear_flag mutex_handoff
    mutex_init mutex_is_locked mutex_owner mutex_set_flag mutex_spin_on_owner
    mutex_waiter_is_first netdev_bits new_kmalloc_cache new_vmap_block next_device
    nmi_panic_self_stop no_blink no_hash_pointers_enable node_alloc node_pool_add_va
    node_pool_del_va node_to_va noop_count not_in_range notify_debug num_to_str
    number object_cpu_offline object_no_scan object_set_excess_ref object_tree
    online_show online_store optimal_redzone original_mask out_of_line_wait_on_bit
    out_of_line_wait_on_bit_lock out_of_line_wait_on_bit_timeout
    overcommit_kbytes_handler overcommit_policy_handler overcommit_ratio_handler
    overlaps owner_flags owner_task page_copy_sane page_mapcount page_mapped
    page_mapping page_offline_begin page_offline_end page_offline_freeze
    page_offline_thaw page_rmapping paint_it paint_ptr parse_hardened_usercopy
    pcpu_addr_in_chunk pcpu_balance_free pcpu_balance_populated pcpu_balance_workfn
    pcpu_block_off_to_off pcpu_block_refresh_hint pcpu_block_update
    pcpu_block_update_hint_alloc pcpu_block_update_hint_free pcpu_block_update_scan
    pcpu_build_alloc_info pcpu_check_block_hint pcpu_chunk_addr
    pcpu_chunk_addr_search pcpu_chunk_depopulated pcpu_chunk_move
    pcpu_chunk_populated pcpu_chunk_refresh_hint pcpu_chunk_relocate pcpu_chunk_slot
    pcpu_dump_alloc_info pcpu_embed_first_chunk pcpu_fc_alloc pcpu_fc_free
    pcpu_find_block_fit pcpu_find_zero_area pcpu_free_alloc_info pcpu_free_area
    pcpu_free_chunk pcpu_free_vm_areas pcpu_get_page_chunk pcpu_get_vm_areas
    pcpu_index_alloc_map pcpu_init_md_block pcpu_init_md_blocks pcpu_is_populated
    pcpu_isolate_chunk pcpu_mem_free pcpu_mem_zalloc pcpu_memcg_free_hook
    pcpu_memcg_post_alloc_hook pcpu_memcg_pre_alloc_hook pcpu_next_fit_region
    pcpu_next_hint pcpu_next_md_free_region pcpu_nr_pages pcpu_off_to_block_index
    pcpu_off_to_block_off pcpu_page_first_chunk pcpu_page_idx pcpu_populate_pte
    pcpu_reclaim_populated pcpu_region_overlap pcpu_reintegrate_chunk
    pcpu_schedule_balance_work pcpu_set_page_chunk pcpu_setup_first_chunk
    pcpu_size_to_slot pcpu_unit_page_offset pcpu_update_empty_pages
    per_cpu_ptr_to_phys percpu_alloc_setup percpu_enable_async
    perf_ftrace_event_register perf_ftrace_function_call
    perf_ftrace_function_register perf_ftrace_function_unregister
    perf_kprobe_destroy perf_kprobe_init perf_trace_add perf_trace_buf_alloc
    perf_trace_buf_update perf_trace_del perf_trace_destroy perf_trace_event_close
    perf_trace_event_init perf_trace_event_open perf_trace_event_perm
    perf_trace_event_reg perf_trace_event_unreg perf_trace_init perf_uprobe_destroy
    perf_uprobe_init pi_waiter_less pipe_advance pipe_buf pipe_get_pages pipe_npages
    pipe_zero pm_qos_latency_tolerance_us_show pm_qos_latency_tolerance_us_store
    pm_qos_no_power_off_show pm_qos_no_power_off_store pm_qos_resume_latency_us_show
    pm_qos_resume_latency_us_store pm_qos_sysfs_add_flags
    pm_qos_sysfs_add_latency_tolerance pm_qos_sysfs_add_resume_latency
    pm_qos_sysfs_remove_flags pm_qos_sysfs_remove_latency_tolerance
    pm_qos_sysfs_remove_resume_latency pointer_string pointer_update_refs
    preload_this_cpu_lock prepare_access_info prepare_call_rcu_zapped
    prepare_report_consumer prepare_report_producer prev_device
    print_bad_irq_dependency print_chain_key_iteration print_chain_keys_chain
    print_chain_keys_held_locks print_collision print_error_description
    print_irq_lock_scenario print_irqtrace_events print_kernel_ident print_lock
    print_lock_class_header print_lock_invalid_wait_context print_lock_name
    print_lock_nested_lock_not_held print_lock_trace print_lockdep_cache
    print_lockdep_off print_memory_metadata print_oops_end_marker
    print_shortest_lock_dependencies print_shortest_lock_dependencies_backwards
    print_slabinfo_header print_stack_trace print_tainted_seq print_tainted_verbose
    print_track print_unreferenced print_usage_bug_scenario print_verbose_info
    printf proc_vmalloc_init ptep_set_access_flags ptr_to_hashval ptr_to_id
    purge_fragmented_block purge_fragmented_blocks purge_fragmented_blocks_allcpus
    purge_vmap_area_lazy purge_vmap_node push_anon push_page put_dec put_dec_full4
    put_dec_full8 put_dec_helper4 put_dec_trunc8 put_object putback_lru_page
    pvm_determine_end_from_reverse pvm_find_va_enclose_addr randomize_page
    randomize_stack_top rate_limit_report rb_last rb_left_deepest_node
    rb_next_postorder rb_prev rb_red_parent rb_replace_node rb_replace_node_rcu
    rb_rotate_set_parents rb_set_black read_instrumented_memory realloc_size
    reclaim_list_global redirty_page_for_writepage register_global
    register_vmap_purge_notifier register_warn_debugfs reinit_class
    release_alloc_meta release_free_meta release_report remap_vmalloc_range
    remap_vmalloc_range_partial removable_show remove_class_from_lock_chain
    remove_class_from_lock_chains remove_files remove_object remove_vm_area
    remove_waiter remove_watchpoint replace_stack_entry report_enabled
    report_suppress_start report_suppress_stop report_suppressed_sw report_tag_fault
    report_ubsan_failure reset_checksum reset_kcsan_skip resource_string
    restricted_pointer root_device_register root_device_release
    root_device_unregister rpm_sysfs_remove rt_waiter_node_equal rt_waiter_node_less
    rtc_str rtmutex_spin_on_owner runtime_active_kids_show runtime_active_time_show
    runtime_enabled_show runtime_pm_show runtime_status_show
    runtime_suspended_time_show runtime_usage_show rwlock_init s_next s_show s_start
    s_stop sanitize_stack_entries sanity save_trace scan_block scan_gray_list
    scan_large_block scan_object scan_should_stop separate_irq_context
    set_area_direct_map set_dev_info set_field_width set_hardened_usercopy
    set_nohugeiomap set_nohugevmalloc set_other_info_task_blocking set_page_dirty
    set_page_dirty_nobuffers set_page_writeback set_precision set_primary_fwnode
    set_reorder_access set_secondary_fwnode set_thread_esr set_vm_area_page_order
    setup_kmalloc_cache_index_table setup_per_cpu_areas setup_slab_merge
    setup_slab_nomerge setup_vmalloc_vm setup_vmalloc_vm_locked should_watch show_ip
    show_iret_regs show_numa_info show_opcodes show_pte show_purge_info show_signal
    shutdown_cache simple_strntoll simple_strntoull simple_strtol simple_strtoll
    simple_strtoul simple_strtoull size_index_elem size_to_bucket size_to_va_pool
    skip_atoi skip_report slabinfo_open special_hex_number spin_msec start_report
    start_scan_thread start_stack_trace state_name state_verbose static_obj
    status_show stop_scan_thread stpcpy strnchrnul strpbrk subsys_initcall
    suppress_report sym_strcmp sync_overcommit_as sync_regs sync_state_only_show
    sync_state_resume_initcall tag_clear_highpage task_blocked_on_lock
    task_blocks_on_rt_mutex task_irq_context task_wait_context test_taint time64_str
    time_and_date time_str to_root_device trace_preempt_off trace_preempt_on
    traces_identical trap_init try_consume_watchpoint try_fixup_enqcmd_gp
    try_to_release_page try_to_take_rt_mutex try_wait_for_completion type_bit_width
    type_is_int type_is_signed uevent_net_broadcast uevent_net_broadcast_tagged
    uevent_net_broadcast_untagged uevent_net_exit uevent_net_init uevent_net_rcv
    uevent_net_rcv_skb uevent_show uevent_store unlink_va unlink_va_augment
    unlock_device_hotplug unlock_rt_mutex_safe unreferenced_object
    unregister_vmap_purge_notifier unwind unwind_compat_user_frame
    unwind_init_from_caller unwind_init_from_regs unwind_init_from_task unwind_next
    unwind_user_frame update_checksum update_kunit_status update_refs
    usage_accumulate usage_match usage_skip va_alloc va_clip va_size val_is_negative
    valid_state var_waitqueue var_wake_function vb_alloc vb_free vbin_printf
    vc_switch_off_ist vcalloc vcalloc_noprof ve_raise_fault verbose
    verify_lock_unused very_verbose vfree_atomic vfree_deferred
    virtual_device_parent visit_lock_entry vm_area_add_early vm_area_alloc_pages
    vm_area_map_pages vm_area_page_order vm_area_register_early vm_area_unmap_pages
    vm_commit_limit vm_enough_memory vm_map_ram vm_memory_committed vm_mmap
    vm_mmap_pgoff vm_remove_mappings vm_reset_perms vm_unmap_aliases vm_unmap_ram
    vma_alloc_zeroed_movable_folio vma_close vma_is_stack_for_current vma_set_file
    vmap_block_vaddr vmap_init_free_space vmap_init_nodes vmap_node_shrink_count
    vmap_node_shrink_scan vmap_p4d_range vmap_page_range vmap_pages_p4d_range
    vmap_pages_pmd_range vmap_pages_pte_range vmap_pages_pud_range vmap_pages_range
    vmap_pages_range_noflush vmap_pfn vmap_pfn_apply vmap_pmd_range vmap_pte_range
    vmap_pud_range vmap_ram_vread_iter vmap_range_noflush
    vmap_small_pages_range_noflush vmap_try_huge_p4d vmap_try_huge_pmd
    vmap_try_huge_pud vread vread_iter vrealloc_noprof vsprintf_init_hashval vunmap
    vunmap_p4d_range vunmap_pmd_range vunmap_pte_range vunmap_pud_range vunmap_range
    vunmap_range_noflush wait_bit_init wait_for_common wait_for_common_io
    wait_for_init_devices_probe wait_for_stable_page wait_on_bit wait_on_bit_lock
    wait_on_page_writeback waiter_clone_prio waiter_less waiter_prio
    waiter_update_prio waiting_for_supplier_show wake_bit_function
    wakeup_abort_count_show wakeup_active_count_show wakeup_active_show
    wakeup_count_show wakeup_expire_count_show wakeup_last_time_ms_show
    wakeup_max_time_ms_show wakeup_prevent_sleep_time_ms_show wakeup_show
    wakeup_store wakeup_sysfs_add wakeup_sysfs_remove wakeup_total_time_ms_show
    want_pages_array warn_count_show warn_or_seq_hex_dump warn_printk was_reported
    within zap_class zap_modalias_env zero_iter zero_to_iter zero_to_user_iter
"""
GENERIC_FUNCTIONS = frozenset(_NAMES.split())

// SPDX-License-Identifier: GPL-2.0

//! The C helpers of src/sys/helpers.h. Made by tests/bindings; do not edit.

use kernel::{
    bindings::*,
    ffi, //
};

unsafe extern "C" {
    pub(crate) fn vm_map_sync_mmap_read_lock_killable(mm: *mut mm_struct) -> ffi::c_int;
    pub(crate) fn vm_map_sync_mmap_read_trylock(mm: *mut mm_struct) -> bool;
    pub(crate) fn vm_map_sync_mmap_is_contended(mm: *mut mm_struct) -> bool;
    pub(crate) fn vm_map_sync_mmap_changes(mm: *mut mm_struct, changes: *mut ffi::c_uint) -> bool;
    pub(crate) fn vm_map_sync_mmap_has_changed(mm: *mut mm_struct, changes: ffi::c_uint) -> bool;
    pub(crate) fn vm_map_sync_untagged_addr_remote(
        mm: *mut mm_struct,
        addr: ffi::c_ulong,
    ) -> ffi::c_ulong;
    pub(crate) fn vm_map_sync_vma_iter_init(
        vmi: *mut vma_iterator,
        mm: *mut mm_struct,
        addr: ffi::c_ulong,
    );
    pub(crate) fn vm_map_sync_mmap_size(mm: *const mm_struct) -> ffi::c_ulong;
    pub(crate) fn vm_map_sync_mmap_count(mm: *const mm_struct) -> ffi::c_ulong;
    pub(crate) fn vm_map_sync_vma_is_shared(vma: *const vm_area_struct) -> bool;
    pub(crate) fn vm_map_sync_mm_is_dead(mm: *const mm_struct) -> bool;
    pub(crate) fn vm_map_sync_vma_is_wired(vma: *const vm_area_struct) -> bool;
    pub(crate) fn vm_map_sync_file_is_mappable(file: *mut file) -> bool;
    pub(crate) fn vm_map_sync_file_is_huge(file: *const file) -> bool;
    pub(crate) fn vm_map_sync_file_real_inode(file: *const file) -> *mut inode;
    pub(crate) fn vm_map_sync_inode_size(inode: *const inode) -> ffi::c_longlong;
    pub(crate) fn vm_map_sync_file_is_writable(file: *const file) -> bool;
    pub(crate) fn vm_map_sync_file_may_write(file: *mut file) -> bool;
    pub(crate) fn vm_map_sync_file_may_write_at_once(file: *mut file) -> ffi::c_int;
    pub(crate) fn vm_map_sync_file_open_again(
        file: *const file,
        mode: ffi::c_int,
        cred: *const cred,
    ) -> *mut file;
    pub(crate) fn vm_map_sync_file_untell(file: *mut file, told: ffi::c_uint);
    pub(crate) fn vm_map_sync_file_dontneed(
        file: *mut file,
        start: ffi::c_longlong,
        length: ffi::c_longlong,
    ) -> ffi::c_int;
    pub(crate) fn vm_map_sync_mapping_can_writeback(mapping: *mut address_space) -> bool;
    pub(crate) fn vm_map_sync_mapping_is_dax(mapping: *mut address_space) -> bool;
    pub(crate) fn vm_map_sync_mapping_is_dirty(mapping: *const address_space) -> bool;
    pub(crate) fn vm_map_sync_mapping_is_written(mapping: *const address_space) -> bool;
    pub(crate) fn vm_map_sync_mapping_is_wired(
        mapping: *mut address_space,
        first: ffi::c_ulong,
        last: ffi::c_ulong,
        looks: *mut ffi::c_uint,
    ) -> bool;
    pub(crate) fn vm_map_sync_mapping_is_elsewhere(
        mapping: *mut address_space,
        first: ffi::c_ulong,
        last: ffi::c_ulong,
        mm: *const mm_struct,
        looks: *mut ffi::c_uint,
    ) -> bool;
    pub(crate) fn vm_map_sync_invalidate_lock_killable(mapping: *mut address_space) -> ffi::c_int;
    pub(crate) fn vm_map_sync_invalidate_trylock(mapping: *mut address_space) -> bool;
    pub(crate) fn vm_map_sync_invalidate_unlock(mapping: *mut address_space);
    pub(crate) fn vm_map_sync_find_dirty(
        mapping: *mut address_space,
        index: *mut ffi::c_ulong,
        last: ffi::c_ulong,
    ) -> bool;
    pub(crate) fn vm_map_sync_get_folios_dirty(
        mapping: *mut address_space,
        start: *mut ffi::c_ulong,
        end: ffi::c_ulong,
        fbatch: *mut folio_batch,
    ) -> ffi::c_uint;
    pub(crate) fn vm_map_sync_get_folios_writeback(
        mapping: *mut address_space,
        start: *mut ffi::c_ulong,
        end: ffi::c_ulong,
        fbatch: *mut folio_batch,
    ) -> ffi::c_uint;
    pub(crate) fn vm_map_sync_folio_index(folio: *const folio) -> ffi::c_ulong;
    pub(crate) fn vm_map_sync_folio_nr_pages(folio: *const folio) -> ffi::c_ulong;
    pub(crate) fn vm_map_sync_folio_is_dirty(folio: *const folio) -> bool;
    pub(crate) fn vm_map_sync_folio_is_written(folio: *const folio) -> bool;
    pub(crate) fn vm_map_sync_folio_is_mapped(folio: *const folio) -> bool;
    pub(crate) fn vm_map_sync_folio_is_wired(folio: *const folio) -> bool;
    pub(crate) fn vm_map_sync_folio_is_taken(folio: *const folio) -> bool;
    pub(crate) fn vm_map_sync_folio_lock_killable(folio: *mut folio) -> ffi::c_int;
    pub(crate) fn vm_map_sync_folio_trylock(folio: *mut folio) -> bool;
    pub(crate) fn vm_map_sync_folio_is_claimed(folio: *mut folio) -> bool;
    pub(crate) fn vm_map_sync_folio_batch_release(fbatch: *mut folio_batch);
    pub(crate) fn vm_map_sync_anon_file(
        name: *const ffi::c_char,
        operations: *const file_operations,
        private: *mut ffi::c_void,
    ) -> *mut file;
    pub(crate) fn vm_map_sync_mount(name: *const ffi::c_char) -> *mut vfsmount;
    pub(crate) fn vm_map_sync_path_lookup(
        mount: *mut vfsmount,
        name: *const ffi::c_char,
        path: *mut path,
    ) -> ffi::c_int;
    pub(crate) fn vm_map_sync_proc_pid_ns(proc_: *mut super_block) -> *mut pid_namespace;
    pub(crate) fn vm_map_sync_alloc_queue(
        name: *const ffi::c_char,
        max_active: ffi::c_int,
    ) -> *mut workqueue_struct;
    pub(crate) fn vm_map_sync_module_get();
    pub(crate) fn vm_map_sync_module_put();
    pub(crate) fn vm_map_sync_wait_killable(completion: *mut completion) -> ffi::c_int;
    pub(crate) fn vm_map_sync_wait_killable_for(
        completion: *mut completion,
        timeout: ffi::c_ulong,
    ) -> ffi::c_long;
    pub(crate) fn vm_map_sync_current_cred() -> *const cred;
    pub(crate) fn vm_map_sync_override_creds(cred: *const cred) -> *const cred;
    pub(crate) fn vm_map_sync_revert_creds(cred: *const cred);
    pub(crate) fn vm_map_sync_alloc(size: ffi::c_ulong) -> *mut ffi::c_void;
    pub(crate) fn vm_map_sync_free(memory: *mut ffi::c_void);
    pub(crate) fn vm_map_sync_is_ring_worker() -> bool;
    pub(crate) fn vm_map_sync_is_told_to_stop() -> bool;
    pub(crate) fn vm_map_sync_sleep_killable(milliseconds: ffi::c_uint);
    pub(crate) fn vm_map_sync_nap_killable(microseconds: ffi::c_uint);
    pub(crate) fn vm_map_sync_cond_resched();
    pub(crate) fn vm_map_sync_ring_number(command: *const io_uring_cmd) -> ffi::c_uint;
    pub(crate) fn vm_map_sync_ring_file(command: *const io_uring_cmd) -> *mut file;
    pub(crate) fn vm_map_sync_ring_may_wait(issue_flags: ffi::c_uint) -> bool;
    pub(crate) fn vm_map_sync_ring_is_compat(issue_flags: ffi::c_uint) -> bool;
    pub(crate) fn vm_map_sync_ring_argument(command: *const io_uring_cmd) -> ffi::c_ulonglong;
    pub(crate) fn vm_map_sync_ring_rest(command: *const io_uring_cmd) -> ffi::c_ulonglong;
}

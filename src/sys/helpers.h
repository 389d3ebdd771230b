/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inline functions of the kernel, made callable from Rust. src/sys/helpers.rs is made
 * from this header by tests/bindings.
 */
#ifndef VM_MAP_SYNC_HELPERS_H
#define VM_MAP_SYNC_HELPERS_H

struct address_space;
struct completion;
struct cred;
struct file;
struct file_operations;
struct folio;
struct folio_batch;
struct inode;
struct io_uring_cmd;
struct mm_struct;
struct path;
struct pid_namespace;
struct super_block;
struct vm_area_struct;
struct vfsmount;
struct vma_iterator;
struct workqueue_struct;

int vm_map_sync_mmap_read_lock_killable(struct mm_struct *mm);
bool vm_map_sync_mmap_read_trylock(struct mm_struct *mm);
bool vm_map_sync_mmap_is_contended(struct mm_struct *mm);
bool vm_map_sync_mmap_changes(struct mm_struct *mm, unsigned int *changes);
bool vm_map_sync_mmap_has_changed(struct mm_struct *mm, unsigned int changes);
unsigned long vm_map_sync_untagged_addr_remote(struct mm_struct *mm, unsigned long addr);
void vm_map_sync_vma_iter_init(struct vma_iterator *vmi, struct mm_struct *mm,
			       unsigned long addr);
unsigned long vm_map_sync_mmap_size(const struct mm_struct *mm);
unsigned long vm_map_sync_mmap_count(const struct mm_struct *mm);
bool vm_map_sync_vma_is_shared(const struct vm_area_struct *vma);
bool vm_map_sync_mm_is_dead(const struct mm_struct *mm);
bool vm_map_sync_vma_is_wired(const struct vm_area_struct *vma);
bool vm_map_sync_file_is_mappable(struct file *file);
bool vm_map_sync_file_is_huge(const struct file *file);
struct inode *vm_map_sync_file_real_inode(const struct file *file);
long long vm_map_sync_inode_size(const struct inode *inode);
bool vm_map_sync_file_is_writable(const struct file *file);
bool vm_map_sync_file_may_write(struct file *file);
int vm_map_sync_file_may_write_at_once(struct file *file);
struct file *vm_map_sync_file_open_again(const struct file *file, int mode,
					 const struct cred *cred);
void vm_map_sync_file_untell(struct file *file, unsigned int told);
int vm_map_sync_file_dontneed(struct file *file, long long start, long long length);
bool vm_map_sync_mapping_can_writeback(struct address_space *mapping);
bool vm_map_sync_mapping_is_dax(struct address_space *mapping);
bool vm_map_sync_mapping_is_dirty(const struct address_space *mapping);
bool vm_map_sync_mapping_is_written(const struct address_space *mapping);
bool vm_map_sync_mapping_is_wired(struct address_space *mapping, unsigned long first,
				  unsigned long last, unsigned int *looks);
bool vm_map_sync_mapping_is_elsewhere(struct address_space *mapping, unsigned long first,
				      unsigned long last, const struct mm_struct *mm,
				      unsigned int *looks);
int vm_map_sync_invalidate_lock_killable(struct address_space *mapping);
bool vm_map_sync_invalidate_trylock(struct address_space *mapping);
void vm_map_sync_invalidate_unlock(struct address_space *mapping);
bool vm_map_sync_find_dirty(struct address_space *mapping, unsigned long *index,
			    unsigned long last);
unsigned int vm_map_sync_get_folios_dirty(struct address_space *mapping, unsigned long *start,
					  unsigned long end, struct folio_batch *fbatch);
unsigned int vm_map_sync_get_folios_writeback(struct address_space *mapping,
					      unsigned long *start, unsigned long end,
					      struct folio_batch *fbatch);
unsigned long vm_map_sync_folio_index(const struct folio *folio);
unsigned long vm_map_sync_folio_nr_pages(const struct folio *folio);
bool vm_map_sync_folio_is_dirty(const struct folio *folio);
bool vm_map_sync_folio_is_written(const struct folio *folio);
bool vm_map_sync_folio_is_mapped(const struct folio *folio);
bool vm_map_sync_folio_is_wired(const struct folio *folio);
bool vm_map_sync_folio_is_taken(const struct folio *folio);
int vm_map_sync_folio_lock_killable(struct folio *folio);
bool vm_map_sync_folio_trylock(struct folio *folio);
bool vm_map_sync_folio_is_claimed(struct folio *folio);
void vm_map_sync_folio_batch_release(struct folio_batch *fbatch);
struct file *vm_map_sync_anon_file(const char *name, const struct file_operations *operations,
				   void *private);
struct vfsmount *vm_map_sync_mount(const char *name);
int vm_map_sync_path_lookup(struct vfsmount *mount, const char *name, struct path *path);
struct pid_namespace *vm_map_sync_proc_pid_ns(struct super_block *proc);
struct workqueue_struct *vm_map_sync_alloc_queue(const char *name, int max_active);
void vm_map_sync_module_get(void);
void vm_map_sync_module_put(void);
int vm_map_sync_wait_killable(struct completion *completion);
long vm_map_sync_wait_killable_for(struct completion *completion, unsigned long timeout);
const struct cred *vm_map_sync_current_cred(void);
const struct cred *vm_map_sync_override_creds(const struct cred *cred);
void vm_map_sync_revert_creds(const struct cred *cred);
void *vm_map_sync_alloc(unsigned long size);
void vm_map_sync_free(void *memory);
bool vm_map_sync_is_ring_worker(void);
bool vm_map_sync_is_told_to_stop(void);
void vm_map_sync_sleep_killable(unsigned int milliseconds);
void vm_map_sync_nap_killable(unsigned int microseconds);
void vm_map_sync_cond_resched(void);
unsigned int vm_map_sync_ring_number(const struct io_uring_cmd *command);
struct file *vm_map_sync_ring_file(const struct io_uring_cmd *command);
bool vm_map_sync_ring_may_wait(unsigned int issue_flags);
bool vm_map_sync_ring_is_compat(unsigned int issue_flags);
unsigned long long vm_map_sync_ring_argument(const struct io_uring_cmd *command);
unsigned long long vm_map_sync_ring_rest(const struct io_uring_cmd *command);

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * Inline functions of the kernel, made callable from Rust. One call each; whatever is
 * to be decided is decided in Rust.
 */
#include <linux/anon_inodes.h>
#include <linux/backing-dev.h>
#include <linux/cred.h>
#include <linux/dax.h>
#include <linux/fadvise.h>
#include <linux/folio_batch.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "helpers.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#error "Linux 7.3 or later is needed: it is for the Rust crates of that"
#endif

bool vm_map_sync_mmap_read_trylock(struct mm_struct *mm)
{
	return mmap_read_trylock(mm);
}

bool vm_map_sync_mmap_is_contended(struct mm_struct *mm)
{
	return rwsem_is_contended(&mm->mmap_lock);
}

bool vm_map_sync_mmap_changes(struct mm_struct *mm, unsigned int *changes)
{
	return mmap_lock_speculate_try_begin(mm, changes);
}

bool vm_map_sync_mmap_has_changed(struct mm_struct *mm, unsigned int changes)
{
	return mmap_lock_speculate_retry(mm, changes);
}

unsigned long vm_map_sync_untagged_addr_remote(struct mm_struct *mm, unsigned long addr)
{
	return untagged_addr_remote(mm, addr);
}

void vm_map_sync_vma_iter_init(struct vma_iterator *vmi, struct mm_struct *mm,
			       unsigned long addr)
{
	vma_iter_init(vmi, mm, addr);
}

unsigned long vm_map_sync_mmap_size(const struct mm_struct *mm)
{
	return mm->task_size;
}

unsigned long vm_map_sync_mmap_count(const struct mm_struct *mm)
{
	return READ_ONCE(mm->map_count);
}

/* Whether nothing in it can be a private copy. */
bool vm_map_sync_vma_is_shared(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_MAYSHARE;
}

bool vm_map_sync_mm_is_dead(const struct mm_struct *mm)
{
	return !atomic_read(&mm->mm_users);
}

bool vm_map_sync_vma_is_wired(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_LOCKED;
}

bool vm_map_sync_file_is_mappable(struct file *file)
{
	const umode_t mode = file_inode(file)->i_mode;

	return (S_ISREG(mode) || S_ISBLK(mode)) && can_mmap_file(file);
}

bool vm_map_sync_file_is_huge(const struct file *file)
{
	return is_file_hugepages(file);
}

struct inode *vm_map_sync_file_real_inode(const struct file *file)
{
	return d_real_inode(file_dentry(file));
}

long long vm_map_sync_inode_size(const struct inode *inode)
{
	return i_size_read(inode);
}

bool vm_map_sync_file_is_writable(const struct file *file)
{
	return file->f_mode & FMODE_WRITE;
}

/*
 * The rule of can_do_mincore(), for the file that the user sees: what is mapped may be
 * the file below it, as overlayfs has it.
 */
bool vm_map_sync_file_may_write(struct file *file)
{
	const struct path *path = file_user_path(file);

	return inode_owner_or_capable(mnt_idmap(path->mnt), d_inode(path->dentry)) ||
	       path_permission(path, MAY_WRITE) == 0;
}

/* The same; -ECHILD if a file system would have to be asked which may take its time over it. */
int vm_map_sync_file_may_write_at_once(struct file *file)
{
	const struct path *path = file_user_path(file);
	int error;

	if (inode_owner_or_capable(mnt_idmap(path->mnt), d_inode(path->dentry)))
		return 0;
	rcu_read_lock();
	error = path_permission(path, MAY_WRITE | MAY_NOT_BLOCK);
	rcu_read_unlock();
	return error;
}

struct file *vm_map_sync_file_open_again(const struct file *file, int mode,
					 const struct cred *cred)
{
	return dentry_open(&file->f_path, mode | O_LARGEFILE, cred);
}

/* As file_check_and_advance_wb_err() writes it. */
void vm_map_sync_file_untell(struct file *file, unsigned int told)
{
	spin_lock(&file->f_lock);
	WRITE_ONCE(file->f_wb_err, told);
	spin_unlock(&file->f_lock);
}

int vm_map_sync_file_dontneed(struct file *file, long long start, long long length)
{
	return vfs_fadvise(file, start, length, POSIX_FADV_DONTNEED);
}

bool vm_map_sync_mapping_can_writeback(struct address_space *mapping)
{
	return mapping_can_writeback(mapping);
}

bool vm_map_sync_mapping_is_dax(struct address_space *mapping)
{
	return dax_mapping(mapping);
}

bool vm_map_sync_mapping_is_dirty(const struct address_space *mapping)
{
	return mapping_tagged(mapping, PAGECACHE_TAG_DIRTY);
}

bool vm_map_sync_mapping_is_written(const struct address_space *mapping)
{
	return mapping_tagged(mapping, PAGECACHE_TAG_WRITEBACK);
}

int vm_map_sync_invalidate_lock_killable(struct address_space *mapping)
{
	return down_write_killable(&mapping->invalidate_lock);
}

bool vm_map_sync_invalidate_trylock(struct address_space *mapping)
{
	return down_write_trylock(&mapping->invalidate_lock);
}

void vm_map_sync_invalidate_unlock(struct address_space *mapping)
{
	filemap_invalidate_unlock(mapping);
}

bool vm_map_sync_find_dirty(struct address_space *mapping, unsigned long *index,
			    unsigned long last)
{
	return xa_find(&mapping->i_pages, index, last, PAGECACHE_TAG_DIRTY);
}

unsigned int vm_map_sync_get_folios_dirty(struct address_space *mapping, unsigned long *start,
					  unsigned long end, struct folio_batch *fbatch)
{
	return filemap_get_folios_tag(mapping, start, end, PAGECACHE_TAG_DIRTY, fbatch);
}

unsigned int vm_map_sync_get_folios_writeback(struct address_space *mapping,
					      unsigned long *start, unsigned long end,
					      struct folio_batch *fbatch)
{
	return filemap_get_folios_tag(mapping, start, end, PAGECACHE_TAG_WRITEBACK, fbatch);
}

unsigned long vm_map_sync_folio_index(const struct folio *folio)
{
	return folio->index;
}

unsigned long vm_map_sync_folio_nr_pages(const struct folio *folio)
{
	return folio_nr_pages(folio);
}

bool vm_map_sync_folio_is_dirty(const struct folio *folio)
{
	return folio_test_dirty(folio);
}

bool vm_map_sync_folio_is_written(const struct folio *folio)
{
	return folio_test_writeback(folio);
}

bool vm_map_sync_folio_is_mapped(const struct folio *folio)
{
	return folio_mapped(folio);
}

bool vm_map_sync_folio_is_wired(const struct folio *folio)
{
	return folio_test_mlocked(folio);
}

/* Locked, but not for being read in. */
bool vm_map_sync_folio_is_taken(const struct folio *folio)
{
	return folio_test_locked(folio) && folio_test_uptodate(folio);
}

int vm_map_sync_folio_lock_killable(struct folio *folio)
{
	return folio_lock_killable(folio);
}

bool vm_map_sync_folio_trylock(struct folio *folio)
{
	return folio_trylock(folio);
}

/*
 * The conditions of mapping_evict_folio(), for a locked folio to which the caller holds one
 * reference. A folio that anybody else uses must keep what the file system attached to it: he
 * may make it dirty yet, and it could not be written.
 */
bool vm_map_sync_folio_is_claimed(struct folio *folio)
{
	if (folio_test_dirty(folio) || folio_test_writeback(folio))
		return false;
	if (folio_ref_count(folio) > folio_nr_pages(folio) + folio_has_private(folio) + 1)
		return false;
	return !filemap_release_folio(folio, GFP_KERNEL);
}

void vm_map_sync_folio_batch_release(struct folio_batch *fbatch)
{
	folio_batch_release(fbatch);
}

struct file *vm_map_sync_anon_file(const char *name, const struct file_operations *operations,
				   void *private)
{
	return anon_inode_getfile(name, operations, private, O_RDWR);
}

struct vfsmount *vm_map_sync_mount(const char *name)
{
	struct file_system_type *type = get_fs_type(name);
	struct vfsmount *mount;

	if (!type)
		return ERR_PTR(-ENODEV);
	mount = kern_mount(type);
	/* put_filesystem(), which is not exported; the mount has a reference of its own */
	module_put(type->owner);
	return mount;
}

int vm_map_sync_path_lookup(struct vfsmount *mount, const char *name, struct path *path)
{
	return vfs_path_lookup(mount->mnt_root, mount, name, 0, path);
}

struct pid_namespace *vm_map_sync_proc_pid_ns(struct super_block *proc)
{
	return proc_pid_ns(proc);
}

struct workqueue_struct *vm_map_sync_alloc_queue(const char *name, int max_active)
{
	return alloc_workqueue("%s", WQ_UNBOUND, max_active, name);
}

void vm_map_sync_module_get(void)
{
	__module_get(THIS_MODULE);
}

void vm_map_sync_module_put(void)
{
	module_put(THIS_MODULE);
}

const struct cred *vm_map_sync_current_cred(void)
{
	return current_cred();
}

const struct cred *vm_map_sync_override_creds(const struct cred *cred)
{
	return override_creds(cred);
}

void vm_map_sync_revert_creds(const struct cred *cred)
{
	revert_creds(cred);
}

void *vm_map_sync_alloc(unsigned long size)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN;

	return size <= PAGE_SIZE ? kmalloc(size, gfp) : __vmalloc(size, gfp);
}

void vm_map_sync_free(void *memory)
{
	kvfree(memory);
}

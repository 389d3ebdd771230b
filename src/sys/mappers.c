// SPDX-License-Identifier: GPL-2.0
/*
 * Who maps pages of a file: further helpers of helpers.h.
 */
#include <linux/fs.h>
#include <linux/interval_tree_generic.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "helpers.h"

/* As mm/interval_tree.c has it, whose functions are not exported. */
static inline unsigned long first_page(struct vm_area_struct *vma)
{
	return vma->vm_pgoff;
}

static inline unsigned long last_page(struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

INTERVAL_TREE_DEFINE(struct vm_area_struct, shared.rb, unsigned long, shared.rb_subtree_last,
		     first_page, last_page, static __maybe_unused, i_mmap)

/*
 * A walk over the entries that map something, of which there can be any number. Who is to look at so many
 * only waits for no lock either; when *looks is 0 he has seen none or not all of them, and what the walk
 * has come to means nothing. Who is to stop leaves the folio alone, so that does not matter.
 */
static bool begin_walk(struct address_space *mapping, unsigned int *looks)
{
	if (!looks) {
		i_mmap_lock_read(mapping);
		return true;
	}
	if (*looks && i_mmap_trylock_read(mapping))
		return true;
	*looks = 0;
	return false;
}

static bool walks_on(unsigned int *looks)
{
	cond_resched();
	return !vm_map_sync_is_told_to_stop() && !(looks && --*looks == 0);
}

bool vm_map_sync_mapping_is_wired(struct address_space *mapping, unsigned long first,
				  unsigned long last, unsigned int *looks)
{
	struct vm_area_struct *vma;

	if (!begin_walk(mapping, looks))
		return false;
	for (vma = i_mmap_iter_first(&mapping->i_mmap, first, last); vma;
	     vma = i_mmap_iter_next(vma, first, last)) {
		if (vma->vm_flags & VM_LOCKED || !walks_on(looks))
			break;
	}
	i_mmap_unlock_read(mapping);
	return vma;
}

bool vm_map_sync_mapping_is_elsewhere(struct address_space *mapping, unsigned long first,
				      unsigned long last, const struct mm_struct *mm,
				      unsigned int *looks)
{
	struct vm_area_struct *vma;

	if (!begin_walk(mapping, looks))
		return false;
	for (vma = i_mmap_iter_first(&mapping->i_mmap, first, last); vma;
	     vma = i_mmap_iter_next(vma, first, last)) {
		if (vma->vm_mm != mm || !walks_on(looks))
			break;
	}
	i_mmap_unlock_read(mapping);
	return vma;
}

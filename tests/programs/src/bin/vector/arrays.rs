// SPDX-License-Identifier: GPL-2.0

//! Arrays: where the ranges are read from, and where their results go.

use super::{
    scene::{
        DIRTY,
        PAGES, //
    },
    table::{
        assert_inputs,
        Table,
        BOTH,
        FILES,
        SIZE, //
    },
};
use nix::errno::Errno;
use vm_map_sync::uapi::{
    self,
    vm_map_sync_result,
    vm_map_sync_vector, //
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::Verdict,
    mapping::Share,
    raw::{
        fields,
        ioctl, //
    },
    PAGE, //
};

/// Wherever the array is, and whatever is in the results before.
pub fn array_anywhere() -> Verdict {
    for offset in [0, 1, 7, 64, PAGE - SIZE, PAGE - 3] {
        let mut table = Table::new(1)?;
        table.offset = offset;
        table.put(&table.ranges(), SIZE);
        table.assert_called(&table.argument(), SIZE);
    }
    Ok(())
}

pub fn unreadable_arrays() -> Verdict {
    let table = Table::new(1)?;
    table.put(&table.ranges(), SIZE);
    let reject = |ranges: usize| {
        let argument = vm_map_sync_vector {
            ranges: ranges as u64,
            ..table.argument()
        };
        table.assert_rejected(&argument, Errno::EFAULT);
    };
    for address in [0, 1 << 47, 1 << 63, usize::MAX - 3 * SIZE + 1, usize::MAX] {
        reject(address);
    }
    // The last one is not there, or its end is not.
    table.array.memory().unmap(1..2)?;
    for missing in [1, 8, SIZE, SIZE + 1] {
        reject(table.array.address(PAGE - FILES * SIZE + missing));
    }
    table.array.memory().protect(0..1, libc::PROT_NONE)?;
    reject(table.array.address(0));
    Ok(())
}

/// Results that cannot be delivered are noticed before anything is done, wherever in the array they are.
pub fn array_that_is_half_unwritable() -> Verdict {
    // The first page, the last page, and all.
    for read_only in [0..1, 1..2, 0..2] {
        let mut table = Table::new(1)?;
        table.offset = PAGE - SIZE - 1;
        table.put(&table.ranges(), SIZE);
        let memory = table.array.memory();
        memory.protect(read_only, libc::PROT_READ)?;
        table.assert_rejected(&table.argument(), Errno::EFAULT);
        for (before, after) in table.ranges().iter().zip(table.get(SIZE)) {
            assert_inputs(before, &after);
        }
    }
    // The result for all neither.
    let table = Table::new(1)?;
    table.put(&table.ranges(), SIZE);
    table.vector.put(0, &table.argument());
    table.vector.memory().protect(0..1, libc::PROT_READ)?;
    let command = uapi::VM_MAP_SYNC_VECTOR;
    let address = table.vector.address(0);
    let code = ioctl(&table.scene.map, command, address);
    assert_eq!(code, Err(Errno::EFAULT));
    table.scene.assert_nothing_done();
    Ok(())
}

/// The array, and the argument, are in pages that the call writes and frees: the results arrive.
pub fn array_within_the_ranges() -> Verdict {
    for flags in [uapi::VM_MAP_SYNC_SYNCIO, uapi::VM_MAP_SYNC_INVALIDATE, BOTH] {
        let table = Table::new(1)?;
        let file = TestFile::new(2)?;
        for (page, desk) in [&table.array, &table.vector].into_iter().enumerate() {
            desk.memory().map(0..1, file.file(), page, Share::Shared)?;
        }
        let mut ranges = table.ranges();
        for (range, desk) in ranges.iter_mut().zip([&table.array, &table.vector]) {
            range.start = desk.address(0) as u64;
            range.end = desk.address(PAGE) as u64;
        }
        table.put(&ranges, SIZE);
        let (code, all) = table.call(&vm_map_sync_vector {
            flags,
            ..table.argument()
        });
        assert_eq!(code, Ok(()));
        let freed = |pages: usize| match flags & uapi::VM_MAP_SYNC_INVALIDATE {
            0 => 0,
            _ => pages as u64,
        };
        let want = vm_map_sync_result {
            done: FILES as u64,
            pushed: 2 + DIRTY.len() as u64,
            freed: freed(2 + PAGES),
            ..Default::default()
        };
        assert_eq!(fields(&all), fields(&want), "flags {flags:#x}");
        let after = table.get(SIZE);
        for (number, (pushed, pages)) in [(1, 1), (1, 1), (DIRTY.len() as u64, PAGES)]
            .into_iter()
            .enumerate()
        {
            let want = vm_map_sync_result {
                done: ranges[number].end,
                pushed,
                freed: freed(pages),
                ..Default::default()
            };
            assert_eq!(fields(&after[number].result), fields(&want), "{number}");
            assert_inputs(&ranges[number], &after[number]);
        }
    }
    Ok(())
}

// SPDX-License-Identifier: GPL-2.0

//! Arrays: where the ranges are read from, and where their results go.

use super::scene::{
    Scene,
    DIRTY,
    PAGES, //
};
use nix::errno::Errno;
use vm_map_sync::uapi::{
    self,
    vm_map_sync_range,
    vm_map_sync_result,
    vm_map_sync_vector, //
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::Share,
    raw::{
        fields,
        ioctl,
        junk,
        Desk, //
    },
    PAGE, //
};

/// Both flags.
const BOTH: u32 = uapi::VM_MAP_SYNC_SYNCIO | uapi::VM_MAP_SYNC_INVALIDATE;
const FILES: usize = 3;
/// Bytes of a range.
const SIZE: usize = size_of::<vm_map_sync_range>();

/// A scene, with memory for the argument of a call and for the array of its ranges.
struct Table {
    scene: Scene,
    vector: Desk,
    array: Desk,
    /// Where in its memory the array is.
    offset: usize,
}

impl Table {
    /// With an array at the start of its memory, for which there are so many pages.
    fn new(pages: usize) -> Result<Self, Failure> {
        Ok(Self {
            scene: Scene::new(FILES)?,
            vector: Desk::new()?,
            array: Desk::with_room(pages)?,
            offset: 0,
        })
    }

    /// The ranges of a valid call.
    fn ranges(&self) -> [vm_map_sync_range; FILES] {
        std::array::from_fn(|number| {
            let range = self.scene.mappings[number].all();
            vm_map_sync_range {
                start: range.start as u64,
                end: range.end as u64,
                fd: 0,
                flags: 0,
                result: junk(),
            }
        })
    }

    /// Its argument.
    fn argument(&self) -> vm_map_sync_vector {
        vm_map_sync_vector {
            size: size_of::<vm_map_sync_vector>() as u32,
            flags: BOTH,
            ranges: self.array.address(self.offset) as u64,
            count: FILES as u32,
            range_size: SIZE as u32,
            reserved: 0,
            result: junk(),
        }
    }

    /// Puts ranges into the array that are `size` bytes apart.
    fn put(&self, ranges: &[vm_map_sync_range], size: usize) {
        for (number, range) in ranges.iter().enumerate() {
            self.array.put(self.offset + number * size, range);
        }
    }

    /// The array, with ranges that are `size` bytes apart.
    fn get(&self, size: usize) -> [vm_map_sync_range; FILES] {
        std::array::from_fn(|number| self.array.get(self.offset + number * size))
    }

    /// Calls the device. Returns what is in the argument afterwards.
    fn call(&self, argument: &vm_map_sync_vector) -> (Result<(), Errno>, vm_map_sync_result) {
        let command = uapi::VM_MAP_SYNC_VECTOR;
        let (code, after) = self.vector.call_with(&self.scene.map, command, argument);
        (code, after.result)
    }

    /// Asserts that a valid call, with ranges that are `size` bytes apart, does everything, and that all
    /// results are what they should be.
    #[track_caller]
    fn assert_called(&self, argument: &vm_map_sync_vector, size: usize) {
        let (code, all) = self.call(argument);
        assert_eq!(code, Ok(()));
        self.assert_results(&all, size);
        self.scene.assert_all_done();
    }

    #[track_caller]
    fn assert_results(&self, all: &vm_map_sync_result, size: usize) {
        let (dirty, pages) = (DIRTY.len() as u64, PAGES as u64);
        let want = vm_map_sync_result {
            done: FILES as u64,
            pushed: FILES as u64 * dirty,
            freed: FILES as u64 * pages,
            ..Default::default()
        };
        assert_eq!(fields(all), fields(&want), "all");
        for (number, (before, after)) in self.ranges().iter().zip(self.get(size)).enumerate() {
            let want = vm_map_sync_result {
                done: before.end,
                pushed: dirty,
                freed: pages,
                ..Default::default()
            };
            assert_eq!(fields(&after.result), fields(&want), "range {number}");
            assert_inputs(before, &after);
        }
    }

    /// Asserts that a call fails with `errno`, and neither does anything nor writes a result.
    #[track_caller]
    fn assert_rejected(&self, argument: &vm_map_sync_vector, errno: Errno) {
        let (code, all) = self.call(argument);
        assert_eq!(code, Err(errno), "{argument:x?}");
        assert_eq!(fields(&all), fields(&junk()), "{argument:x?}");
        self.scene.assert_nothing_done();
    }

    /// Asserts that a call does nothing, and says in the result for all that it makes no sense.
    #[track_caller]
    fn assert_senseless(&self, argument: &vm_map_sync_vector, errno: Errno, range: u32) {
        let (code, all) = self.call(argument);
        assert_eq!(code, Err(errno), "{argument:x?}");
        let want = vm_map_sync_result {
            kern_return: uapi::VM_MAP_SYNC_KERN_INVALID_ARGUMENT,
            reason: uapi::VM_MAP_SYNC_REASON_ARGUMENT,
            error: errno as i32,
            range,
            ..Default::default()
        };
        assert_eq!(fields(&all), fields(&want), "{argument:x?}");
        self.scene.assert_nothing_done();
    }
}

#[track_caller]
fn assert_inputs(before: &vm_map_sync_range, after: &vm_map_sync_range) {
    assert_eq!(
        (after.start, after.end, after.fd, after.flags),
        (before.start, before.end, before.fd, before.flags),
        "only results are written to"
    );
}

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

pub fn no_ranges_and_too_many() -> Verdict {
    const TOO_MANY: u32 = uapi::VM_MAP_SYNC_RANGES_MAX + 1;

    let table = Table::new(TOO_MANY as usize * SIZE / PAGE + 1)?;
    let valid = table.ranges()[0];
    table.put(&vec![valid; TOO_MANY as usize], SIZE);
    for count in [0, TOO_MANY, 1 << 16, u32::MAX / SIZE as u32 + 1, u32::MAX] {
        let argument = vm_map_sync_vector {
            count,
            ..table.argument()
        };
        table.assert_senseless(&argument, Errno::EINVAL, 0);
        // Nor are they looked at.
        let nowhere = vm_map_sync_vector {
            ranges: 0,
            ..argument
        };
        table.assert_senseless(&nowhere, Errno::EINVAL, 0);
    }
    // As many as there may be.
    let (code, all) = table.call(&vm_map_sync_vector {
        count: TOO_MANY - 1,
        ..table.argument()
    });
    assert_eq!((code, all.freed, all.done), (Ok(()), PAGES as u64, 1024));
    Ok(())
}

pub fn unknown_flags_of_a_vector() -> Verdict {
    let table = Table::new(1)?;
    table.put(&table.ranges(), SIZE);
    for bit in (0..u32::BITS).filter(|&bit| bit >= 8 || 1 << bit == uapi::VM_MAP_SYNC_FILE) {
        let argument = vm_map_sync_vector {
            flags: BOTH | (1 << bit),
            ..table.argument()
        };
        table.assert_senseless(&argument, Errno::EINVAL, 0);
    }
    for bit in 0..u64::BITS {
        let argument = vm_map_sync_vector {
            reserved: 1 << bit,
            ..table.argument()
        };
        table.assert_senseless(&argument, Errno::EINVAL, 0);
    }
    table.assert_called(&table.argument(), SIZE);
    Ok(())
}

/// Those of a range: that it is one of a file, which it is not, and no others.
pub fn unknown_flags_of_a_range() -> Verdict {
    let table = Table::new(1)?;
    for bit in (0..u32::BITS).filter(|&bit| 1 << bit != uapi::VM_MAP_SYNC_FILE) {
        let mut ranges = table.ranges();
        ranges[1].flags = 1 << bit;
        table.put(&ranges, SIZE);
        table.assert_senseless(&table.argument(), Errno::EINVAL, 1);
    }
    for fd in [1, -1, i32::MIN, i32::MAX] {
        let mut ranges = table.ranges();
        ranges[2].fd = fd;
        table.put(&ranges, SIZE);
        table.assert_senseless(&table.argument(), Errno::EINVAL, 2);
    }
    Ok(())
}

/// Of a refused call: the range that is to blame has the reason, and of the others nothing is said.
pub fn results_of_a_refusal() -> Verdict {
    let table = Table::new(1)?;
    table.scene.mappings[1].unmap(5..6)?;
    let ranges = table.ranges();
    table.put(&ranges, SIZE);
    let (code, all) = table.call(&table.argument());
    assert_eq!(code, Err(Errno::ENOMEM));
    let hole = vm_map_sync_result {
        kern_return: uapi::VM_MAP_SYNC_KERN_INVALID_ARGUMENT,
        reason: uapi::VM_MAP_SYNC_REASON_HOLE,
        error: libc::ENOMEM,
        address: table.scene.mappings[1].address(5) as u64,
        ..Default::default()
    };
    let want = vm_map_sync_result { range: 1, ..hole };
    assert_eq!(fields(&all), fields(&want), "all");
    for (number, (before, after)) in ranges.iter().zip(table.get(SIZE)).enumerate() {
        let want = match number {
            1 => vm_map_sync_result {
                done: before.start,
                ..hole
            },
            _ => Default::default(),
        };
        assert_eq!(fields(&after.result), fields(&want), "range {number}");
        assert_inputs(before, &after);
    }
    Ok(())
}

/// Ranges from a newer header: longer, and the rest is zero, and stays so.
pub fn longer_ranges() -> Verdict {
    for size in [SIZE + 1, SIZE + 8, 2 * SIZE, PAGE] {
        let table = Table::new(FILES + 1)?;
        table.put(&table.ranges(), size);
        let argument = vm_map_sync_vector {
            range_size: size as u32,
            ..table.argument()
        };
        table.assert_called(&argument, size);
        for number in 0..FILES {
            let behind = number * size + SIZE..(number + 1) * size;
            assert!(
                behind.map(|byte| table.byte(byte)).all(|byte| byte == 0),
                "size {size}: written to behind range {number}"
            );
        }

        // Something is in it that this module does not know.
        let table = Table::new(FILES + 1)?;
        for number in 0..FILES {
            for byte in [number * size + SIZE, (number + 1) * size - 1] {
                table.put(&table.ranges(), size);
                table.array.set(byte, 1);
                let (code, _) = table.call(&vm_map_sync_vector {
                    ranges: table.array.address(0) as u64,
                    ..argument
                });
                assert_eq!(code, Err(Errno::E2BIG), "size {size}, byte {byte}");
                table.scene.assert_nothing_done();
                table.array.set(byte, 0);
            }
        }
    }
    Ok(())
}

impl Table {
    fn byte(&self, offset: usize) -> u8 {
        self.array.memory().read(offset / PAGE)[offset % PAGE]
    }
}

/// Ranges, and vectors, that are shorter than any were, or longer than a page.
pub fn impossible_sizes() -> Verdict {
    let table = Table::new(1)?;
    table.put(&table.ranges(), SIZE);
    let first = uapi::VM_MAP_SYNC_RANGE_SIZE_VER0;
    for (range_size, errno) in [
        (0, Errno::EINVAL),
        (8, Errno::EINVAL),
        (first - 1, Errno::EINVAL),
        (PAGE as u32 + 1, Errno::E2BIG),
        (u32::MAX, Errno::E2BIG),
    ] {
        let (code, _) = table.call(&vm_map_sync_vector {
            range_size,
            ..table.argument()
        });
        assert_eq!(code, Err(errno), "range_size {range_size}");
        table.scene.assert_nothing_done();
    }
    let first = uapi::VM_MAP_SYNC_VECTOR_SIZE_VER0;
    for (size, errno) in [
        (0, Errno::EINVAL),
        (first - 1, Errno::EINVAL),
        (PAGE as u32 + 1, Errno::E2BIG),
        (u32::MAX, Errno::E2BIG),
    ] {
        let argument = vm_map_sync_vector {
            size,
            ..table.argument()
        };
        table.assert_rejected(&argument, errno);
    }
    // A longer vector, with nothing in the rest, and with something.
    let size = first + 16;
    let longer = vm_map_sync_vector {
        size,
        ..table.argument()
    };
    table.vector.set(size as usize - 1, 1);
    table.assert_rejected(&longer, Errno::E2BIG);
    table.vector.set(size as usize - 1, 0);
    table.assert_called(&longer, SIZE);
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

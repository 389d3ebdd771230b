// SPDX-License-Identifier: GPL-2.0

//! Shapes: how many ranges there are, how long each is, and what is in them.

use super::{
    scene::PAGES,
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
    harness::Verdict,
    raw::fields,
    PAGE, //
};

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

// SPDX-License-Identifier: GPL-2.0

//! Writers and readers: each looks whether a page is what it was left as, before it writes to it.

use crate::storm::{
    Stage,
    DIRECT,
    HOLES,
    STEADY,
    TAIL, //
};
use nix::fcntl::{
    fallocate,
    FallocateFlags, //
};
use std::{
    ops::Range,
    os::{
        fd::AsRawFd,
        unix::fs::FileExt, //
    },
    thread,
};
use vm_map_sync_tests::{
    dice::Dice,
    mapping::Mapping,
    Page,
    PAGE, //
};

/// Looks at a page in one way or another.
fn look(stage: &Stage, page: usize, dice: &mut Dice) {
    let model = &stage.model;
    if dice.of(0..2) == 0 {
        model.check(page, "the mapping", || stage.mapping.read(page));
    } else {
        model.check(page, "read()", || stage.read_by_call(page));
    }
}

/// A page, aligned as direct I/O wants it.
#[repr(C, align(4096))]
struct Aligned(Page);

/// Has the disk write to a page of the mapping: a direct read, which pins the page meanwhile.
fn transfer(stage: &Stage, page: usize, bytes: &Aligned) {
    let offset = (page * PAGE) as u64;
    let written = stage.scratch.write_all_at(&bytes.0, offset);
    assert!(written.is_ok(), "the scratch file: {written:?}");
    // SAFETY: The page is mapped, and only this thread writes to it.
    let read = unsafe {
        libc::pread(
            stage.scratch.as_raw_fd(),
            stage.mapping.address(page) as *mut _,
            PAGE,
            offset as i64,
        )
    };
    assert_eq!(read, PAGE as isize, "a direct read into page {page}");
}

/// Writes pages of the main file that nobody else writes to.
pub fn write(stage: &Stage, pages: Range<usize>, dice: &mut Dice) {
    let mut buffer = Box::new(Aligned([0; PAGE]));
    while !stage.is_over() {
        let page = dice.of(pages.clone());
        look(stage, page, dice);
        let way = dice.of(0..3);
        stage.model.write(page, false, |bytes| match way {
            0 => stage.write_by_call(page, bytes),
            1 => stage.mapping.write(page, bytes),
            _ => {
                buffer.0 = *bytes;
                transfer(stage, page, &buffer);
            }
        });
        if dice.of(0..8) == 0 {
            // Leaves some pages alone for long enough to be looked for on the disk.
            thread::yield_now();
        }
        look(stage, page, dice);
    }
}

/// Writes to the direct file by direct I/O and by the other ways, as its only writer.
pub fn write_directly(stage: &Stage, dice: &mut Dice) {
    let mut buffer = Box::new(Aligned([0; PAGE]));
    while !stage.is_over() {
        let page = dice.of(DIRECT);
        let offset = ((page - DIRECT.start) * PAGE) as u64;
        stage.model.check(page, "direct I/O", || {
            let read = stage.raw.read_exact_at(&mut buffer.0, offset);
            assert!(read.is_ok(), "page {page} by direct I/O: {read:?}");
            buffer.0
        });
        look(stage, page, dice);
        let way = dice.of(0..4);
        stage.model.write(page, false, |bytes| match way {
            0 => stage.mapping.write(page, bytes),
            1 => stage.write_by_call(page, bytes),
            _ => {
                buffer.0 = *bytes;
                let written = stage.raw.write_all_at(&buffer.0, offset);
                assert!(written.is_ok(), "page {page} by direct I/O: {written:?}");
            }
        });
        look(stage, page, dice);
    }
}

/// Punches holes into a part of the main file, and fills them.
pub fn punch(stage: &Stage, dice: &mut Dice) {
    while !stage.is_over() {
        let page = dice.of(HOLES);
        look(stage, page, dice);
        let punch = dice.of(0..3) == 0;
        stage.model.write(page, punch, |bytes| {
            if punch {
                let punched = fallocate(
                    stage.main.file().as_raw_fd(),
                    FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE,
                    (page * PAGE) as i64,
                    PAGE as i64,
                );
                assert_eq!(punched, Ok(()));
            } else if dice.of(0..2) == 0 {
                stage.write_by_call(page, bytes);
            } else {
                stage.mapping.write(page, bytes);
            }
        });
        look(stage, page, dice);
    }
}

/// Cuts the tail off the main file, puts it back, and writes to what is there of it. Nobody else
/// looks at it: it may be gone at any time.
pub fn truncate(stage: &Stage, dice: &mut Dice) {
    let file = stage.main.file();
    let mut size = TAIL.end;
    while !stage.is_over() {
        if dice.of(0..4) == 0 {
            let other = dice.of(TAIL.start..TAIL.end + 1);
            let set = file.set_len((other * PAGE) as u64);
            assert!(set.is_ok(), "the size cannot be set: {set:?}");
            for page in other.max(TAIL.start)..TAIL.end {
                // What is cut off is zeros when it comes back.
                stage.model.write(page, true, |_| ());
            }
            size = other;
        }
        if size == TAIL.start {
            continue;
        }
        let page = dice.of(TAIL.start..size);
        look(stage, page, dice);
        let by_call = dice.of(0..2) == 0;
        stage.model.write(page, false, |bytes| {
            if by_call {
                stage.write_by_call(page, bytes);
            } else {
                stage.mapping.write(page, bytes);
            }
        });
        look(stage, page, dice);
    }
    let set = file.set_len((TAIL.end * PAGE) as u64);
    assert!(set.is_ok(), "the size cannot be set: {set:?}");
    for page in TAIL {
        let version = stage.model.version(page);
        assert!(stage.model.is(page, version));
        stage
            .model
            .check(page, "the mapping", || stage.mapping.read(page));
    }
}

/// Reads all pages but those that may be gone, in a mapping and by calls.
pub fn read(stage: &Stage, mapping: &Mapping, dice: &mut Dice) {
    while !stage.is_over() {
        let page = match dice.of(0..4) {
            0 => dice.of(DIRECT),
            1 => dice.of(HOLES),
            _ => dice.of(STEADY),
        };
        if dice.of(0..3) == 0 {
            stage
                .model
                .check(page, "a reader's read()", || stage.read_by_call(page));
        } else {
            stage
                .model
                .check(page, "a reader's mapping", || mapping.read(page));
        }
    }
}

// SPDX-License-Identifier: GPL-2.0

//! Ranges: which pages a call means, whatever it is made of.

use nix::mount::{
    mount,
    MsFlags, //
};
use std::{
    fs::{
        self,
        File,
        OpenOptions, //
    },
    io,
    os::fd::FromRawFd,
    process::ExitCode,
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        succeeds,
        succeeds_somehow,
        ALL,
        BOTH, //
    },
    file::TestFile,
    harness::{
        self,
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    place,
    tests,
    PAGE, //
};

fn main() -> ExitCode {
    harness::run(tests![
        one_byte,
        rounded_outwards,
        pages_as_they_are,
        whole_entry,
        whole_entry_of_a_split_mapping,
        whole_entry_and_no_neighbour,
        several_entries_of_one_file,
        one_file_twice,
        one_file_back_to_front,
        two_files,
        many_entries,
        memory_without_a_pager,
        file_systems_without_a_pager,
        secret_memory,
        no_access,
        behind_the_end_of_the_file,
        far_into_the_file,
        the_whole_address_space_but_specials,
    ])
}

/// A file with every other page of its first half dirty, mapped.
fn scene(pages: usize) -> Result<(Map, TestFile, Mapping), Failure> {
    let file = TestFile::new(pages)?;
    let mapping = file.map()?;
    mapping.touch(0..pages);
    mapping.fill(1, (0..pages).step_by(2));
    Ok((Map::current()?, file, mapping))
}

fn one_byte() -> Verdict {
    let (map, file, mapping) = scene(8)?;
    let byte = mapping.address(4) + 123;
    succeeds(&map, byte..byte + 1, BOTH, counts(1, 1));
    assert_eq!(file.picture(0..8)?, "DCDC.CDC");
    file.assert_on_disk(1, [4]);
    file.assert_on_disk(0, [0, 2, 6]);
    Ok(())
}

fn rounded_outwards() -> Verdict {
    for flags in ALL {
        let (map, file, mapping) = scene(8)?;
        let range = mapping.address(3) - 1..mapping.address(4) + 1;
        let frees = flags.contains(Flags::INVALIDATE);
        let freed = if frees { 3 } else { 0 };
        succeeds(&map, range, flags, counts(2, freed));
        assert_eq!(file.picture(0..2)?, "DC", "{flags:?}");
        assert_eq!(file.picture(5..8)?, "CDC", "{flags:?}");
        if frees {
            assert_eq!(file.picture(2..5)?, "...", "{flags:?}");
        }
    }
    Ok(())
}

fn pages_as_they_are() -> Verdict {
    let (map, file, mapping) = scene(8)?;
    succeeds(&map, mapping.range(2..5), BOTH, counts(2, 3));
    assert_eq!(file.picture(0..8)?, "DC...CDC");
    let present = mapping.present(0..8)?;
    let want = [true, true, false, false, false, true, true, true];
    assert_eq!(present, want, "in the page tables");
    succeeds(&map, mapping.range(5..7), Flags::SYNCIO, counts(1, 0));
    assert_eq!(file.picture(0..8)?, "DC...CCC");
    Ok(())
}

fn whole_entry() -> Verdict {
    for (page, byte) in [(0, 0), (0, 1), (5, 0), (7, PAGE - 1)] {
        let (map, file, mapping) = scene(8)?;
        let address = mapping.address(page) + byte;
        let outcome = succeeds_somehow(&map, address..address, BOTH);
        assert_eq!((outcome.pushed, outcome.freed), (4, 8));
        assert_eq!(outcome.done, mapping.all().end as u64);
        assert_eq!(file.picture(0..8)?, "........");
    }
    Ok(())
}

fn whole_entry_of_a_split_mapping() -> Verdict {
    let (map, file, mapping) = scene(8)?;
    mapping.protect(3..6, libc::PROT_READ)?;
    let address = mapping.address(4);
    let outcome = succeeds_somehow(&map, address..address, BOTH);
    assert_eq!((outcome.pushed, outcome.freed), (1, 3));
    assert_eq!(outcome.done, mapping.address(6) as u64);
    assert_eq!(file.picture(0..8)?, "DCD...DC");
    Ok(())
}

/// What comes before and behind the entry can be anything.
fn whole_entry_and_no_neighbour() -> Verdict {
    let (map, file, mapping) = scene(8)?;
    mapping.map_anonymous(0..3, libc::MAP_PRIVATE)?;
    mapping.unmap(5..6)?;
    let address = mapping.address(3);
    let outcome = succeeds_somehow(&map, address..address, BOTH);
    assert_eq!((outcome.pushed, outcome.freed), (1, 2));
    assert_eq!(outcome.done, mapping.address(5) as u64);
    assert_eq!(file.picture(0..8)?, "DCD..CDC");
    Ok(())
}

fn several_entries_of_one_file() -> Verdict {
    let (map, file, mapping) = scene(12)?;
    mapping.protect(4..8, libc::PROT_READ)?;
    let range = mapping.address(3) + 1..mapping.address(9) + 1;
    succeeds(&map, range, BOTH, counts(3, 7));
    assert_eq!(file.picture(0..12)?, "DCD.......DC");
    file.assert_on_disk(1, [4, 6, 8]);
    file.assert_on_disk(0, [2, 10]);
    Ok(())
}

/// The same pages at two places of the range are pushed and counted once.
fn one_file_twice() -> Verdict {
    let (map, file, _) = scene(8)?;
    let mapping = Mapping::reserve(14)?;
    mapping.map(0..8, file.file(), 0, Share::Shared)?;
    mapping.map(8..14, file.file(), 2, Share::SharedRead)?;
    mapping.touch(0..14);
    succeeds(&map, mapping.all(), BOTH, counts(4, 8));
    assert_eq!(file.picture(0..8)?, "........");
    Ok(())
}

/// Pages of the file in another order than the addresses, with some left out.
fn one_file_back_to_front() -> Verdict {
    let (map, file, _) = scene(12)?;
    let mapping = Mapping::reserve(6)?;
    mapping.map(0..2, file.file(), 8, Share::Shared)?;
    mapping.map(2..4, file.file(), 4, Share::Shared)?;
    mapping.map(4..6, file.file(), 0, Share::Shared)?;
    mapping.touch(0..6);
    succeeds(&map, mapping.all(), BOTH, counts(3, 6));
    assert_eq!(file.picture(0..12)?, "..DC..DC..DC");
    Ok(())
}

fn two_files() -> Verdict {
    let (map, one, _) = scene(4)?;
    let (_, two, _) = scene(6)?;
    let mapping = Mapping::reserve(10)?;
    mapping.map(0..4, one.file(), 0, Share::Shared)?;
    mapping.map(4..10, two.file(), 0, Share::Shared)?;
    succeeds(&map, mapping.range(1..9), BOTH, counts(4, 8));
    assert_eq!(one.picture(0..4)?, "D...");
    assert_eq!(two.picture(0..6)?, ".....C");
    one.assert_on_disk(1, [2]);
    two.assert_on_disk(1, [0, 2, 4]);
    Ok(())
}

/// More entries than fit anywhere without asking for memory, and files in turn, so that none of
/// them can be merged.
fn many_entries() -> Verdict {
    const EACH: usize = 512;

    let (map, one, _) = scene(EACH)?;
    let (_, two, _) = scene(EACH)?;
    let mapping = Mapping::reserve(2 * EACH)?;
    for page in 0..EACH {
        mapping.map(2 * page..2 * page + 1, one.file(), page, Share::Shared)?;
        let other = EACH - 1 - page;
        mapping.map(2 * page + 1..2 * page + 2, two.file(), other, Share::Shared)?;
    }
    let each = EACH as u64;
    succeeds(&map, mapping.all(), BOTH, counts(each, 2 * each));
    for file in [&one, &two] {
        assert_eq!(file.cached()?.resident, 0);
        file.assert_on_disk(1, (0..EACH).step_by(2));
    }
    Ok(())
}

/// A file in the middle of memory that nothing can be written back of: of that nothing is done, but
/// it is no obstacle.
fn memory_without_a_pager() -> Verdict {
    let (map, file, _) = scene(4)?;
    let memfd = memory_file("test")?;
    memfd.set_len(2 * PAGE as u64)?;
    let mapping = Mapping::reserve(14)?;
    mapping.map_anonymous(0..2, libc::MAP_PRIVATE)?;
    mapping.map_anonymous(2..4, libc::MAP_SHARED)?;
    mapping.map(4..6, &memfd, 0, Share::Shared)?;
    mapping.map(6..10, file.file(), 0, Share::Shared)?;
    let zero = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/zero")?;
    mapping.map(10..12, &zero, 0, Share::Private)?;
    mapping.map(12..13, &zero, 0, Share::Shared)?;
    // The last page stays as it was reserved.
    for page in (0..6).chain(10..13) {
        mapping.poke(page, 7);
    }
    for flags in ALL {
        mapping.poke(6, 1);
        mapping.touch(0..13);
        let freed = if flags.contains(Flags::INVALIDATE) {
            4
        } else {
            0
        };
        let dirty = file.cached()?.dirty;
        succeeds(&map, mapping.all(), flags, counts(dirty, freed));
        for page in (0..6).chain(10..13) {
            assert_eq!(mapping.peek(page), 7, "page {page}, {flags:?}");
        }
    }
    Ok(())
}

fn memory_file(name: &str) -> io::Result<File> {
    let name = std::ffi::CString::new(name)?;
    // SAFETY: The name is a string that ends.
    let file = unsafe { libc::memfd_create(name.as_ptr(), 0) };
    if file < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: It was just opened, and nobody else has it.
    Ok(unsafe { File::from_raw_fd(file) })
}

fn file_systems_without_a_pager() -> Verdict {
    let map = Map::current()?;
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS)?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    let directory = place::directory()?.join("mounted");
    fs::create_dir_all(&directory)?;
    for kind in ["tmpfs", "ramfs"] {
        mount(Some(kind), &directory, Some(kind), MsFlags::empty(), none)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(directory.join("file"))?;
        file.set_len(4 * PAGE as u64)?;
        let mapping = Mapping::reserve(4)?;
        mapping.map(0..4, &file, 0, Share::Shared)?;
        mapping.fill(1, 0..4);
        for flags in ALL {
            succeeds(&map, mapping.all(), flags, counts(0, 0));
            assert!(mapping.present(0..4)?.iter().all(|&present| present));
        }
        mapping.assert_has(1, 0..4);
    }
    Ok(())
}

/// It is locked memory, so it can be written, which does nothing, and not freed.
fn secret_memory() -> Verdict {
    // SAFETY: It takes nothing but flags.
    let file = unsafe { libc::syscall(libc::SYS_memfd_secret, 0) };
    if file < 0 {
        let error = io::Error::last_os_error();
        return Err(Failure::skip(format!("memfd_secret: {error}")));
    }
    // SAFETY: It was just opened, and nobody else has it.
    let file = unsafe { File::from_raw_fd(libc::c_int::try_from(file)?) };
    file.set_len(2 * PAGE as u64)?;
    let mapping = Mapping::reserve(2)?;
    mapping.map(0..2, &file, 0, Share::Shared)?;
    mapping.fill(1, 0..2);
    let map = Map::current()?;
    for flags in ALL {
        succeeds(&map, mapping.all(), flags, counts(0, 0));
    }
    mapping.assert_has(1, 0..2);
    Ok(())
}

/// What the process may do with its memory does not matter: dirty is dirty.
fn no_access() -> Verdict {
    let (map, file, mapping) = scene(8)?;
    mapping.protect(0..8, libc::PROT_NONE)?;
    succeeds(&map, mapping.all(), BOTH, counts(4, 8));
    file.assert_on_disk(1, (0..8).step_by(2));
    Ok(())
}

/// Mapped, though touching it would be fatal.
fn behind_the_end_of_the_file() -> Verdict {
    let (map, file, _) = scene(4)?;
    let mapping = Mapping::reserve(12)?;
    mapping.map(0..12, file.file(), 0, Share::Shared)?;
    succeeds(&map, mapping.range(6..12), BOTH, counts(0, 0));
    assert_eq!(file.picture(0..4)?, "DCDC");
    succeeds(&map, mapping.all(), BOTH, counts(2, 4));
    assert_eq!(file.picture(0..4)?, "....");
    Ok(())
}

/// Behind 4 GiB, where page numbers and bytes no longer fit into 32 bits.
fn far_into_the_file() -> Verdict {
    const FAR: usize = (5 << 30) / PAGE;

    let file = TestFile::new(2)?;
    file.file().set_len(((FAR + 4) * PAGE) as u64)?;
    let mapping = Mapping::reserve(4)?;
    mapping.map(0..4, file.file(), FAR, Share::Shared)?;
    mapping.write(1, &[7; PAGE]);
    let map = Map::current()?;
    // Holes of a file are read as pages of zeros, which are cached like others.
    mapping.touch(0..4);
    let resident = |page: usize| {
        vm_map_sync_tests::residency::Cached::of(file.file(), FAR + page..FAR + page + 1)
            .map(|cached| cached.resident)
    };
    let outcome = succeeds_somehow(&map, mapping.range(1..2), BOTH);
    assert_eq!(outcome.pushed, 1);
    assert_eq!(resident(1)?, 0);
    assert_eq!(mapping.read(1), [7; PAGE]);
    assert_eq!(file.picture(0..2)?, "CC");
    Ok(())
}

/// A process that looks for its mappings by itself can do them all, the program and its stack
/// among them.
fn the_whole_address_space_but_specials() -> Verdict {
    let (map, file, _mapping) = scene(8)?;
    for line in fs::read_to_string("/proc/self/maps")?.lines() {
        if line.ends_with("[vdso]") || line.contains("[vvar") || line.ends_with("[vsyscall]") {
            continue;
        }
        let (start, _) = line.split_once('-').unwrap_or_default();
        let start = usize::from_str_radix(start, 16)?;
        succeeds_somehow(&map, start..start, Flags::SYNCIO);
    }
    assert_eq!(file.picture(0..8)?, "CCCCCCCC");
    Ok(())
}

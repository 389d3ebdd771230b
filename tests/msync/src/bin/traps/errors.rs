// SPDX-License-Identifier: GPL-2.0

//! Writes that fail.

use super::answers::{
    BOTH,
    DIRTY,
    PAGES, //
};
use libc::{
    MS_ASYNC,
    MS_INVALIDATE,
    MS_SYNC, //
};
use nix::errno::Errno;
use vm_map_sync_msync_tests::{
    kernel,
    sync, //
};
use vm_map_sync_tests::{
    disk::Extents,
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::Mapping,
    spare::{
        Site,
        Spare, //
    },
};

/// The page that the disk does not take.
const BROKEN: usize = 8;

struct Scene {
    mapping: Mapping,
    file: TestFile,
    _site: Site,
    _spare: Spare,
}

/// The same as everywhere, on a disk of its own.
fn scene() -> Result<Scene, Failure> {
    let spare = Spare::new(32, &[])?;
    let site = Site::new(spare.device())?;
    site.settle();
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    mapping.fill(1, DIRTY);
    spare.break_page(Extents::of(file.file())?.locate(BROKEN)?)?;
    Ok(Scene {
        mapping,
        file,
        _site: site,
        _spare: spare,
    })
}

/// Once, as by the kernel.
pub fn write_errors() -> Verdict {
    for flags in [MS_SYNC, BOTH] {
        let Scene { mapping, file, .. } = &scene()?;
        assert_eq!(sync(mapping.all(), flags), Err(Errno::EIO));
        assert_eq!(sync(mapping.all(), flags), Ok(()));
        // The page behind the broken one may be in the same request.
        file.assert_on_disk(1, [0, 3, 15]);
        assert_eq!(file.picture(0..PAGES)?, "C".repeat(PAGES));
        mapping.assert_has(1, DIRTY);
    }
    Ok(())
}

/// A file that was told of it: nothing is freed, and nobody is told again.
pub fn failed_before() -> Verdict {
    let Scene { mapping, file, .. } = &scene()?;
    let range = mapping.all();
    assert_eq!(kernel(range.start, range.len(), MS_SYNC), Err(Errno::EIO));
    for flags in [BOTH, MS_INVALIDATE, MS_ASYNC] {
        Errno::set_raw(77);
        assert_eq!(
            (sync(range.clone(), flags), Errno::last_raw()),
            (Ok(()), 77)
        );
    }
    assert_eq!(file.picture(0..PAGES)?, "C".repeat(PAGES));
    mapping.assert_has(1, DIRTY);
    Ok(())
}

/// Who does not wait is not told, and is told when he does.
pub fn errors_are_not_swallowed() -> Verdict {
    for flags in [MS_ASYNC, MS_INVALIDATE] {
        let Scene { mapping, file, .. } = &scene()?;
        assert_eq!(sync(mapping.all(), flags), Ok(()));
        file.wait_until_written()?;
        let told = file.file().sync_all();
        assert_eq!(
            told.map_err(|error| error.raw_os_error()),
            Err(Some(libc::EIO))
        );
        mapping.assert_has(1, DIRTY);
    }
    Ok(())
}

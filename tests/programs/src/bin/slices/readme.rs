// SPDX-License-Identifier: GPL-2.0

//! The example of the README, as it stands there.

use crate::scene::Scene;
use vm_map_sync_tests::{
    file::TestFile,
    harness::Verdict, //
};

mod verbatim {
    include!(concat!(env!("OUT_DIR"), "/readme.rs"));

    pub fn run(map: &Map, index: &mut [u8], log: &File) -> Result<(), String> {
        example(map, index, log).map_err(|error| error.to_string())
    }
}

pub fn example_of_the_readme() -> Verdict {
    let mut scene = Scene::new()?;
    let log = TestFile::new(4)?;
    log.map()?.fill(1, [2]);
    scene.fill([5]);
    let ran = verbatim::run(&scene.map, &mut scene.bytes, log.file());
    assert_eq!(ran, Ok(()));
    scene.file.assert_on_disk(1, [5]);
    log.assert_on_disk(1, [2]);
    assert_eq!(log.picture(0..4)?, "....");
    assert_eq!(scene.file.cached()?.dirty, 0);
    assert!(scene.file.on_disk(0)?.starts_with(b"ready."));
    assert!(scene.bytes.starts_with(b"ready."));
    Ok(())
}

use io_uring::IoUring;
use std::error::Error;
use vm_map_sync::{Flags, Map};

/// Makes a slice durable, and does something else until that is done. Returns how many pages were written.
pub fn durable_meanwhile(
    map: &Map,
    bytes: &[u8],
    something_else: impl FnOnce(),
) -> Result<u64, Box<dyn Error>> {
    let mut ring = IoUring::new(8)?;
    let (submission, entry) = map.submit(bytes, Flags::SYNCIO)?;
    // SAFETY: The submission is there until the request has completed.
    unsafe { ring.submission().push(&entry.user_data(7)) }?;
    ring.submit()?;
    something_else();
    ring.submit_and_wait(1)?;
    let completion = ring.completion().next().ok_or("it was waited for")?;
    assert_eq!(completion.user_data(), 7);
    // SAFETY: This is its completion.
    let done = unsafe { submission.finish(completion.result()) }?;
    Ok(done.pushed)
}

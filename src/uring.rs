// SPDX-License-Identifier: GPL-2.0

//! The ring: the io_uring face of `/dev/vm_map_sync`.
//!
//! A command comes twice at the most. First the task that submits it brings it, which may not wait: a
//! refusal is told, and what takes no more than a look is done. Whatever else there is to do has not been
//! begun then, and is for a worker of the ring, who brings the command anew. He has the map, the descriptors
//! and the credentials of the submitter, so he is taken for the caller. What the first time has found is
//! not kept for the second: a command that is cancelled between them is dropped without a word, and with it
//! would be lost whatever is held.

use crate::{
    device,
    map::Map,
    pace::Pace,
    standing::Caller,
    sys::uring::{
        Command,
        RingDevice, //
    }, //
};
use kernel::{
    fs::File,
    prelude::*, //
};

impl RingDevice for Map {
    fn command(map: &Self, handle: &File, command: &Command<'_>) -> Result<isize> {
        let pace = if command.may_wait() {
            Pace::Patient
        } else {
            Pace::AtOnce
        };
        let caller = Caller { handle, pace };
        device::call(map, caller, command.number(), command.argument()?)
    }
}

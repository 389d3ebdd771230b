// SPDX-License-Identifier: GPL-2.0

//! The command about one range.

use crate::{
    args::Argument,
    map::Map,
    outcome::{
        Fault,
        Outcome,
        Outcomes, //
    },
    plan::flags::Flags,
    request::Wanted,
    uapi,
};
use kernel::{
    fs::File,
    prelude::*,
    uaccess::UserPtr, //
};

/// `VM_MAP_SYNC_SYNC`, by a handle on a map.
///
/// # Errors
///
/// Those of the argument, and that of the outcome.
pub(crate) fn sync(map: &Map, handle: &File, user: UserPtr) -> Result<isize> {
    let argument = Argument::<uapi::vm_map_sync_args>::read(user)?;
    // Refuses memory that cannot be written to before anything happens.
    argument.check_answer()?;

    let mut outcome = [Outcome::default()];
    let mut outcomes = Outcomes::new(&mut outcome);
    match wanted(&argument.fields) {
        Ok((wanted, flags)) => map.sync(handle, &[wanted], flags, &mut outcomes),
        Err(fault) => outcomes.refuse(&fault.of_range(0)),
    }
    let [outcome] = outcome;
    let result = outcome.result();
    map.account(&result);
    argument.answer_with(&result)?;
    outcome.errno().map_or(Ok(0), Err)
}

fn wanted(args: &uapi::vm_map_sync_args) -> Result<(Wanted, Flags), Fault> {
    let flags = Flags::of(args.flags, Flags::OF_SYNC).map_err(|_| Fault::argument(EINVAL))?;
    if args.reserved != 0 {
        return Err(Fault::argument(EINVAL));
    }
    let wanted = Wanted::new(args.start, args.end, args.fd, flags)?;
    Ok((wanted, flags))
}

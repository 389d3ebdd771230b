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
    standing::Caller,
    uapi,
};
use core::slice;
use kernel::{
    prelude::*,
    uaccess::UserPtr, //
};

/// `VM_MAP_SYNC_SYNC`, by a handle on a map.
///
/// # Errors
///
/// Those of the argument, and that of the outcome; or [`Later`](crate::pace::Later).
// A frame of its own, as each command has: none is to pay for what another needs.
#[inline(never)]
pub(crate) fn sync(map: &Map, caller: Caller<'_>, user: UserPtr) -> Result {
    let argument = Argument::<uapi::vm_map_sync_args>::read(user)?;
    // Refuses memory that cannot be written to before anything happens.
    argument.check_answer()?;

    let mut outcome = Outcome::default();
    let mut outcomes = Outcomes::new(slice::from_mut(&mut outcome));
    if let Err(fault) = work(map, &caller, &argument.fields, &mut outcomes) {
        outcomes.refuse(&fault.of_range(0));
    }
    outcomes.check_postponed()?;
    let result = outcome.result();
    map.account(&result);
    argument.answer_with(&result)?;
    outcome.errno().map_or(Ok(()), Err)
}

/// Has the range worked on.
///
/// # Errors
///
/// The fault for which the call is refused, if its arguments make no sense.
fn work(
    map: &Map,
    caller: &Caller<'_>,
    args: &uapi::vm_map_sync_args,
    outcomes: &mut Outcomes<'_>,
) -> Result<(), Fault> {
    let flags = Flags::of(args.flags, Flags::OF_SYNC).map_err(|_| Fault::argument(EINVAL))?;
    if args.reserved != 0 {
        return Err(Fault::argument(EINVAL));
    }
    let wanted = Wanted::new(args.start, args.end, args.fd, flags)?;
    map.sync(caller, slice::from_ref(&wanted), flags, outcomes);
    Ok(())
}

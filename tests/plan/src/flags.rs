// SPDX-License-Identifier: GPL-2.0

use crate::{
    plan::flags::{
        Flags,
        UnknownFlag, //
    },
    uapi,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn only_known_bits_pass(bits: u32) {
        let known = uapi::VM_MAP_SYNC_SYNCIO
            | uapi::VM_MAP_SYNC_INVALIDATE
            | uapi::VM_MAP_SYNC_FORGET_ERRORS;
        prop_assert_eq!(Flags::try_from(bits).is_ok(), bits & !known == 0);
    }
}

#[test]
fn each_unknown_bit_is_refused() {
    for bit in 3..32 {
        for known in 0..8 {
            assert_eq!(Flags::try_from((1 << bit) | known), Err(UnknownFlag));
        }
    }
}

#[test]
fn flags_say_what_was_asked() {
    for (bits, syncio, invalidate) in [
        (0, false, false),
        (uapi::VM_MAP_SYNC_SYNCIO, true, false),
        (uapi::VM_MAP_SYNC_INVALIDATE, false, true),
        (
            uapi::VM_MAP_SYNC_SYNCIO | uapi::VM_MAP_SYNC_INVALIDATE,
            true,
            true,
        ),
    ] {
        let flags = Flags::try_from(bits).unwrap();
        assert_eq!(
            (flags.syncio(), flags.invalidate(), flags.waits()),
            (syncio, invalidate, syncio || invalidate)
        );
        assert!(!flags.forgets_errors());
        let forgetful = Flags::try_from(bits | uapi::VM_MAP_SYNC_FORGET_ERRORS).unwrap();
        assert_eq!(forgetful.waits(), flags.waits());
        assert!(forgetful.forgets_errors());
    }
}

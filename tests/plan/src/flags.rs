// SPDX-License-Identifier: GPL-2.0

use crate::{
    plan::flags::{
        Flags,
        UnknownFlag, //
    },
    uapi,
};
use proptest::prelude::*;

const EACH: [u32; 4] = [
    Flags::OF_SYNC,
    Flags::OF_VECTOR,
    Flags::OF_STAT,
    Flags::OF_RANGE,
];

proptest! {
    #[test]
    fn only_known_bits_pass(bits: u32) {
        for known in EACH {
            prop_assert_eq!(Flags::of(bits, known).is_ok(), bits & !known == 0);
        }
    }
}

#[test]
fn each_unknown_bit_is_refused() {
    for known in EACH {
        for bit in (0..32).map(|bit| 1 << bit) {
            let flags = Flags::of(bit, known);
            assert_eq!(flags.is_ok(), known & bit != 0);
            if known & bit == 0 {
                assert_eq!(Flags::of(bit | known, known), Err(UnknownFlag));
            }
        }
    }
}

#[test]
fn each_command_has_its_flags() {
    assert_eq!(Flags::OF_SYNC, 0xff);
    assert_eq!(Flags::OF_VECTOR, 0x7f);
    assert_eq!(
        Flags::OF_STAT,
        uapi::VM_MAP_SYNC_SELF | uapi::VM_MAP_SYNC_ALLOW_HOLES | uapi::VM_MAP_SYNC_SKIP_SPECIALS
    );
    assert_eq!(Flags::OF_RANGE, uapi::VM_MAP_SYNC_FILE);
}

#[test]
fn flags_say_what_was_asked() {
    type Question = fn(Flags) -> bool;
    let questions: [(u32, Question); 8] = [
        (uapi::VM_MAP_SYNC_SYNCIO, Flags::syncio),
        (uapi::VM_MAP_SYNC_INVALIDATE, Flags::invalidate),
        (uapi::VM_MAP_SYNC_FORGET_ERRORS, Flags::forgets_errors),
        (uapi::VM_MAP_SYNC_SELF, Flags::means_own_map),
        (uapi::VM_MAP_SYNC_ALLOW_HOLES, Flags::allows_holes),
        (uapi::VM_MAP_SYNC_SKIP_SPECIALS, Flags::skips_specials),
        (uapi::VM_MAP_SYNC_SPARE_SHARED, Flags::spares_shared),
        (uapi::VM_MAP_SYNC_FILE, Flags::is_of_file),
    ];
    for bits in 0..=Flags::OF_SYNC {
        let flags = Flags::of(bits, Flags::OF_SYNC).unwrap();
        for (bit, asks) in questions {
            assert_eq!(asks(flags), bits & bit != 0);
        }
        assert_eq!(flags.bits(), bits);
        assert_eq!(flags.waits(), flags.syncio() || flags.invalidate());
    }
}

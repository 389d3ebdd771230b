// SPDX-License-Identifier: GPL-2.0

//! `vm_map_sync`: push the dirty pages of an address range to their pager, wait if asked, free the
//! cached pages if asked, and refuse a range with holes or special mappings before anything
//! happens.
//!
//! Data flows one way: the ioctl face ([`device`]) and that of rings ([`uring`]) have the commands ([`sync`],
//! [`vector`], [`args`]) hand what is asked for ([`request`]) to a map ([`map`]), which validates and captures the ranges ([`capture`]), plans ([`plan`]),
//! and works on the pagers ([`push`], [`commit`] by [`batch`], [`evict`] and its [`ledger`]; or [`stat`]); what
//! became of it ([`outcome`]) goes back to the caller. A handle on a map comes from [`device`] or [`attach`]. Who
//! traces a call is told of it ([`trace`]).

mod account;
mod args;
mod attach;
mod batch;
mod capture;
mod commit;
mod content;
mod device;
mod evict;
mod found;
mod idle;
mod info;
mod ledger;
mod left;
mod map;
mod outcome;
mod pace;
mod piece;
mod plan;
mod push;
mod request;
mod spare;
mod standing;
mod stat;
mod sync;
mod sys;
mod trace;
#[expect(
    dead_code,
    non_camel_case_types,
    unreachable_pub,
    reason = "made by bindgen from the ABI header"
)]
mod uapi;
mod uring;
mod vector;

use kernel::{
    miscdevice::MiscDeviceOptions,
    prelude::*, //
};

module! {
    type: Module,
    name: "vm_map_sync",
    authors: ["The vm_map_sync authors"],
    description: "Push, commit and evict the file pages of an address range, as vm_map_sync(9)",
    license: "GPL",
    params: {
        mode: u16 {
            default: 0o666,
            description: "Mode of the device's node: 0600, 0660, 0606 or 0666 (default)",
        },
    },
}

#[pin_data]
struct Module {
    // Dropped in this order: without the device no handle can be open, and then nothing new is
    // handed to the helpers, and nobody attaches.
    #[pin]
    device: sys::device::Registration<map::Map>,
    helpers: sys::queue::Helpers,
    referee: sys::proc::Proc,
}

impl kernel::InPlaceModule for Module {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let options = MiscDeviceOptions {
            name: c"vm_map_sync",
        };

        try_pin_init!(Self {
            referee: attach::referee()?,
            helpers: sys::queue::Helpers::start()?,
            device <- sys::device::Registration::register(
                options,
                device::mode(module_parameters::mode.value())?,
            ),
        })
    }
}

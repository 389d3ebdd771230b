// SPDX-License-Identifier: GPL-2.0

//! The tracepoints of src/sys/trace.h. Made by tests/bindings; do not edit.

use kernel::{
    bindings::*,
    ffi, //
};

unsafe extern "C" {
    pub(crate) static mut __tracepoint_vm_map_sync_begin: tracepoint;
    pub(crate) fn rust_do_trace_vm_map_sync_begin(
        start: ffi::c_ulong,
        end: ffi::c_ulong,
        flags: ffi::c_uint,
        ranges: ffi::c_uint,
    );
    pub(crate) static mut __tracepoint_vm_map_sync_pushed: tracepoint;
    pub(crate) fn rust_do_trace_vm_map_sync_pushed(
        mapping: *const address_space,
        first: ffi::c_ulong,
        pages: ffi::c_ulong,
        dirty: ffi::c_ulong,
        error: ffi::c_int,
    );
    pub(crate) static mut __tracepoint_vm_map_sync_written: tracepoint;
    pub(crate) fn rust_do_trace_vm_map_sync_written(
        mapping: *const address_space,
        first: ffi::c_ulong,
        pages: ffi::c_ulong,
        error: ffi::c_int,
    );
    pub(crate) static mut __tracepoint_vm_map_sync_committed: tracepoint;
    pub(crate) fn rust_do_trace_vm_map_sync_committed(
        mapping: *const address_space,
        pages: ffi::c_ulong,
        pid: ffi::c_int,
        duration: ffi::c_ulonglong,
        error: ffi::c_int,
    );
    pub(crate) static mut __tracepoint_vm_map_sync_freed: tracepoint;
    pub(crate) fn rust_do_trace_vm_map_sync_freed(
        mapping: *const address_space,
        first: ffi::c_ulong,
        pages: ffi::c_ulong,
        freed: ffi::c_ulong,
        left: ffi::c_ulong,
    );
    pub(crate) static mut __tracepoint_vm_map_sync_end: tracepoint;
    pub(crate) fn rust_do_trace_vm_map_sync_end(
        error: ffi::c_int,
        reason: ffi::c_uint,
        pushed: ffi::c_ulong,
        freed: ffi::c_ulong,
        left: ffi::c_ulong,
    );
}

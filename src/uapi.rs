/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */

// The ABI of include/uapi/linux/vm_map_sync.h. Made by tests/bindings; do not edit.

pub const VM_MAP_SYNC_SYNCIO: u32 = 1;
pub const VM_MAP_SYNC_INVALIDATE: u32 = 2;
pub const VM_MAP_SYNC_FORGET_ERRORS: u32 = 4;
pub const VM_MAP_SYNC_KERN_SUCCESS: u32 = 0;
pub const VM_MAP_SYNC_KERN_INVALID_ADDRESS: u32 = 1;
pub const VM_MAP_SYNC_KERN_PROTECTION_FAILURE: u32 = 2;
pub const VM_MAP_SYNC_KERN_INVALID_ARGUMENT: u32 = 4;
pub const VM_MAP_SYNC_KERN_FAILURE: u32 = 5;
pub const VM_MAP_SYNC_KERN_RESOURCE_SHORTAGE: u32 = 6;
pub const VM_MAP_SYNC_REASON_NONE: u32 = 0;
pub const VM_MAP_SYNC_REASON_ARGUMENT: u32 = 1;
pub const VM_MAP_SYNC_REASON_HOLE: u32 = 2;
pub const VM_MAP_SYNC_REASON_SPECIAL: u32 = 3;
pub const VM_MAP_SYNC_REASON_WIRED: u32 = 4;
pub const VM_MAP_SYNC_REASON_PROTECTION: u32 = 5;
pub const VM_MAP_SYNC_REASON_DEAD: u32 = 6;
pub const VM_MAP_SYNC_REASON_MEMORY: u32 = 7;
pub const VM_MAP_SYNC_REASON_IO: u32 = 16;
pub const VM_MAP_SYNC_REASON_BUSY: u32 = 17;
pub const VM_MAP_SYNC_REASON_KILLED: u32 = 18;
pub const VM_MAP_SYNC_REASON_UNWRITTEN: u32 = 19;
pub const VM_MAP_SYNC_ARGS_SIZE_VER0: u32 = 104;
pub const VM_MAP_SYNC_IOCTL_MAGIC: u32 = 187;
pub type __s32 = core::ffi::c_int;
pub type __u32 = core::ffi::c_uint;
pub type __u64 = core::ffi::c_ulonglong;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct vm_map_sync_result {
    pub kern_return: __u32,
    pub reason: __u32,
    pub error: __s32,
    pub reserved: __u32,
    pub address: __u64,
    pub done: __u64,
    pub pushed: __u64,
    pub freed: __u64,
    pub beyond: __u64,
    pub left: __u64,
    pub unpaged: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vm_map_sync_result"][::core::mem::size_of::<vm_map_sync_result>() - 72usize];
    ["Alignment of vm_map_sync_result"][::core::mem::align_of::<vm_map_sync_result>() - 8usize];
    ["Offset of field: vm_map_sync_result::kern_return"]
        [::core::mem::offset_of!(vm_map_sync_result, kern_return) - 0usize];
    ["Offset of field: vm_map_sync_result::reason"]
        [::core::mem::offset_of!(vm_map_sync_result, reason) - 4usize];
    ["Offset of field: vm_map_sync_result::error"]
        [::core::mem::offset_of!(vm_map_sync_result, error) - 8usize];
    ["Offset of field: vm_map_sync_result::reserved"]
        [::core::mem::offset_of!(vm_map_sync_result, reserved) - 12usize];
    ["Offset of field: vm_map_sync_result::address"]
        [::core::mem::offset_of!(vm_map_sync_result, address) - 16usize];
    ["Offset of field: vm_map_sync_result::done"]
        [::core::mem::offset_of!(vm_map_sync_result, done) - 24usize];
    ["Offset of field: vm_map_sync_result::pushed"]
        [::core::mem::offset_of!(vm_map_sync_result, pushed) - 32usize];
    ["Offset of field: vm_map_sync_result::freed"]
        [::core::mem::offset_of!(vm_map_sync_result, freed) - 40usize];
    ["Offset of field: vm_map_sync_result::beyond"]
        [::core::mem::offset_of!(vm_map_sync_result, beyond) - 48usize];
    ["Offset of field: vm_map_sync_result::left"]
        [::core::mem::offset_of!(vm_map_sync_result, left) - 56usize];
    ["Offset of field: vm_map_sync_result::unpaged"]
        [::core::mem::offset_of!(vm_map_sync_result, unpaged) - 64usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct vm_map_sync_args {
    pub size: __u32,
    pub flags: __u32,
    pub start: __u64,
    pub end: __u64,
    pub reserved: __u64,
    pub result: vm_map_sync_result,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vm_map_sync_args"][::core::mem::size_of::<vm_map_sync_args>() - 104usize];
    ["Alignment of vm_map_sync_args"][::core::mem::align_of::<vm_map_sync_args>() - 8usize];
    ["Offset of field: vm_map_sync_args::size"]
        [::core::mem::offset_of!(vm_map_sync_args, size) - 0usize];
    ["Offset of field: vm_map_sync_args::flags"]
        [::core::mem::offset_of!(vm_map_sync_args, flags) - 4usize];
    ["Offset of field: vm_map_sync_args::start"]
        [::core::mem::offset_of!(vm_map_sync_args, start) - 8usize];
    ["Offset of field: vm_map_sync_args::end"]
        [::core::mem::offset_of!(vm_map_sync_args, end) - 16usize];
    ["Offset of field: vm_map_sync_args::reserved"]
        [::core::mem::offset_of!(vm_map_sync_args, reserved) - 24usize];
    ["Offset of field: vm_map_sync_args::result"]
        [::core::mem::offset_of!(vm_map_sync_args, result) - 32usize];
};
pub const VM_MAP_SYNC_SYNC: __u32 = 3228089089;

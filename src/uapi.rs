/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */

// The ABI of include/uapi/linux/vm_map_sync.h. Made by tests/bindings; do not edit.

pub const VM_MAP_SYNC_SYNCIO: u32 = 1;
pub const VM_MAP_SYNC_INVALIDATE: u32 = 2;
pub const VM_MAP_SYNC_FORGET_ERRORS: u32 = 4;
pub const VM_MAP_SYNC_SELF: u32 = 8;
pub const VM_MAP_SYNC_ALLOW_HOLES: u32 = 16;
pub const VM_MAP_SYNC_SKIP_SPECIALS: u32 = 32;
pub const VM_MAP_SYNC_SPARE_SHARED: u32 = 64;
pub const VM_MAP_SYNC_FILE: u32 = 128;
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
pub const VM_MAP_SYNC_REASON_DESCRIPTOR: u32 = 8;
pub const VM_MAP_SYNC_REASON_IO: u32 = 16;
pub const VM_MAP_SYNC_REASON_BUSY: u32 = 17;
pub const VM_MAP_SYNC_REASON_KILLED: u32 = 18;
pub const VM_MAP_SYNC_REASON_UNWRITTEN: u32 = 19;
pub const VM_MAP_SYNC_ARGS_SIZE_VER0: u32 = 96;
pub const VM_MAP_SYNC_RANGE_SIZE_VER0: u32 = 104;
pub const VM_MAP_SYNC_VECTOR_SIZE_VER0: u32 = 112;
pub const VM_MAP_SYNC_RANGES_MAX: u32 = 1024;
pub const VM_MAP_SYNC_STAT_SIZE_VER0: u32 = 160;
pub const VM_MAP_SYNC_ATTACH_SIZE_VER0: u32 = 16;
pub const VM_MAP_SYNC_OWN: u32 = 1;
pub const VM_MAP_SYNC_OTHER: u32 = 2;
pub const VM_MAP_SYNC_DEAD: u32 = 3;
pub const VM_MAP_SYNC_INFO_SIZE_VER0: u32 = 16;
pub const VM_MAP_SYNC_FEATURES_SIZE_VER0: u32 = 40;
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
    pub range: __u32,
    pub address: __u64,
    pub done: __u64,
    pub pushed: __u64,
    pub freed: __u64,
    pub beyond: __u64,
    pub left: __u64,
    pub unpaged: __u64,
    pub skipped: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vm_map_sync_result"][::core::mem::size_of::<vm_map_sync_result>() - 80usize];
    ["Alignment of vm_map_sync_result"][::core::mem::align_of::<vm_map_sync_result>() - 8usize];
    ["Offset of field: vm_map_sync_result::kern_return"]
        [::core::mem::offset_of!(vm_map_sync_result, kern_return) - 0usize];
    ["Offset of field: vm_map_sync_result::reason"]
        [::core::mem::offset_of!(vm_map_sync_result, reason) - 4usize];
    ["Offset of field: vm_map_sync_result::error"]
        [::core::mem::offset_of!(vm_map_sync_result, error) - 8usize];
    ["Offset of field: vm_map_sync_result::range"]
        [::core::mem::offset_of!(vm_map_sync_result, range) - 12usize];
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
    ["Offset of field: vm_map_sync_result::skipped"]
        [::core::mem::offset_of!(vm_map_sync_result, skipped) - 72usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct vm_map_sync_args {
    pub size: __u32,
    pub flags: __u32,
    pub start: __u64,
    pub end: __u64,
    pub fd: __s32,
    pub reserved: __u32,
    pub result: vm_map_sync_result,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vm_map_sync_args"][::core::mem::size_of::<vm_map_sync_args>() - 112usize];
    ["Alignment of vm_map_sync_args"][::core::mem::align_of::<vm_map_sync_args>() - 8usize];
    ["Offset of field: vm_map_sync_args::size"]
        [::core::mem::offset_of!(vm_map_sync_args, size) - 0usize];
    ["Offset of field: vm_map_sync_args::flags"]
        [::core::mem::offset_of!(vm_map_sync_args, flags) - 4usize];
    ["Offset of field: vm_map_sync_args::start"]
        [::core::mem::offset_of!(vm_map_sync_args, start) - 8usize];
    ["Offset of field: vm_map_sync_args::end"]
        [::core::mem::offset_of!(vm_map_sync_args, end) - 16usize];
    ["Offset of field: vm_map_sync_args::fd"]
        [::core::mem::offset_of!(vm_map_sync_args, fd) - 24usize];
    ["Offset of field: vm_map_sync_args::reserved"]
        [::core::mem::offset_of!(vm_map_sync_args, reserved) - 28usize];
    ["Offset of field: vm_map_sync_args::result"]
        [::core::mem::offset_of!(vm_map_sync_args, result) - 32usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct vm_map_sync_range {
    pub start: __u64,
    pub end: __u64,
    pub fd: __s32,
    pub flags: __u32,
    pub result: vm_map_sync_result,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vm_map_sync_range"][::core::mem::size_of::<vm_map_sync_range>() - 104usize];
    ["Alignment of vm_map_sync_range"][::core::mem::align_of::<vm_map_sync_range>() - 8usize];
    ["Offset of field: vm_map_sync_range::start"]
        [::core::mem::offset_of!(vm_map_sync_range, start) - 0usize];
    ["Offset of field: vm_map_sync_range::end"]
        [::core::mem::offset_of!(vm_map_sync_range, end) - 8usize];
    ["Offset of field: vm_map_sync_range::fd"]
        [::core::mem::offset_of!(vm_map_sync_range, fd) - 16usize];
    ["Offset of field: vm_map_sync_range::flags"]
        [::core::mem::offset_of!(vm_map_sync_range, flags) - 20usize];
    ["Offset of field: vm_map_sync_range::result"]
        [::core::mem::offset_of!(vm_map_sync_range, result) - 24usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct vm_map_sync_vector {
    pub size: __u32,
    pub flags: __u32,
    pub ranges: __u64,
    pub count: __u32,
    pub range_size: __u32,
    pub reserved: __u64,
    pub result: vm_map_sync_result,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vm_map_sync_vector"][::core::mem::size_of::<vm_map_sync_vector>() - 112usize];
    ["Alignment of vm_map_sync_vector"][::core::mem::align_of::<vm_map_sync_vector>() - 8usize];
    ["Offset of field: vm_map_sync_vector::size"]
        [::core::mem::offset_of!(vm_map_sync_vector, size) - 0usize];
    ["Offset of field: vm_map_sync_vector::flags"]
        [::core::mem::offset_of!(vm_map_sync_vector, flags) - 4usize];
    ["Offset of field: vm_map_sync_vector::ranges"]
        [::core::mem::offset_of!(vm_map_sync_vector, ranges) - 8usize];
    ["Offset of field: vm_map_sync_vector::count"]
        [::core::mem::offset_of!(vm_map_sync_vector, count) - 16usize];
    ["Offset of field: vm_map_sync_vector::range_size"]
        [::core::mem::offset_of!(vm_map_sync_vector, range_size) - 20usize];
    ["Offset of field: vm_map_sync_vector::reserved"]
        [::core::mem::offset_of!(vm_map_sync_vector, reserved) - 24usize];
    ["Offset of field: vm_map_sync_vector::result"]
        [::core::mem::offset_of!(vm_map_sync_vector, result) - 32usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct vm_map_sync_stat {
    pub start: __u64,
    pub end: __u64,
    pub fd: __s32,
    pub flags: __u32,
    pub result: vm_map_sync_result,
    pub pages: __u64,
    pub hidden: __u64,
    pub resident: __u64,
    pub dirty: __u64,
    pub writeback: __u64,
    pub others: __u64,
    pub wired: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vm_map_sync_stat"][::core::mem::size_of::<vm_map_sync_stat>() - 160usize];
    ["Alignment of vm_map_sync_stat"][::core::mem::align_of::<vm_map_sync_stat>() - 8usize];
    ["Offset of field: vm_map_sync_stat::start"]
        [::core::mem::offset_of!(vm_map_sync_stat, start) - 0usize];
    ["Offset of field: vm_map_sync_stat::end"]
        [::core::mem::offset_of!(vm_map_sync_stat, end) - 8usize];
    ["Offset of field: vm_map_sync_stat::fd"]
        [::core::mem::offset_of!(vm_map_sync_stat, fd) - 16usize];
    ["Offset of field: vm_map_sync_stat::flags"]
        [::core::mem::offset_of!(vm_map_sync_stat, flags) - 20usize];
    ["Offset of field: vm_map_sync_stat::result"]
        [::core::mem::offset_of!(vm_map_sync_stat, result) - 24usize];
    ["Offset of field: vm_map_sync_stat::pages"]
        [::core::mem::offset_of!(vm_map_sync_stat, pages) - 104usize];
    ["Offset of field: vm_map_sync_stat::hidden"]
        [::core::mem::offset_of!(vm_map_sync_stat, hidden) - 112usize];
    ["Offset of field: vm_map_sync_stat::resident"]
        [::core::mem::offset_of!(vm_map_sync_stat, resident) - 120usize];
    ["Offset of field: vm_map_sync_stat::dirty"]
        [::core::mem::offset_of!(vm_map_sync_stat, dirty) - 128usize];
    ["Offset of field: vm_map_sync_stat::writeback"]
        [::core::mem::offset_of!(vm_map_sync_stat, writeback) - 136usize];
    ["Offset of field: vm_map_sync_stat::others"]
        [::core::mem::offset_of!(vm_map_sync_stat, others) - 144usize];
    ["Offset of field: vm_map_sync_stat::wired"]
        [::core::mem::offset_of!(vm_map_sync_stat, wired) - 152usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct vm_map_sync_attach {
    pub size: __u32,
    pub flags: __u32,
    pub pid: __s32,
    pub reserved: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vm_map_sync_attach"][::core::mem::size_of::<vm_map_sync_attach>() - 16usize];
    ["Alignment of vm_map_sync_attach"][::core::mem::align_of::<vm_map_sync_attach>() - 4usize];
    ["Offset of field: vm_map_sync_attach::size"]
        [::core::mem::offset_of!(vm_map_sync_attach, size) - 0usize];
    ["Offset of field: vm_map_sync_attach::flags"]
        [::core::mem::offset_of!(vm_map_sync_attach, flags) - 4usize];
    ["Offset of field: vm_map_sync_attach::pid"]
        [::core::mem::offset_of!(vm_map_sync_attach, pid) - 8usize];
    ["Offset of field: vm_map_sync_attach::reserved"]
        [::core::mem::offset_of!(vm_map_sync_attach, reserved) - 12usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct vm_map_sync_info {
    pub size: __u32,
    pub flags: __u32,
    pub whose: __u32,
    pub pid: __s32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vm_map_sync_info"][::core::mem::size_of::<vm_map_sync_info>() - 16usize];
    ["Alignment of vm_map_sync_info"][::core::mem::align_of::<vm_map_sync_info>() - 4usize];
    ["Offset of field: vm_map_sync_info::size"]
        [::core::mem::offset_of!(vm_map_sync_info, size) - 0usize];
    ["Offset of field: vm_map_sync_info::flags"]
        [::core::mem::offset_of!(vm_map_sync_info, flags) - 4usize];
    ["Offset of field: vm_map_sync_info::whose"]
        [::core::mem::offset_of!(vm_map_sync_info, whose) - 8usize];
    ["Offset of field: vm_map_sync_info::pid"]
        [::core::mem::offset_of!(vm_map_sync_info, pid) - 12usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct vm_map_sync_features {
    pub size: __u32,
    pub flags: __u32,
    pub operations: __u64,
    pub sync_flags: __u32,
    pub vector_flags: __u32,
    pub stat_flags: __u32,
    pub range_flags: __u32,
    pub ranges_max: __u64,
    pub uring_operations: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vm_map_sync_features"][::core::mem::size_of::<vm_map_sync_features>() - 48usize];
    ["Alignment of vm_map_sync_features"][::core::mem::align_of::<vm_map_sync_features>() - 8usize];
    ["Offset of field: vm_map_sync_features::size"]
        [::core::mem::offset_of!(vm_map_sync_features, size) - 0usize];
    ["Offset of field: vm_map_sync_features::flags"]
        [::core::mem::offset_of!(vm_map_sync_features, flags) - 4usize];
    ["Offset of field: vm_map_sync_features::operations"]
        [::core::mem::offset_of!(vm_map_sync_features, operations) - 8usize];
    ["Offset of field: vm_map_sync_features::sync_flags"]
        [::core::mem::offset_of!(vm_map_sync_features, sync_flags) - 16usize];
    ["Offset of field: vm_map_sync_features::vector_flags"]
        [::core::mem::offset_of!(vm_map_sync_features, vector_flags) - 20usize];
    ["Offset of field: vm_map_sync_features::stat_flags"]
        [::core::mem::offset_of!(vm_map_sync_features, stat_flags) - 24usize];
    ["Offset of field: vm_map_sync_features::range_flags"]
        [::core::mem::offset_of!(vm_map_sync_features, range_flags) - 28usize];
    ["Offset of field: vm_map_sync_features::ranges_max"]
        [::core::mem::offset_of!(vm_map_sync_features, ranges_max) - 32usize];
    ["Offset of field: vm_map_sync_features::uring_operations"]
        [::core::mem::offset_of!(vm_map_sync_features, uring_operations) - 40usize];
};
pub const VM_MAP_SYNC_SYNC: __u32 = 3228613377;
pub const VM_MAP_SYNC_VECTOR: __u32 = 3228613378;
pub const VM_MAP_SYNC_STAT: __u32 = 3228613379;
pub const VM_MAP_SYNC_ATTACH: __u32 = 1074838276;
pub const VM_MAP_SYNC_INFO: __u32 = 3222321925;
pub const VM_MAP_SYNC_FEATURES: __u32 = 3224419078;

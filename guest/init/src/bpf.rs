//! BPF programs of cgroups: their instructions, and the calls that load and attach one.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use crate::sys;

// linux/bpf.h
const BPF_PROG_LOAD: libc::c_long = 5;
const BPF_PROG_ATTACH: libc::c_long = 8;
const BPF_PROG_TYPE_CGROUP_DEVICE: u32 = 15;
const BPF_CGROUP_DEVICE: u32 = 6;
/// Others may attach programs of their own, here and below: an access is allowed if all of them allow it, so that none can loosen what
/// this one denies. Without the flag the kernel refuses them (EPERM), and with it runc in a privileged container.
const BPF_F_ALLOW_MULTI: u32 = 2;

/// Registers: the verifier wants the context in r1 and the verdict in r0.
pub const VERDICT: u8 = 0;
const CONTEXT: u8 = 1;

/// struct bpf_insn.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    pub code: u8,
    /// Destination in the lower half, source in the upper one.
    pub registers: u8,
    pub offset: i16,
    pub value: i32,
}

const fn instruction(code: u8, to: u8, from: u8, offset: i16, value: i32) -> Instruction {
    Instruction { code, registers: to | (from << 4), offset, value }
}

pub const fn load(to: u8, offset: i16) -> Instruction {
    instruction(0x61, to, CONTEXT, offset, 0)
}

pub const fn copy(to: u8, from: u8) -> Instruction {
    instruction(0xbc, to, from, 0, 0)
}

pub const fn set(to: u8, value: i32) -> Instruction {
    instruction(0xb7, to, 0, 0, value)
}

pub const fn and(to: u8, value: i32) -> Instruction {
    instruction(0x54, to, 0, 0, value)
}

pub const fn shift_right(to: u8, bits: i32) -> Instruction {
    instruction(0x74, to, 0, 0, bits)
}

pub const fn skip_if_not(register: u8, value: i32) -> Instruction {
    instruction(0x55, register, 0, 0, value)
}

pub const fn skip_if(register: u8, value: i32) -> Instruction {
    instruction(0x15, register, 0, 0, value)
}

pub const EXIT: Instruction = instruction(0x95, 0, 0, 0, 0);

/// The start of union bpf_attr, as BPF_PROG_LOAD reads it; zeros follow, which older kernels want and newer ones take.
#[repr(C)]
struct LoadRequest {
    kind: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log: [u32; 2],
    log_buffer: u64,
}

#[repr(C)]
struct AttachRequest {
    target: u32,
    program: u32,
    kind: u32,
    flags: u32,
}

pub fn load_device_program(program: &[Instruction]) -> io::Result<OwnedFd> {
    let request = LoadRequest {
        kind: BPF_PROG_TYPE_CGROUP_DEVICE,
        // a dozen for each rule
        count: program.len() as u32,
        instructions: program.as_ptr() as u64,
        license: c"MIT".as_ptr() as u64,
        log: [0; 2],
        log_buffer: 0,
    };
    sys::bpf_descriptor(BPF_PROG_LOAD, &request)
}

/// It stays until the group goes.
pub fn attach_device_program(cgroup: BorrowedFd<'_>, program: &OwnedFd) -> io::Result<()> {
    let request = AttachRequest {
        target: cgroup.as_raw_fd() as u32,
        program: program.as_raw_fd() as u32,
        kind: BPF_CGROUP_DEVICE,
        flags: BPF_F_ALLOW_MULTI,
    };
    sys::bpf(BPF_PROG_ATTACH, &request).map(|_| ())
}

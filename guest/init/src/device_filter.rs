//! The device rules of a container as a BPF program on its cgroup (cgroup v2 has no files for them). A container may make any
//! node it has the capability for; opening it is what counts.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use crate::error::{Context, Error, Result};
use crate::spec::{DeviceKind, DeviceRule};
use crate::sys;

// linux/bpf.h
const BPF_PROG_LOAD: libc::c_long = 5;
const BPF_PROG_ATTACH: libc::c_long = 8;
const BPF_PROG_TYPE_CGROUP_DEVICE: u32 = 15;
const BPF_CGROUP_DEVICE: u32 = 6;
const DEVICE_BLOCK: i32 = 1;
const DEVICE_CHARACTER: i32 = 2;
const ACCESSES: [(char, i32); 3] = [('m', 1), ('r', 2), ('w', 4)];
const ALL_ACCESSES: i32 = 7;

/// Registers: the verifier wants the context in r1 and the verdict in r0.
const VERDICT: u8 = 0;
const CONTEXT: u8 = 1;
const KIND: u8 = 2;
const ACCESS: u8 = 3;
const MAJOR: u8 = 4;
const MINOR: u8 = 5;

/// struct bpf_insn.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Instruction {
    code: u8,
    /// Destination in the lower half, source in the upper one.
    registers: u8,
    offset: i16,
    value: i32,
}

const fn instruction(code: u8, to: u8, from: u8, offset: i16, value: i32) -> Instruction {
    Instruction { code, registers: to | (from << 4), offset, value }
}

const fn load(to: u8, offset: i16) -> Instruction {
    instruction(0x61, to, CONTEXT, offset, 0)
}

const fn copy(to: u8, from: u8) -> Instruction {
    instruction(0xbc, to, from, 0, 0)
}

const fn set(to: u8, value: i32) -> Instruction {
    instruction(0xb7, to, 0, 0, value)
}

const fn and(to: u8, value: i32) -> Instruction {
    instruction(0x54, to, 0, 0, value)
}

const fn shift_right(to: u8, bits: i32) -> Instruction {
    instruction(0x74, to, 0, 0, bits)
}

const fn skip_if_not(register: u8, value: i32) -> Instruction {
    instruction(0x55, register, 0, 0, value)
}

const fn skip_if(register: u8, value: i32) -> Instruction {
    instruction(0x15, register, 0, 0, value)
}

const EXIT: Instruction = instruction(0x95, 0, 0, 0, 0);

/// Nothing to do for a spec without rules. The program stays as long as the group.
pub fn attach(cgroup: BorrowedFd<'_>, rules: &[DeviceRule]) -> Result<()> {
    if rules.is_empty() {
        return Ok(());
    }
    let program = load_program(&compile(rules)?).context("the guest's kernel takes no device rules")?;
    attach_program(cgroup, &program).context("cannot restrict the container's devices")
}

/// Rules are asked from the last to the first: later ones win. What none decides is denied.
fn compile(rules: &[DeviceRule]) -> Result<Vec<Instruction>> {
    // struct bpf_cgroup_dev_ctx: the kind is in the lower half of the first word, the access in the upper one
    let mut program = vec![
        load(KIND, 0),
        copy(ACCESS, KIND),
        and(KIND, 0xffff),
        shift_right(ACCESS, 16),
        load(MAJOR, 4),
        load(MINOR, 8),
    ];
    for rule in rules.iter().rev() {
        program.extend(compile_rule(rule)?);
    }
    program.extend([set(VERDICT, 0), EXIT]);
    Ok(program)
}

fn compile_rule(rule: &DeviceRule) -> Result<Vec<Instruction>> {
    let accesses = accesses(&rule.access)?;
    let mut code = Vec::new();
    if let Some(kind) = rule.kind {
        let kind = if kind == DeviceKind::Block { DEVICE_BLOCK } else { DEVICE_CHARACTER };
        code.push(skip_if_not(KIND, kind));
    }
    code.push(copy(VERDICT, ACCESS));
    if rule.allow {
        // all that is asked for must be allowed
        code.extend([and(VERDICT, !accesses & ALL_ACCESSES), skip_if_not(VERDICT, 0)]);
    } else {
        code.extend([and(VERDICT, accesses), skip_if(VERDICT, 0)]);
    }
    for (register, number) in [(MAJOR, rule.major), (MINOR, rule.minor)] {
        if let Some(number) = number {
            code.push(skip_if_not(register, i32::try_from(number).invalid(format!("device number {number}"))?));
        }
    }
    code.extend([set(VERDICT, i32::from(rule.allow)), EXIT]);
    // every test that fails leads past the rule, which has a dozen instructions
    let length = code.len() as i16;
    for (index, test) in code.iter_mut().enumerate() {
        if test.code == skip_if(0, 0).code || test.code == skip_if_not(0, 0).code {
            test.offset = length - index as i16 - 1;
        }
    }
    Ok(code)
}

fn accesses(letters: &str) -> Result<i32> {
    letters.chars().try_fold(0, |bits, letter| {
        let known = ACCESSES.iter().find(|(name, _)| *name == letter);
        let (_, bit) =
            known.ok_or_else(|| Error::invalid(format!("device access {letters:?} is not of the letters rwm")))?;
        Ok(bits | bit)
    })
}

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

fn load_program(program: &[Instruction]) -> io::Result<OwnedFd> {
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

fn attach_program(cgroup: BorrowedFd<'_>, program: &OwnedFd) -> io::Result<()> {
    let request = AttachRequest {
        target: cgroup.as_raw_fd() as u32,
        program: program.as_raw_fd() as u32,
        kind: BPF_CGROUP_DEVICE,
        flags: 0,
    };
    sys::bpf(BPF_PROG_ATTACH, &request).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: u32 = 2;
    const WRITE: u32 = 4;
    const MAKE: u32 = 1;
    const CHARACTER: u32 = DEVICE_CHARACTER as u32;
    const BLOCK: u32 = DEVICE_BLOCK as u32;

    /// What the kernel would say: the instructions above, interpreted.
    fn allows(program: &[Instruction], kind: u32, access: u32, major: u32, minor: u32) -> bool {
        let context = [kind | (access << 16), major, minor];
        let mut registers = [0_u64; 11];
        let mut at = 0;
        loop {
            let Instruction { code, registers: both, offset, value } = program[at];
            let (to, from) = (usize::from(both & 15), usize::from(both >> 4));
            at += 1;
            match code {
                0x61 => registers[to] = u64::from(context[offset as usize / 4]),
                0xbc => registers[to] = registers[from] & 0xffff_ffff,
                0xb7 => registers[to] = value as u64,
                0x54 => registers[to] = u64::from(registers[to] as u32 & value as u32),
                0x74 => registers[to] = u64::from(registers[to] as u32 >> value),
                0x55 if registers[to] != value as u64 => at += offset as usize,
                0x15 if registers[to] == value as u64 => at += offset as usize,
                0x55 | 0x15 => {}
                0x95 => return registers[usize::from(VERDICT)] == 1,
                other => panic!("instruction {other:#x}"),
            }
        }
    }

    fn program(rules: &str) -> Vec<Instruction> {
        compile(&serde_json::from_str::<Vec<DeviceRule>>(rules).unwrap()).unwrap()
    }

    #[test]
    fn what_no_rule_allows_is_denied() {
        let null = program(
            r#"[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","access":"m"},
            {"allow":true,"type":"c","major":1,"minor":3,"access":"rw"},{"allow":true,"type":"c","major":136,"access":"rwm"}]"#,
        );
        assert!(allows(&null, CHARACTER, READ | WRITE, 1, 3));
        assert!(allows(&null, CHARACTER, MAKE, 9, 9));
        assert!(allows(&null, CHARACTER, READ, 136, 77));
        assert!(!allows(&null, CHARACTER, READ, 1, 1));
        assert!(!allows(&null, BLOCK, READ, 1, 3));
        assert!(!allows(&null, BLOCK, MAKE, 254, 0));
        // each letter is allowed by a rule, both at once by none
        assert!(!allows(&null, CHARACTER, READ | MAKE, 1, 3));
    }

    #[test]
    fn later_rules_win() {
        let rules = program(r#"[{"allow":true,"access":"rwm"},{"allow":false,"type":"b","access":"w"}]"#);
        assert!(allows(&rules, CHARACTER, READ | WRITE | MAKE, 10, 200));
        assert!(allows(&rules, BLOCK, READ, 254, 0));
        assert!(!allows(&rules, BLOCK, READ | WRITE, 254, 0));
    }

    #[test]
    fn odd_rules_are_refused() {
        let odd = |json: &str| compile(&serde_json::from_str::<Vec<DeviceRule>>(json).unwrap()).is_err();
        assert!(odd(r#"[{"allow":true,"access":"rx"}]"#));
        assert!(odd(r#"[{"allow":true,"access":"r","major":4294967295}]"#));
    }
}

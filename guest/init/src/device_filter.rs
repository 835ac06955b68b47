//! The device rules of a container as a BPF program on its cgroup (cgroup v2 has no files for them). A container may make any
//! node it has the capability for; opening it is what counts.

use std::os::fd::BorrowedFd;

use crate::bpf::{self, EXIT, Instruction, VERDICT, and, copy, load, set, shift_right, skip_if, skip_if_not};
use crate::error::{Context, Error, Result};
use crate::spec::{DeviceKind, DeviceRule};

const DEVICE_BLOCK: i32 = 1;
const DEVICE_CHARACTER: i32 = 2;
const ACCESSES: [(char, i32); 3] = [('m', 1), ('r', 2), ('w', 4)];
const ALL_ACCESSES: i32 = 7;

/// Registers.
const KIND: u8 = 2;
const ACCESS: u8 = 3;
const MAJOR: u8 = 4;
const MINOR: u8 = 5;

/// Nothing to do for a spec without rules. The program stays as long as the group: it is never replaced, for an update of a
/// container's limits has no device rules.
pub fn attach(cgroup: BorrowedFd<'_>, rules: &[DeviceRule]) -> Result<()> {
    if rules.is_empty() {
        return Ok(());
    }
    let program = bpf::load_device_program(&compile(rules)?).context("the guest's kernel takes no device rules")?;
    bpf::attach_device_program(cgroup, &program).context("cannot restrict the container's devices")
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::fd::{AsFd, OwnedFd};
    use std::path::{Path, PathBuf};
    use std::process::Command;

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

    /// A group on the machine that runs the tests, if it lets them make one.
    struct Group(PathBuf);

    impl Group {
        fn new() -> Option<Self> {
            let mounts = fs::read_to_string("/proc/mounts").unwrap();
            let root = mounts.lines().find(|line| line.contains(" cgroup2 "))?.split(' ').nth(1)?;
            let path = Path::new(root).join(format!("a3s-device-filter-{}", std::process::id()));
            fs::create_dir_all(path.join("below")).ok().map(|()| Self(path))
        }

        fn attach(&self, below: &str, rules: &str) -> Result<()> {
            let folder: OwnedFd = fs::File::open(self.0.join(below)).unwrap().into();
            attach(folder.as_fd(), &serde_json::from_str::<Vec<DeviceRule>>(rules).unwrap())
        }

        /// Whether a process in the group below can read this device.
        fn reads(&self, device: &str) -> bool {
            let script = format!("echo $$ > {}/below/cgroup.procs && head -c 0 {device}", self.0.display());
            Command::new("sh").args(["-c", &script]).output().unwrap().status.success()
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            for group in [self.0.join("below"), self.0.clone()] {
                let _ = fs::remove_dir(group);
            }
        }
    }

    #[test]
    fn groups_below_have_rules_of_their_own_that_loosen_nothing() {
        let Some(group) = Group::new() else {
            return eprintln!("skipped: no cgroup can be made here");
        };
        group
            .attach(
                "",
                r#"[{"allow":true,"access":"rwm"},{"allow":false,"type":"c","major":1,"minor":5,"access":"r"}]"#,
            )
            .unwrap();
        assert!(group.reads("/dev/urandom") && group.reads("/dev/full") && !group.reads("/dev/zero"));
        group
            .attach(
                "below",
                r#"[{"allow":true,"access":"rwm"},{"allow":false,"type":"c","major":1,"minor":7,"access":"r"}]"#,
            )
            .unwrap();
        assert!(group.reads("/dev/urandom") && !group.reads("/dev/full") && !group.reads("/dev/zero"));
    }
}

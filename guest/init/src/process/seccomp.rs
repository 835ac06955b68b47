//! The seccomp filter of a container's processes. The daemon compiles it; here it is checked for its form and installed.

use std::io;

use crate::error::{Context, Error, Result};
use crate::proto::SeccompFilter;

const INSTRUCTION_BYTES: usize = size_of::<libc::sock_filter>();
/// BPF_MAXINSNS.
const MAX_INSTRUCTIONS: usize = 4096;

/// INVARIANT: 1 to 4096 instructions.
#[derive(Debug, Clone)]
pub struct Filter {
    program: Vec<libc::sock_filter>,
    flags: u32,
}

impl Filter {
    /// INVALID_ARGUMENT unless the bytes are whole instructions; what they mean, the kernel checks.
    pub fn parse(filter: &SeccompFilter) -> Result<Self> {
        let instructions = filter.program.chunks_exact(INSTRUCTION_BYTES);
        if !instructions.remainder().is_empty() || !(1..=MAX_INSTRUCTIONS).contains(&instructions.len()) {
            return Err(Error::invalid(format!("{} bytes are no seccomp filter", filter.program.len())));
        }
        let program = instructions.filter_map(<[u8]>::first_chunk).map(instruction).collect();
        Ok(Self { program, flags: filter.flags })
    }

    /// From here on, for this process and what it starts. Needs no_new_privs or CAP_SYS_ADMIN.
    pub fn install(&self) -> Result<()> {
        let program = libc::sock_fprog {
            // 4096 fits
            len: self.program.len() as libc::c_ushort,
            filter: self.program.as_ptr().cast_mut(),
        };
        // SAFETY: the kernel only reads the program, which outlives the call, and len says how long it is.
        let result =
            unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, self.flags, &raw const program) };
        if result < 0 {
            Err(io::Error::last_os_error()).invalid("the kernel refused the seccomp filter")
        } else {
            Ok(())
        }
    }
}

fn instruction([code_low, code_high, jt, jf, k @ ..]: &[u8; INSTRUCTION_BYTES]) -> libc::sock_filter {
    libc::sock_filter { code: u16::from_le_bytes([*code_low, *code_high]), jt: *jt, jf: *jf, k: u32::from_le_bytes(*k) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(program: &[u8]) -> Result<Filter> {
        Filter::parse(&SeccompFilter { program: program.to_vec(), flags: 0 })
    }

    #[test]
    fn instructions_are_read_as_the_daemon_writes_them() {
        let parsed = filter(&[0x15, 0, 1, 2, 0x3e, 0, 0, 0xc0]).unwrap();
        let [only] = parsed.program.as_slice() else { panic!("one instruction") };
        assert_eq!((only.code, only.jt, only.jf, only.k), (0x15, 1, 2, 0xc000_003e));
    }

    #[test]
    fn what_is_no_program_is_refused() {
        assert!(filter(&[]).is_err());
        assert!(filter(&[0; 12]).is_err());
        assert!(filter(&[0; 8 * 4097]).is_err());
        assert!(filter(&[0; 8 * 4096]).is_ok());
    }
}

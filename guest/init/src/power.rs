//! The end of the VM and the code its VMM exits with.

use std::fs::File;
use std::os::fd::AsRawFd;

use nix::sys::reboot::{RebootMode, reboot};

/// libkrun's virtiofs takes this ioctl on any open file as "exit with this code"; the last one counts.
const SET_EXIT_CODE: libc::c_ulong = 0x7602;

/// Stored at boot, so that a VM that ends in any other way than by `end(CLEAN)` is seen as crashed.
pub const CRASHED: i32 = 255;
pub const CLEAN: i32 = 0;

pub fn store_exit_code(code: i32) {
    let stored = File::open("/").and_then(|root| {
        // SAFETY: the ioctl takes its argument by value; libkrun's virtiofs is what answers it.
        match unsafe { libc::ioctl(root.as_raw_fd(), SET_EXIT_CODE, code) } {
            0.. => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    });
    if let Err(error) = stored {
        eprintln!("a3s-init: cannot store exit code {code}: {error}");
    }
}

/// Ends the VM. x86 libkrun has no power-off: a reset is its end.
pub fn end(code: i32) -> ! {
    store_exit_code(code);
    nix::unistd::sync();
    let Err(error) = reboot(RebootMode::RB_AUTOBOOT);
    eprintln!("a3s-init: cannot end the VM: {error}");
    std::process::exit(code)
}

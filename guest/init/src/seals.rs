//! Inode flags that keep even root from deleting: "immutable" and "append only" (ioctl_iflags(2)). A container with
//! CAP_LINUX_IMMUTABLE can set them.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

/// linux/fs.h: FS_IMMUTABLE_FL, FS_APPEND_FL. The calls read and write an int, whatever their numbers say.
const IMMUTABLE: libc::c_int = 0x10;
const APPEND_ONLY: libc::c_int = 0x20;
const SEALS: libc::c_int = IMMUTABLE | APPEND_ONLY;

/// Takes them from an entry of a folder; false if it had none, or cannot have any.
pub fn unseal(folder: BorrowedFd<'_>, name: &CStr) -> bool {
    // nothing but a file or a folder of its own has flags; and a pipe must not be waited for
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let Ok(entry) = openat(folder, name, flags, Mode::empty()) else {
        return false;
    };
    match get(entry.as_fd()) {
        Some(found) if found & SEALS != 0 => set(entry.as_fd(), found & !SEALS),
        _ => false,
    }
}

fn get(file: BorrowedFd<'_>) -> Option<libc::c_int> {
    let mut flags = 0;
    // SAFETY: the call writes an int, which outlives it.
    let done = unsafe { libc::ioctl(file.as_raw_fd(), libc::FS_IOC_GETFLAGS, &raw mut flags) };
    (done == 0).then_some(flags)
}

fn set(file: BorrowedFd<'_>, flags: libc::c_int) -> bool {
    // SAFETY: the call reads an int, which outlives it.
    unsafe { libc::ioctl(file.as_raw_fd(), libc::FS_IOC_SETFLAGS, &raw const flags) == 0 }
}

/// For tests: false, with a line that says so, where no file can have them.
#[cfg(test)]
pub fn seal(path: &std::path::Path) -> bool {
    let file = std::fs::File::open(path).unwrap();
    let sealed = get(file.as_fd()).is_some_and(|found| set(file.as_fd(), found | IMMUTABLE));
    if !sealed {
        eprintln!("skipped: {} is on a file system without flags, or this is not root", path.display());
    }
    sealed
}

//! System calls that nix has no (sufficient) wrapper for. Everything else goes through nix or std.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;

use crate::error::{Context, Result};

/// A path or string as C wants it; a NUL inside is an error.
pub fn cstring(text: &str) -> Result<CString> {
    CString::new(text).invalid(format!("{text:?} holds a NUL byte"))
}

/// A system call's result, or errno.
pub fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn owned(result: libc::c_long) -> io::Result<OwnedFd> {
    let fd = check(result)? as i32;
    // SAFETY: the system call has just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// openat2(2) below `root`: no component, `..` or symbolic link can lead out of it.
pub fn open_in_root(root: BorrowedFd<'_>, path: &str, flags: i32, mode: u32) -> io::Result<OwnedFd> {
    let path = CString::new(path).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    // SAFETY: open_how is plain data for which all zeros is valid.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = (flags | libc::O_CLOEXEC) as u64;
    how.mode = u64::from(mode);
    how.resolve = libc::RESOLVE_IN_ROOT;
    // SAFETY: path is NUL-terminated, how and its size belong together, both outlive the call.
    owned(unsafe {
        libc::syscall(libc::SYS_openat2, root.as_raw_fd(), path.as_ptr(), &raw const how, size_of::<libc::open_how>())
    })
}

/// A descriptor as a path that nobody can exchange, while /proc is there.
pub fn fd_path(fd: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

/// mount(2) with NULL for what is not given.
pub fn mount(source: &str, target: &str, kind: Option<&str>, flags: libc::c_ulong, data: &str) -> io::Result<()> {
    nix::mount::mount(
        Some(source),
        target,
        kind,
        nix::mount::MsFlags::from_bits_retain(flags),
        if data.is_empty() { None } else { Some(data) },
    )
    .map_err(io::Error::from)
}

/// A file system configured through fsopen(2), for option lists longer than mount(2)'s page.
pub struct FsContext(OwnedFd);

impl FsContext {
    pub fn open(kind: &str) -> io::Result<Self> {
        let kind = CString::new(kind).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
        // SAFETY: kind is NUL-terminated and outlives the call.
        owned(unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), libc::FSOPEN_CLOEXEC) }).map(Self)
    }

    pub fn set(&self, key: &str, value: &str) -> io::Result<()> {
        self.configure(libc::FSCONFIG_SET_STRING, Some(key), Some(value))
    }

    pub fn flag(&self, key: &str) -> io::Result<()> {
        self.configure(libc::FSCONFIG_SET_FLAG, Some(key), None)
    }

    /// Creates the file system and mounts it at `target`.
    pub fn mount_at(&self, target: &Path) -> io::Result<()> {
        self.configure(libc::FSCONFIG_CMD_CREATE, None, None)?;
        // SAFETY: plain integers.
        let mount = owned(unsafe { libc::syscall(libc::SYS_fsmount, self.0.as_raw_fd(), libc::FSMOUNT_CLOEXEC, 0) })?;
        let target = CString::new(target.as_os_str().as_encoded_bytes())
            .map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
        // SAFETY: both paths are NUL-terminated and outlive the call.
        check(unsafe {
            libc::syscall(
                libc::SYS_move_mount,
                mount.as_raw_fd(),
                c"".as_ptr(),
                libc::AT_FDCWD,
                target.as_ptr(),
                libc::MOVE_MOUNT_F_EMPTY_PATH,
            )
        })?;
        Ok(())
    }

    fn configure(&self, command: libc::c_uint, key: Option<&str>, value: Option<&str>) -> io::Result<()> {
        let invalid = |_| io::Error::from_raw_os_error(libc::EINVAL);
        let key = key.map(CString::new).transpose().map_err(invalid)?;
        let value = value.map(CString::new).transpose().map_err(invalid)?;
        let pointer = |text: &Option<CString>| text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
        // SAFETY: key and value are NULL or NUL-terminated and outlive the call.
        check(unsafe {
            libc::syscall(libc::SYS_fsconfig, self.0.as_raw_fd(), command, pointer(&key), pointer(&value), 0)
        })?;
        Ok(())
    }
}

/// What clone3 made: 0 in the child, the pid in the parent.
pub enum Forked {
    Child,
    Parent(i32),
}

/// clone3(2) like fork, with new namespaces and straight into a cgroup.
///
/// SAFETY of use: the process must be single-threaded (it is: tokio's current-thread runtime, no blocking pool), so that the
/// child may use the allocator; the child must not return into the caller's event loop.
pub fn fork_into(flags: libc::c_int, cgroup: BorrowedFd<'_>) -> io::Result<Forked> {
    // SAFETY: clone_args is plain data for which all zeros is valid.
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    // CLONE_INTO_CGROUP does not fit libc's c_int
    args.flags = flags as u32 as u64 | CLONE_INTO_CGROUP;
    args.exit_signal = libc::SIGCHLD as u64;
    args.cgroup = cgroup.as_raw_fd() as u64;
    // SAFETY: args and its size belong together; without CLONE_VM the child has its own copy of everything.
    match check(unsafe { libc::syscall(libc::SYS_clone3, &raw mut args, size_of::<libc::clone_args>()) })? {
        0 => Ok(Forked::Child),
        pid => Ok(Forked::Parent(pid as i32)),
    }
}

const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// pidfd_open(2).
pub fn pidfd(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: plain integers.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })
}

/// setns(2) into the namespaces `kinds` of the process behind a pidfd (or of the one a namespace file names).
pub fn join_namespaces(fd: BorrowedFd<'_>, kinds: libc::c_int) -> io::Result<()> {
    // SAFETY: plain integers.
    check(libc::c_long::from(unsafe { libc::setns(fd.as_raw_fd(), kinds) }))?;
    Ok(())
}

/// Lets the other side of a new terminal be opened (ioctl_tty(2)).
pub fn unlock_terminal(master: BorrowedFd<'_>) -> io::Result<()> {
    let unlocked: libc::c_int = 0;
    // SAFETY: TIOCSPTLCK reads an int, which outlives the call.
    check(libc::c_long::from(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSPTLCK, &raw const unlocked) }))?;
    Ok(())
}

/// The other side of a terminal, opened without a path that could name something else.
pub fn terminal_of(master: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: TIOCGPTPEER takes its flags by value.
    owned(libc::c_long::from(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags) }))
}

/// The terminal's name in its devpts.
pub fn terminal_number(master: BorrowedFd<'_>) -> io::Result<u32> {
    let mut number: libc::c_uint = 0;
    // SAFETY: TIOCGPTN writes an unsigned int, which outlives the call.
    check(libc::c_long::from(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTN, &raw mut number) }))?;
    Ok(number)
}

/// Makes a terminal the controlling one of this process's session.
pub fn control_terminal(terminal: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: TIOCSCTTY takes its argument by value.
    check(libc::c_long::from(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY, 0) }))?;
    Ok(())
}

/// A NETLINK_ROUTE socket (netlink(7)); the kernel is its peer without being named.
pub fn route_socket() -> io::Result<OwnedFd> {
    // SAFETY: plain integers.
    owned(libc::c_long::from(unsafe {
        libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, libc::NETLINK_ROUTE)
    }))
}

/// bpf(2); `request` is the beginning of union bpf_attr that the command reads.
pub fn bpf<T>(command: libc::c_long, request: &T) -> io::Result<libc::c_long> {
    // SAFETY: request and its size belong together; what it points to outlives the call, for it is borrowed by the caller.
    check(unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_ref(request), size_of::<T>()) })
}

/// The same for commands that make a descriptor.
pub fn bpf_descriptor<T>(command: libc::c_long, request: &T) -> io::Result<OwnedFd> {
    owned(bpf(command, request)?)
}

/// Closes every descriptor from `first` on but these.
///
/// SAFETY of use: only in a child that ends by exec or _exit, because whatever owned a closed one would close its number again.
pub fn close_all_but(first: u32, kept: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut kept: Vec<u32> = kept.iter().map(|fd| fd.as_raw_fd().unsigned_abs()).collect();
    kept.sort_unstable();
    let mut from = first;
    for fd in kept.into_iter().filter(|fd| *fd >= first) {
        if fd > from {
            close_range(from, fd - 1)?;
        }
        from = fd + 1;
    }
    close_range(from, u32::MAX)
}

fn close_range(first: u32, last: u32) -> io::Result<()> {
    // SAFETY: plain integers.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) })?;
    Ok(())
}

/// pivot_root(".", "."): the old root ends up below the new one, to be detached (pivot_root(2), notes).
pub fn pivot_root_here() -> io::Result<()> {
    // SAFETY: both paths are static and NUL-terminated.
    check(unsafe { libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) })?;
    Ok(())
}

/// Becomes the program that is open here, as `name`, with no other argument and no environment. Returns only if it fails.
pub fn execute_open(program: BorrowedFd<'_>, name: &CStr) -> io::Error {
    let (args, env) = ([name.as_ptr(), std::ptr::null()], [std::ptr::null::<libc::c_char>()]);
    // SAFETY: the strings are NUL-terminated, both lists end with NULL, and all of it outlives the call.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            program.as_raw_fd(),
            c"".as_ptr(),
            args.as_ptr(),
            env.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    io::Error::last_os_error()
}

/// Nanoseconds of CLOCK_REALTIME (or another clock).
pub fn clock_ns(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: time outlives the call; the clocks used exist on every kernel, so it cannot fail.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Slews CLOCK_REALTIME by so many microseconds, as adjtime(3): 500 in each second, and what was left of the last call is dropped.
pub fn slew_clock(microseconds: i64) -> io::Result<()> {
    // SAFETY: timex is plain data for which all zeros is valid.
    let mut request: libc::timex = unsafe { std::mem::zeroed() };
    request.modes = libc::ADJ_OFFSET_SINGLESHOT;
    request.offset = microseconds;
    // SAFETY: request outlives the call.
    check(libc::c_long::from(unsafe { libc::clock_adjtime(libc::CLOCK_REALTIME, &raw mut request) }))?;
    Ok(())
}

pub fn realtime_ns() -> i64 {
    clock_ns(libc::CLOCK_REALTIME)
}

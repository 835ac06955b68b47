//! The device nodes of a container: the standard ones, and for a privileged container all that the guest has.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;

use nix::errno::Errno;
use nix::sys::stat::{Mode, SFlag, makedev, mkdirat, mknodat, umask};
use nix::unistd::{Gid, Uid, fchownat, symlinkat};

use crate::error::{Context, Result};
use crate::sys;

/// Name, major, minor.
const STANDARD: [(&str, u64, u64); 6] =
    [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)];
const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];
/// The guest's own consoles are not a container's: its /dev/console is its terminal.
const KEPT: [&str; 2] = ["console", "ptmx"];

/// Fills a fresh /dev below `root`. `all` adds what the guest's own /dev holds, as long as that is still in sight.
pub fn fill(root: BorrowedFd<'_>, all: bool) -> Result<()> {
    let dev = sys::open_in_root(root, "/dev", libc::O_RDONLY | libc::O_DIRECTORY, 0).context("cannot open /dev")?;
    // SAFETY of umask: it only replaces a number of this process, which is about to become the container
    umask(Mode::empty());
    for (name, major, minor) in STANDARD {
        mknodat(&dev, name, SFlag::S_IFCHR, Mode::from_bits_truncate(0o666), makedev(major, minor))
            .context(format!("cannot make /dev/{name}"))?;
    }
    if all {
        copy_nodes(dev.as_fd(), Path::new("/dev"))?;
    }
    umask(Mode::from_bits_truncate(0o022));
    for (name, target) in LINKS {
        symlinkat(target, &dev, name).context(format!("cannot make /dev/{name}"))?;
    }
    Ok(())
}

/// devtmpfs holds what the kernel put there, a few dozen names, two folders deep at most.
fn copy_nodes(to: BorrowedFd<'_>, from: &Path) -> Result<()> {
    for entry in fs::read_dir(from).context(format!("cannot read the guest's {}", from.display()))? {
        let entry = entry.context("cannot read the guest's /dev")?;
        let (name, path) = (entry.file_name(), entry.path());
        let what = || format!("cannot make {}", path.display());
        let metadata = entry.metadata().context(what())?;
        let kind = metadata.file_type();
        if kind.is_dir() {
            mkdirat(to, name.as_os_str(), Mode::from_bits_truncate(0o755)).context(what())?;
            let folder = sys::open_in_root(to, &name.to_string_lossy(), libc::O_RDONLY | libc::O_DIRECTORY, 0);
            copy_nodes(folder.context(what())?.as_fd(), &path)?;
        } else if (kind.is_char_device() || kind.is_block_device()) && !KEPT.iter().any(|kept| name == *kept) {
            let flag = if kind.is_block_device() { SFlag::S_IFBLK } else { SFlag::S_IFCHR };
            let mode = Mode::from_bits_truncate(metadata.permissions().mode() & 0o777);
            match mknodat(to, name.as_os_str(), flag, mode, metadata.rdev()) {
                // a standard one
                Err(Errno::EEXIST) => continue,
                made => made.context(what())?,
            }
            let owner = (Some(Uid::from_raw(metadata.uid())), Some(Gid::from_raw(metadata.gid())));
            fchownat(to, name.as_os_str(), owner.0, owner.1, nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW)
                .context(what())?;
        }
    }
    Ok(())
}

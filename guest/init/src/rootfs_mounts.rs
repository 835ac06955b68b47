//! What is mounted inside a container, done by its first process in its own mount namespace, before pivot_root.
//! Every path below the root is resolved inside it (openat2), so an image's symbolic links lead nowhere else.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use crate::device_nodes;
use crate::error::{Context, Result};
use crate::mount_options::{self, MountOptions};
use crate::mount_point;
use crate::spec::{Mount, Spec};
use crate::sys;

/// Flags a bind mount takes only by a remount.
const REMOUNT_FLAGS: libc::c_ulong = libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;

/// Mounts everything the spec names below `rootfs`, makes the working directory there, then enters it as the new root.
pub fn enter(spec: &Spec, rootfs: &Path) -> Result<()> {
    sys::mount("none", "/", None, libc::MS_REC | libc::MS_SLAVE, "").context("cannot leave the guest's mounts")?;
    let root: OwnedFd = fs::File::open(rootfs).context("cannot open the container's root")?.into();
    for mount in &spec.mounts {
        place(root.as_fd(), mount, spec.linux.all_devices).context(format!("cannot mount {}", mount.destination))?;
    }
    // while the root can be written
    mount_point::ensure(root.as_fd(), &spec.process.cwd, true).context("cannot make the working directory")?;
    change_root(rootfs)?;
    for path in &spec.linux.readonly_paths {
        make_readonly(path).context(format!("cannot make {path} read-only"))?;
    }
    for path in &spec.linux.masked_paths {
        mask(path).context(format!("cannot mask {path}"))?;
    }
    if spec.root.readonly {
        sys::mount("none", "/", None, libc::MS_REMOUNT | libc::MS_BIND | libc::MS_RDONLY, "")
            .context("cannot make the root read-only")?;
    }
    Ok(())
}

/// A mount becomes the root, and nothing of the guest's is left in sight.
pub fn change_root(root: &Path) -> Result<()> {
    std::env::set_current_dir(root).context(format!("cannot enter {}", root.display()))?;
    sys::pivot_root_here().context(format!("cannot make {} the root", root.display()))?;
    nix::mount::umount2(".", nix::mount::MntFlags::MNT_DETACH).context("cannot let go of the guest's root")?;
    std::env::set_current_dir("/").context("cannot enter /")
}

fn place(root: BorrowedFd<'_>, mount: &Mount, all_devices: bool) -> Result<()> {
    let options = mount_options::parse(&mount.options);
    match mount.kind.as_str() {
        "bind" => bind(root, mount, &options),
        "cgroup" => mount_new(root, mount, "cgroup2", &options),
        // a kernel without POSIX message queues has no file system for them
        "mqueue" if !has_filesystem("mqueue") => Ok(()),
        kind => {
            mount_new(root, mount, kind, &options)?;
            if mount.destination == "/dev" { device_nodes::fill(root, all_devices) } else { Ok(()) }
        }
    }
}

fn mount_new(root: BorrowedFd<'_>, mount: &Mount, kind: &str, options: &MountOptions) -> Result<()> {
    let target = mount_point::ensure(root, &mount.destination, true)?;
    sys::mount(&mount.source, &sys::fd_path(target.as_fd()), Some(kind), options.flags, &options.data).context(kind)
}

fn bind(root: BorrowedFd<'_>, mount: &Mount, options: &MountOptions) -> Result<()> {
    let folder = fs::metadata(&mount.source).context(format!("source {}", mount.source))?.is_dir();
    let target = mount_point::ensure(root, &mount.destination, folder)?;
    let recursive = options.flags & libc::MS_REC;
    sys::mount(&mount.source, &sys::fd_path(target.as_fd()), None, libc::MS_BIND | recursive, "").context("bind")?;
    // the descriptor names what lies under the new mount: it must be looked up again
    let mounted = mount_point::open(root, &mount.destination).context("bind")?;
    if let Some(propagation) = options.propagation {
        sys::mount("none", &sys::fd_path(mounted.as_fd()), None, propagation, "").context("propagation")?;
    }
    let flags = options.flags & REMOUNT_FLAGS;
    if flags != 0 {
        sys::mount("none", &sys::fd_path(mounted.as_fd()), None, libc::MS_REMOUNT | libc::MS_BIND | flags, "")
            .context("remount")?;
    }
    Ok(())
}

fn has_filesystem(kind: &str) -> bool {
    fs::read_to_string("/proc/filesystems")
        .is_ok_and(|text| text.lines().any(|line| line.split_whitespace().last() == Some(kind)))
}

/// After pivot_root; a path that is not there needs no protection.
fn make_readonly(path: &str) -> io::Result<()> {
    if !Path::new(path).exists() {
        return Ok(());
    }
    sys::mount(path, path, None, libc::MS_BIND | libc::MS_REC, "")?;
    // a remount sets all flags anew: what was forbidden stays so
    let flags = nix::sys::statvfs::statvfs(path)?.flags().bits() & REMOUNT_FLAGS;
    sys::mount("none", path, None, libc::MS_REMOUNT | libc::MS_BIND | libc::MS_RDONLY | flags, "")
}

/// A folder is covered by an empty read-only one, a file by /dev/null.
fn mask(path: &str) -> io::Result<()> {
    match fs::metadata(path) {
        Err(_) => Ok(()),
        Ok(metadata) if metadata.is_dir() => sys::mount("tmpfs", path, Some("tmpfs"), libc::MS_RDONLY, "size=0k"),
        Ok(_) => sys::mount("/dev/null", path, None, libc::MS_BIND, ""),
    }
}

//! The accounts of an image: who the container's user is, by the files in its root.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};

use crate::error::{Context, Result};
use crate::layers::Rootfs;
use crate::spec::Spec;
use crate::sys;
use crate::user::{self, User};

/// /etc/passwd and /etc/group are read no further.
const ACCOUNT_FILE_LIMIT: u64 = 4 * 1024 * 1024;

pub fn resolve_user(spec: &Spec, rootfs: &Rootfs) -> Result<User> {
    let root: OwnedFd = File::open(&rootfs.path).context("cannot open the container's root")?.into();
    let read = |path: &str| read_account_file(&root, path);
    user::resolve(&spec.requested_user()?, &read("/etc/passwd"), &read("/etc/group"))
}

/// An image without the file, or with something else there, knows nobody.
fn read_account_file(root: &OwnedFd, path: &str) -> String {
    let mut bytes = Vec::new();
    let read = sys::open_in_root(root.as_fd(), path, libc::O_RDONLY | libc::O_NONBLOCK, 0)
        .and_then(|fd| File::from(fd).take(ACCOUNT_FILE_LIMIT).read_to_end(&mut bytes));
    if read.is_err() {
        bytes.clear();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

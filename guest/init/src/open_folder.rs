//! A folder that is read entry by entry while its entries are looked at, entered or deleted by their names.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::NixPath;
use nix::dir::{Dir, Entry, OwningIter};
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

/// Costs two descriptors.
pub struct OpenFolder {
    folder: OwnedFd,
    entries: OwningIter,
}

impl OpenFolder {
    /// ENOTDIR for a link: none is followed, for a container may exchange any name at any time.
    pub fn open<P: ?Sized + NixPath>(parent: BorrowedFd<'_>, name: &P) -> nix::Result<Self> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let folder = openat(parent, name, flags, Mode::empty())?;
        let entries = Dir::from_fd(folder.try_clone().map_err(|_| nix::Error::EMFILE)?)?.into_iter();
        Ok(Self { folder, entries })
    }

    pub fn next(&mut self) -> Option<nix::Result<Entry>> {
        self.entries.next()
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

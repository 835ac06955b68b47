//! Deletes what a container has written, however deep and wide it is.
//!
//! INVARIANTS
//! - Neither stack nor descriptors grow with the tree: a container can nest folders deeper than any path is long. One that lies
//!   deeper than MAX_DEPTH is moved up to the top of the tree, where its turn comes.
//! - No link is followed: every step names one entry of an open folder.
//! - What is left when it stops is still below the path: a second call goes on where the first has stopped.

use std::ffi::{CStr, CString};
use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, renameat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use crate::open_folder::OpenFolder;
use crate::seals::unseal;

/// After so many entries everything else gets its turn.
const STEP: u32 = 32;
/// So many folders are open at a time; each costs two descriptors.
const MAX_DEPTH: usize = 16;

/// Deletes a folder with all that is in it, in small steps between which everything else goes on. None there is fine. What cannot be
/// deleted is told on the console and left to the VM's end: nobody could do more about it.
pub async fn delete(path: &Path) {
    let mut deletion = Deletion::of(path);
    while deletion.goes_on() {
        tokio::task::yield_now().await;
    }
}

/// The same without a pause, for what guest-init itself has made.
pub fn delete_at_once(path: &Path) {
    let mut deletion = Deletion::of(path);
    while deletion.goes_on() {}
}

/// Tells that something could not be deleted; that it was not there is fine.
pub fn report(deleted: io::Result<()>, path: &Path) {
    match deleted {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            eprintln!("a3s-init: cannot delete {}: {error}", path.display());
        }
        _ => {}
    }
}

struct Deletion<'a> {
    path: &'a Path,
    /// From the top of the tree down to where it is at work; empty between two passes over the tree.
    open: Vec<Level>,
    /// The last name that a folder got at the top.
    moved: u64,
    /// Whether this pass has done anything: if not, the next one would not either.
    changed: bool,
    /// Why something is left, the first reason of this pass.
    failed: Option<Errno>,
}

struct Level {
    folder: OpenFolder,
    /// In the folder above it.
    name: CString,
}

impl<'a> Deletion<'a> {
    fn of(path: &'a Path) -> Self {
        Self { path, open: Vec::new(), moved: 0, changed: true, failed: None }
    }

    /// One step; false when it was the last one.
    fn goes_on(&mut self) -> bool {
        match self.step() {
            Ok(gone) => !gone,
            Err(error) => {
                report(Err(error.into()), self.path);
                false
            }
        }
    }

    /// True when all is gone.
    fn step(&mut self) -> nix::Result<bool> {
        for _ in 0..STEP {
            match self.open.last_mut().map(|level| level.folder.next()) {
                None if self.next_pass()? => return Ok(true),
                None => {}
                Some(Some(Ok(entry))) => self.delete_entry(entry.file_name()),
                Some(Some(Err(error))) => self.leave(Some(error)),
                Some(None) => self.leave(None),
            }
        }
        Ok(false)
    }

    /// A pass leaves the folders that it has moved to the top, and those for which the disk had no room there until more was deleted.
    fn next_pass(&mut self) -> nix::Result<bool> {
        match unlinkat(AT_FDCWD, self.path, UnlinkatFlags::RemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => return Ok(true),
            Err(_) if self.changed => {}
            Err(error) => return Err(self.failed.unwrap_or(error)),
        }
        self.changed = false;
        self.failed = None;
        self.open.push(Level { folder: OpenFolder::open(AT_FDCWD, self.path)?, name: CString::default() });
        Ok(false)
    }

    fn delete_entry(&mut self, name: &CStr) {
        let Some(here) = self.open.last().filter(|_| name != c"." && name != c"..") else {
            return;
        };
        let mut deleted = delete_one(here.folder.fd(), name);
        if deleted == Err(Errno::EPERM) && unseal(here.folder.fd(), name) {
            deleted = delete_one(here.folder.fd(), name);
        }
        match deleted {
            Err(Errno::ENOTEMPTY) if self.open.len() < MAX_DEPTH => self.enter(name),
            Err(Errno::ENOTEMPTY) => self.move_up(name),
            deleted => self.note(deleted),
        }
    }

    fn enter(&mut self, name: &CStr) {
        match self.open.last().map(|here| OpenFolder::open(here.folder.fd(), name)) {
            Some(Ok(folder)) => self.open.push(Level { folder, name: name.to_owned() }),
            Some(Err(error)) => self.note(Err(error)),
            None => {}
        }
    }

    fn move_up(&mut self, name: &CStr) {
        let (Some(top), Some(here)) = (self.open.first(), self.open.last()) else {
            return;
        };
        let moved = loop {
            self.moved += 1;
            match renameat(here.folder.fd(), name, top.folder.fd(), self.moved.to_string().as_str()) {
                // somebody there has that name already; an empty folder would give way, for it is to be deleted, too
                Err(Errno::EEXIST | Errno::ENOTEMPTY | Errno::ENOTDIR) => {}
                moved => break moved,
            }
        };
        self.note(moved);
    }

    /// The end of a folder, or of what can be read of it.
    fn leave(&mut self, unread: Option<Errno>) {
        let left = self.open.pop();
        if let Some(error) = unread {
            self.note(Err(error));
        }
        if let (Some(Level { name, .. }), Some(above)) = (left, self.open.last()) {
            let deleted = unlinkat(above.folder.fd(), name.as_c_str(), UnlinkatFlags::RemoveDir);
            self.note(deleted);
        }
    }

    fn note(&mut self, result: nix::Result<()>) {
        match result {
            Ok(()) => self.changed = true,
            // somebody else was faster
            Err(Errno::ENOENT) => {}
            Err(error) => {
                self.failed.get_or_insert(error);
            }
        }
    }
}

/// ENOTEMPTY for a folder with something in it.
fn delete_one(folder: BorrowedFd<'_>, name: &CStr) -> nix::Result<()> {
    match unlinkat(folder, name, UnlinkatFlags::NoRemoveDir) {
        Err(Errno::EISDIR) => unlinkat(folder, name, UnlinkatFlags::RemoveDir),
        deleted => deleted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seals::seal;
    use std::fs;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use nix::fcntl::{OFlag, openat};
    use nix::sys::stat::{Mode, mkdirat};

    const MODE: Mode = Mode::S_IRWXU;

    /// A new empty folder.
    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("a3s-delete-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        path
    }

    /// Nests folders as a container does that goes down as it makes them.
    fn nest(top: &Path, depth: usize) {
        let mut here: OwnedFd = fs::File::open(top).unwrap().into();
        for _ in 0..depth {
            mkdirat(&here, "d", MODE).unwrap();
            here = openat(&here, "d", OFlag::O_DIRECTORY, MODE).unwrap();
        }
    }

    /// Deletes it; how often everything else had its turn.
    async fn turns(path: &Path) -> usize {
        let mut turns = 0;
        let deletion = delete(path);
        tokio::pin!(deletion);
        loop {
            tokio::select! {
                biased;
                () = &mut deletion => return turns,
                () = std::future::ready(()) => turns += 1,
            }
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_tree_deeper_than_any_stack_is_deleted() {
        let top = folder("deep");
        nest(&top, 60_000);
        assert!(turns(&top).await > 60_000 / STEP as usize);
        assert!(!top.exists());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_wide_tree_lets_others_run() {
        let top = folder("wide");
        for number in 0..200 {
            let below = top.join(number.to_string());
            fs::create_dir(&below).unwrap();
            for file in 0..100 {
                fs::write(below.join(file.to_string()), "").unwrap();
            }
        }
        assert!(turns(&top).await > 20_000 / STEP as usize);
        assert!(!top.exists());
    }

    #[test]
    fn many_deep_folders_and_names_like_those_they_get_at_the_top_are_deleted() {
        let top = folder("bushy");
        let deep = top.join(["e"; MAX_DEPTH + 2].join("/"));
        fs::create_dir_all(&deep).unwrap();
        for number in 1..50 {
            fs::create_dir_all(deep.join(format!("{number}/{number}"))).unwrap();
            nest(&deep.join(number.to_string()), 3 * MAX_DEPTH);
            fs::write(deep.join(format!("{number}/file")), "").unwrap();
        }
        fs::write(top.join("1"), "").unwrap();
        fs::create_dir(top.join("2")).unwrap();
        fs::create_dir_all(top.join("3/full")).unwrap();
        delete_at_once(&top);
        assert!(!top.exists());
    }

    #[test]
    fn links_are_deleted_and_not_followed() {
        let (top, outside) = (folder("links"), folder("outside"));
        fs::write(outside.join("kept"), "").unwrap();
        symlink(&outside, top.join("link")).unwrap();
        fs::create_dir(top.join("below")).unwrap();
        symlink("../../../../../..", top.join("below/up")).unwrap();
        delete_at_once(&top);
        assert!(!top.exists() && outside.join("kept").exists());
        // nor is the path itself
        symlink(&outside, &top).unwrap();
        delete_at_once(&top);
        assert!(outside.join("kept").exists());
        fs::remove_file(top).unwrap();
        delete_at_once(&outside);
        assert!(!outside.exists());
    }

    #[test]
    fn what_is_sealed_is_deleted_and_what_lies_below_it() {
        let top = folder("sealed");
        let below = top.join("folder/below");
        fs::create_dir_all(&below).unwrap();
        for file in [top.join("file"), below.join("file")] {
            fs::write(&file, "").unwrap();
            if !seal(&file) {
                return delete_at_once(&top);
            }
        }
        assert!(seal(&below) && seal(&top.join("folder")));
        delete_at_once(&top);
        assert!(!top.exists());
    }

    #[test]
    fn it_ends_when_there_is_nothing_or_nothing_can_be_done() {
        delete_at_once(Path::new("/nowhere/at/all"));
        let mut vain = Deletion::of(Path::new("/proc/self/fdinfo"));
        let error = loop {
            match vain.step() {
                Ok(gone) => assert!(!gone),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Errno::EPERM | Errno::EACCES), "{error}");
    }
}

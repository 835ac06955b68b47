//! Mount points inside a container's root: found, or made with whatever is missing on the way to them.
//! Every step is taken inside the root (openat2), so an image's symbolic links lead nowhere else, dangling ones included.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::stat::{Mode, SFlag, fstat, mkdirat};

use crate::error::{Context, Error, Result};
use crate::sys;

/// As many symbolic links as the kernel follows in one path (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Opens a mount point; made as a folder or an empty file, with its parents, if it is not there.
pub fn ensure(root: BorrowedFd<'_>, path: &str, folder: bool) -> Result<OwnedFd> {
    if let Ok(found) = open(root, path) {
        return Ok(found);
    }
    let made = make(root, path, folder)?;
    open(root, &made).context(format!("cannot open {path}"))
}

pub fn open(root: BorrowedFd<'_>, path: &str) -> io::Result<OwnedFd> {
    sys::open_in_root(root, path, libc::O_PATH, 0)
}

/// Goes down the path step by step, makes what is not there, and returns where it got to, free of links.
fn make(root: BorrowedFd<'_>, path: &str, folder: bool) -> Result<String> {
    let mut ahead: VecDeque<String> = parts(path).collect();
    let mut here: Vec<String> = Vec::new();
    let mut links = 0;
    while let Some(part) = ahead.pop_front() {
        if part == ".." {
            here.pop();
            continue;
        }
        let parent = format!("/{}", here.join("/"));
        here.push(part.clone());
        let place = format!("/{}", here.join("/"));
        match look(root, &place) {
            Ok(Found::Link(target)) => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Error::invalid(format!("{path} goes through more than {MAX_LINKS} symbolic links")));
                }
                here.pop();
                if target.starts_with('/') {
                    here.clear();
                }
                for step in parts(&target).collect::<Vec<_>>().into_iter().rev() {
                    ahead.push_front(step);
                }
            }
            Ok(Found::Other) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let kind = if ahead.is_empty() && !folder { SFlag::S_IFREG } else { SFlag::S_IFDIR };
                make_one(root, &parent, &part, kind).invalid(format!("cannot make {place}"))?;
            }
            Err(error) => return Err(error).invalid(format!("cannot look at {place}")),
        }
    }
    Ok(format!("/{}", here.join("/")))
}

enum Found {
    Link(String),
    Other,
}

fn look(root: BorrowedFd<'_>, place: &str) -> io::Result<Found> {
    let found = sys::open_in_root(root, place, libc::O_PATH | libc::O_NOFOLLOW, 0)?;
    if SFlag::from_bits_truncate(fstat(&found)?.st_mode) & SFlag::S_IFMT != SFlag::S_IFLNK {
        return Ok(Found::Other);
    }
    let target = nix::fcntl::readlinkat(found.as_fd(), "")?;
    Ok(Found::Link(target.to_string_lossy().into_owned()))
}

fn make_one(root: BorrowedFd<'_>, parent: &str, name: &str, kind: SFlag) -> io::Result<()> {
    let parent = sys::open_in_root(root, parent, libc::O_PATH | libc::O_DIRECTORY, 0)?;
    let made = if kind == SFlag::S_IFDIR {
        mkdirat(&parent, name, Mode::from_bits_truncate(0o755))
    } else {
        nix::sys::stat::mknodat(&parent, name, kind, Mode::from_bits_truncate(0o644), 0)
    };
    match made {
        // somebody who shares the folder was faster
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn parts(path: &str) -> impl Iterator<Item = String> + '_ {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    struct Root(PathBuf);

    impl Root {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("a3s-mount-point-{name}-{}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn ensure(&self, path: &str, folder: bool) -> Result<OwnedFd> {
            let root: OwnedFd = fs::File::open(&self.0).unwrap().into();
            ensure(root.as_fd(), path, folder)
        }
    }

    impl Drop for Root {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn what_is_missing_is_made() {
        let root = Root::new("missing");
        root.ensure("/a/b/c", true).unwrap();
        root.ensure("/a/b/./file", false).unwrap();
        assert!(root.0.join("a/b/c").is_dir());
        assert_eq!(fs::read(root.0.join("a/b/file")).unwrap(), b"");
    }

    #[test]
    fn links_that_lead_out_are_followed_inside() {
        let root = Root::new("links");
        let outside = Root::new("outside");
        let out = outside.0.to_string_lossy().into_owned();
        symlink("/", root.0.join("up")).unwrap();
        symlink(format!("../../../../../../..{out}"), root.0.join("relative")).unwrap();
        symlink(&out, root.0.join("absolute")).unwrap();
        root.ensure("/up/up/one", true).unwrap();
        root.ensure("/relative/two", true).unwrap();
        root.ensure("/absolute/three", false).unwrap();
        root.ensure("/../../four", true).unwrap();
        assert!(root.0.join("one").is_dir());
        assert!(root.0.join("four").is_dir());
        let inside = root.0.join(out.trim_start_matches('/'));
        assert!(inside.join("two").is_dir());
        assert!(inside.join("three").is_file());
        assert_eq!(fs::read_dir(&outside.0).unwrap().count(), 0);
    }

    #[test]
    fn a_dangling_link_gets_its_target() {
        let root = Root::new("dangling");
        fs::create_dir(root.0.join("etc")).unwrap();
        symlink("../run/resolver/resolv.conf", root.0.join("etc/resolv.conf")).unwrap();
        root.ensure("/etc/resolv.conf", false).unwrap();
        assert!(root.0.join("run/resolver/resolv.conf").is_file());
    }

    #[test]
    fn links_in_a_circle_end() {
        let root = Root::new("circle");
        symlink("b", root.0.join("a")).unwrap();
        symlink("a", root.0.join("b")).unwrap();
        assert!(root.ensure("/a/x", true).unwrap_err().message().contains("symbolic links"));
    }

    #[test]
    fn a_file_on_the_way_is_an_error() {
        let root = Root::new("file");
        fs::write(root.0.join("file"), "").unwrap();
        assert!(root.ensure("/file/x", true).unwrap_err().message().contains("/file/x"));
    }
}

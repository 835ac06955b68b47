//! Image volumes: an image, or a part of it, read-only, ready for a container's spec to bind.
//!
//! INVARIANT: what lies at /run/volumes/<container>/<index> is inside the image, whatever links the image holds: the sub path is
//! resolved once, in the image as its root, and what was found is bound there.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, umount2};

use crate::delete_tree::{self, report};
use crate::error::{Context, Error, Result};
use crate::layers::{self, SCRATCH};
use crate::proto::MountImageRequest;
use crate::sys;

const VOLUMES: &str = "/run/volumes";

/// INVALID_ARGUMENT if the sub path is not in the image. On failure nothing of the volume is left.
pub fn mount(request: &MountImageRequest) -> Result<()> {
    let place = Place::of(&request.container_id, request.index);
    if place.shown.exists() {
        return Err(Error::precondition(format!("image volume {} exists already", place.shown.display())));
    }
    fs::create_dir_all(&place.image).context(format!("cannot make {}", place.image.display()))?;
    layers::mount_readonly(&request.layers, &place.image, place.implied.clone())
        .and_then(|()| place.show(&request.sub_path))
        .inspect_err(|_| place.give_up())
}

/// Takes away all volumes of a container; none is fine.
pub async fn remove(container_id: &str) {
    let folder = Path::new(VOLUMES).join(container_id);
    for index in fs::read_dir(&folder).into_iter().flatten().flatten() {
        // the folders named <index>.image go with their index
        if let Some(index) = index.file_name().to_str().and_then(|name| name.parse().ok()) {
            Place::of(container_id, index).unmount();
        }
    }
    report(fs::remove_dir(&folder), &folder);
    // where volumes of a container that was never created had their folders
    delete_tree::delete(&Path::new(SCRATCH).join(container_id)).await;
}

/// Where one volume's parts lie.
struct Place {
    /// What the spec binds: the image's root or what the sub path names; a file if that is one.
    shown: PathBuf,
    /// The whole image.
    image: PathBuf,
    /// Attributes of folders that layers only imply.
    implied: PathBuf,
}

impl Place {
    fn of(container_id: &str, index: u32) -> Self {
        let folder = Path::new(VOLUMES).join(container_id);
        Self {
            shown: folder.join(index.to_string()),
            image: folder.join(format!("{index}.image")),
            implied: Path::new(SCRATCH).join(container_id).join(format!("volume-{index}")),
        }
    }

    fn show(&self, sub_path: &str) -> Result<()> {
        let root: OwnedFd = fs::File::open(&self.image).context("cannot open the image")?.into();
        let wanted = if sub_path.is_empty() { "/" } else { sub_path };
        let found = sys::open_in_root(root.as_fd(), wanted, libc::O_PATH, 0)
            .invalid(format!("sub path {sub_path:?} is not in the image"))?;
        let source = sys::fd_path(found.as_fd());
        let kind = fs::metadata(&source).context("cannot look at the image")?.file_type();
        if kind.is_dir() {
            fs::create_dir(&self.shown).context(format!("cannot make {}", self.shown.display()))?;
        } else if kind.is_file() {
            fs::write(&self.shown, "").context(format!("cannot make {}", self.shown.display()))?;
        } else {
            return Err(Error::invalid(format!("sub path {sub_path:?} is neither a folder nor a file in the image")));
        }
        let shown = self.shown.to_string_lossy();
        sys::mount(&source, &shown, None, libc::MS_BIND, "").context("cannot show the image")?;
        let flags = libc::MS_REMOUNT | libc::MS_BIND | libc::MS_RDONLY;
        sys::mount("none", &shown, None, flags, "").context("cannot make the image read-only")
    }

    /// Leaves nothing of a volume that could not be mounted.
    fn give_up(&self) {
        self.unmount();
        delete_tree::delete_at_once(&self.implied);
    }

    /// The layers stay mounted for others.
    fn unmount(&self) {
        for mounted in [&self.shown, &self.image] {
            if mounted.exists() {
                detach(mounted);
            }
        }
        let shown = if self.shown.is_dir() { fs::remove_dir(&self.shown) } else { fs::remove_file(&self.shown) };
        report(shown, &self.shown);
        report(fs::remove_dir(&self.image), &self.image);
    }
}

fn detach(path: &Path) {
    match umount2(path, MntFlags::MNT_DETACH) {
        // it was never mounted
        Ok(()) | Err(nix::errno::Errno::EINVAL) => {}
        Err(error) => eprintln!("a3s-init: cannot unmount {}: {error}", path.display()),
    }
}

//! Image layers: each is an EROFS file on the root share, mounted once per sandbox; a container's root is their overlay.

use std::fs;
use std::path::{Path, PathBuf};

use crate::delete_tree;
use crate::error::{Context, Error, Result};
use crate::implied::restore_implied;
use crate::proto::Layer;
use crate::sys::{self, FsContext};

const LAYER_FILES: &str = "/layers";
const MOUNTED: &str = "/run/layers";
/// Each container has a folder there, for all that is its own.
pub const SCRATCH: &str = "/scratch";
/// overlayfs stacks no more (OVL_MAX_STACK).
const MAX_LAYERS: usize = 499;

/// A container's writable root: the folders of one overlay mount.
#[derive(Debug)]
pub struct Rootfs {
    scratch: PathBuf,
    /// Where the overlay is mounted in the guest's own mount namespace.
    pub path: PathBuf,
}

impl Rootfs {
    /// Mounts the layers (bottom first) that are not mounted yet, and their overlay.
    pub fn mount(id: &str, layers: &[Layer]) -> Result<Self> {
        let (shown, mounted) = mount_layers(layers)?;
        let scratch = Path::new(SCRATCH).join(id);
        let rootfs = Self { path: Path::new("/run/containers").join(id), scratch };
        if let Err(error) = rootfs.overlay(shown, &mounted) {
            rootfs.remove_unused();
            return Err(error);
        }
        Ok(rootfs)
    }

    /// What the container writes.
    pub fn upper(&self) -> PathBuf {
        self.scratch.join("upper")
    }

    fn overlay(&self, layers: &[Layer], mounted: &[PathBuf]) -> Result<()> {
        let upper = self.upper();
        let [work, implied] = ["work", "implied"].map(|name| self.scratch.join(name));
        for folder in [&upper, &work, &self.path] {
            fs::create_dir_all(folder).context(format!("cannot make {}", folder.display()))?;
        }
        let lower = lower_folders(layers, mounted, implied)?;
        self.mount_overlay(&lower, &upper, &work).context("cannot mount the container's root file system")
    }

    fn mount_overlay(&self, lower: &[PathBuf], upper: &Path, work: &Path) -> std::io::Result<()> {
        let overlay = overlay_of(lower)?;
        overlay.set("upperdir", &upper.to_string_lossy())?;
        overlay.set("workdir", &work.to_string_lossy())?;
        // the scratch disk lives no longer than the VM: syncing it to the host buys nothing
        overlay.flag("volatile")?;
        overlay.mount_at(&self.path)
    }

    /// Unmounts the overlay and deletes what the container wrote. The layers stay mounted for its neighbours and successors.
    pub async fn remove(&self) {
        self.unmount();
        delete_tree::delete(&self.scratch).await;
    }

    /// The same at once, for one in which no process has run.
    pub fn remove_unused(&self) {
        self.unmount();
        delete_tree::delete_at_once(&self.scratch);
    }

    fn unmount(&self) {
        use nix::errno::Errno;
        match nix::mount::umount2(&self.path, nix::mount::MntFlags::MNT_DETACH) {
            // it was never mounted
            Ok(()) | Err(Errno::EINVAL | Errno::ENOENT) => {}
            Err(error) => eprintln!("a3s-init: cannot unmount {}: {error}", self.path.display()),
        }
        delete_tree::report(fs::remove_dir(&self.path), &self.path);
    }
}

/// Mounts an image at `target`, read-only: its layers (bottom first), and at `implied`, if it is needed, the folder that gives
/// implied folders their attributes.
pub fn mount_readonly(layers: &[Layer], target: &Path, implied: PathBuf) -> Result<()> {
    let (shown, mounted) = mount_layers(layers)?;
    let lower = lower_folders(shown, &mounted, implied)?;
    let mounted = match lower.as_slice() {
        // overlayfs wants two layers or an upper one
        [only] => sys::mount(&only.to_string_lossy(), &target.to_string_lossy(), None, libc::MS_BIND, ""),
        all => overlay_of(all).and_then(|overlay| overlay.mount_at(target)),
    };
    mounted.context("cannot mount the image")
}

/// The layers that show, and where each is mounted.
fn mount_layers(layers: &[Layer]) -> Result<(&[Layer], Vec<PathBuf>)> {
    let shown = without_hidden(layers);
    if shown.is_empty() || shown.len() > MAX_LAYERS {
        return Err(Error::invalid(format!("an image has 1 to {MAX_LAYERS} layers, not {}", shown.len())));
    }
    let mounted = shown.iter().map(|layer| mount_layer(&layer.name)).collect::<Result<Vec<_>>>()?;
    Ok((shown, mounted))
}

/// overlayfs' lower folders, top first, as it wants them.
fn lower_folders(layers: &[Layer], mounted: &[PathBuf], implied: PathBuf) -> Result<Vec<PathBuf>> {
    let restored = restore_implied(layers, mounted, &implied)?;
    Ok(restored.then_some(implied).into_iter().chain(mounted.iter().rev().cloned()).collect())
}

fn overlay_of(lower: &[PathBuf]) -> std::io::Result<FsContext> {
    let overlay = FsContext::open("overlay")?;
    overlay.set("source", "overlay")?;
    for folder in lower {
        overlay.set("lowerdir+", &folder.to_string_lossy())?;
    }
    Ok(overlay)
}

/// overlayfs ignores an opaque mark on a layer's root: what lies below such a layer is left out instead.
fn without_hidden(layers: &[Layer]) -> &[Layer] {
    let first = layers.iter().rposition(|layer| layer.root_opaque).unwrap_or(0);
    &layers[first..]
}

fn mount_layer(name: &str) -> Result<PathBuf> {
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err(Error::invalid(format!("{name:?} is no layer name")));
    }
    let target = Path::new(MOUNTED).join(name);
    if target.exists() {
        return Ok(target);
    }
    fs::create_dir_all(&target).context(format!("cannot make {}", target.display()))?;
    // the kernel reads the file itself (EROFS_FS_BACKED_BY_FILE): no loop device
    let source = format!("{LAYER_FILES}/{name}");
    if let Err(error) = sys::mount(&source, &target.to_string_lossy(), Some("erofs"), libc::MS_RDONLY, "") {
        // a folder left here would be taken for a mounted layer
        fs::remove_dir(&target).context(format!("cannot delete {}", target.display()))?;
        return Err(error).context(format!("cannot mount layer {name}"));
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opaque_root_cuts_the_stack() {
        let opaque = Layer { root_opaque: true, name: "b".into(), ..Layer::default() };
        let named = |name: &str| Layer { name: name.into(), ..Layer::default() };
        let layers = [named("a"), opaque, named("c")];
        let names: Vec<_> = without_hidden(&layers).iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, ["b", "c"]);
    }
}

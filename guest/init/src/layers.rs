//! Image layers: each is an EROFS file on the root share, mounted once per sandbox; a container's root is their overlay.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use crate::error::{Context, Error, Result};
use crate::proto::Layer;
use crate::sys::{self, FsContext};

const LAYER_FILES: &str = "/layers";
const MOUNTED: &str = "/run/layers";
const SCRATCH: &str = "/scratch";
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
            rootfs.remove();
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
    pub fn remove(&self) {
        use nix::errno::Errno;
        match nix::mount::umount2(&self.path, nix::mount::MntFlags::MNT_DETACH) {
            // it was never mounted
            Ok(()) | Err(Errno::EINVAL | Errno::ENOENT) => {}
            Err(error) => eprintln!("a3s-init: cannot unmount {}: {error}", self.path.display()),
        }
        for folder in [&self.path, &self.scratch] {
            match fs::remove_dir_all(folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    eprintln!("a3s-init: cannot delete {}: {error}", folder.display());
                }
                _ => {}
            }
        }
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

/// Owner and mode of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attributes {
    uid: u32,
    gid: u32,
    mode: u32,
}

/// What a layer has to say about a folder.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// Nothing: look further down.
    Absent,
    /// It is not a folder here, or an ancestor hides what is below: look no further.
    Blocked,
    Folder {
        attributes: Attributes,
        hides_below: bool,
    },
}

/**
 * overlayfs takes a merged folder's owner and mode from the top layer, also when that layer's tar never named the folder and
 * its attributes were invented for it. This makes one more layer for the top, with the attributes those folders have in the
 * nearest layer that does name them. True if there is anything in it.
 */
fn restore_implied(layers: &[Layer], mounted: &[PathBuf], target: &Path) -> Result<bool> {
    let implied: Vec<BTreeSet<&str>> =
        layers.iter().map(|layer| layer.implied_dirs.iter().map(String::as_str).collect()).collect();
    let mut folders = BTreeSet::new();
    for path in implied.iter().flatten() {
        // parents first, and with the folder itself: each would override its merged attributes too
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if parts.contains(&"..") {
            return Err(Error::invalid(format!("{path:?} is no folder of a layer")));
        }
        for length in 1..=parts.len() {
            folders.insert(parts[..length].join("/"));
        }
    }
    let mut made = BTreeSet::new();
    for folder in &folders {
        let parent_made = folder.rsplit_once('/').is_none_or(|(parent, _)| made.contains(parent));
        let Some(attributes) = effective(folder, &implied, mounted) else {
            continue;
        };
        if !parent_made {
            continue;
        }
        make_folder(&target.join(folder), attributes)?;
        made.insert(folder.clone());
    }
    Ok(!made.is_empty())
}

/// The attributes the merged folder must have; None if it is not a folder in the merged tree.
fn effective(folder: &str, implied: &[BTreeSet<&str>], mounted: &[PathBuf]) -> Option<Attributes> {
    let mut topmost = None;
    for (layer, names) in mounted.iter().zip(implied).rev() {
        match look(layer, folder) {
            Seen::Absent => {}
            Seen::Blocked => break,
            Seen::Folder { attributes, hides_below } => {
                if !names.contains(folder) {
                    return Some(attributes);
                }
                topmost = topmost.or(Some(attributes));
                if hides_below {
                    break;
                }
            }
        }
    }
    topmost
}

fn look(layer: &Path, folder: &str) -> Seen {
    let mut path = layer.to_path_buf();
    let mut hidden = false;
    let mut found = None;
    for part in folder.split('/') {
        path.push(part);
        match fs::symlink_metadata(&path) {
            Err(_) => return if hidden { Seen::Blocked } else { Seen::Absent },
            Ok(metadata) if !metadata.is_dir() => return Seen::Blocked,
            Ok(metadata) => found = Some(metadata),
        }
        hidden |= is_opaque(&path);
    }
    found.map_or(Seen::Absent, |metadata| Seen::Folder {
        attributes: Attributes { uid: metadata.uid(), gid: metadata.gid(), mode: metadata.mode() & 0o7777 },
        hides_below: hidden,
    })
}

fn is_opaque(path: &Path) -> bool {
    let Ok(path) = sys::cstring(&path.to_string_lossy()) else {
        return false;
    };
    let mut value = [0u8; 1];
    // SAFETY: both strings are NUL-terminated, the buffer is one byte long as said; all outlive the call.
    let length = unsafe {
        libc::lgetxattr(path.as_ptr(), c"trusted.overlay.opaque".as_ptr(), value.as_mut_ptr().cast(), value.len())
    };
    length == 1 && value[0] == b'y'
}

fn make_folder(path: &Path, attributes: Attributes) -> Result<()> {
    let what = || format!("cannot make {}", path.display());
    fs::DirBuilder::new().recursive(true).mode(0o755).create(path).context(what())?;
    chown(path, Some(attributes.uid), Some(attributes.gid)).context(what())?;
    fs::set_permissions(path, fs::Permissions::from_mode(attributes.mode)).context(what())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Trees(PathBuf);

    impl Trees {
        fn new(name: &str) -> Self {
            let base = std::env::temp_dir().join(format!("a3s-layers-{name}-{}", std::process::id()));
            fs::create_dir_all(&base).unwrap();
            Self(base)
        }

        fn layer(&self, name: &str, folders: &[(&str, u32)]) -> PathBuf {
            for (folder, mode) in folders {
                let path = self.0.join(name).join(folder);
                fs::create_dir_all(&path).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
            }
            fs::create_dir_all(self.0.join(name)).unwrap();
            self.0.join(name)
        }

        fn mode(&self, path: &str) -> u32 {
            fs::metadata(self.0.join(path)).unwrap().mode() & 0o7777
        }
    }

    impl Drop for Trees {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn layer(implied: &[&str]) -> Layer {
        Layer { implied_dirs: implied.iter().map(|&path| path.to_owned()).collect(), ..Layer::default() }
    }

    #[test]
    fn an_implied_folder_gets_the_attributes_of_the_layer_that_names_it() {
        let trees = Trees::new("named");
        let bottom = trees.layer("bottom", &[("tmp", 0o1777), ("var/lib", 0o700)]);
        let top = trees.layer("top", &[("tmp", 0o755), ("var/lib/new", 0o755)]);
        let layers = [layer(&[]), layer(&["tmp", "var", "var/lib"])];
        assert!(restore_implied(&layers, &[bottom, top], &trees.0.join("out")).unwrap());
        assert_eq!([trees.mode("out/tmp"), trees.mode("out/var/lib")], [0o1777, 0o700]);
        assert!(!trees.0.join("out/var/lib/new").exists());
    }

    #[test]
    fn what_is_no_folder_below_is_left_alone() {
        let trees = Trees::new("blocked");
        let bottom = trees.layer("bottom", &[]);
        fs::write(bottom.join("tmp"), "").unwrap();
        let top = trees.layer("top", &[("tmp", 0o750)]);
        let layers = [layer(&[]), layer(&["tmp"])];
        restore_implied(&layers, &[bottom, top], &trees.0.join("out")).unwrap();
        assert_eq!(trees.mode("out/tmp"), 0o750);
    }

    #[test]
    fn nothing_implied_makes_nothing() {
        let trees = Trees::new("none");
        let bottom = trees.layer("bottom", &[("tmp", 0o1777)]);
        assert!(!restore_implied(&[layer(&[])], &[bottom], &trees.0.join("out")).unwrap());
        assert!(restore_implied(&[layer(&["../x"])], &[trees.0.join("bottom")], &trees.0.join("out")).is_err());
    }

    #[test]
    fn an_opaque_root_cuts_the_stack() {
        let opaque = Layer { root_opaque: true, name: "b".into(), ..Layer::default() };
        let named = |name: &str| Layer { name: name.into(), ..Layer::default() };
        let layers = [named("a"), opaque, named("c")];
        let names: Vec<_> = without_hidden(&layers).iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, ["b", "c"]);
    }
}

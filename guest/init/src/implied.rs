//! Attributes of folders that a layer only implies: they come from the layers below it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use crate::error::{Context, Error, Result};
use crate::proto::Layer;
use crate::sys;

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
pub fn restore_implied(layers: &[Layer], mounted: &[PathBuf], target: &Path) -> Result<bool> {
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
}

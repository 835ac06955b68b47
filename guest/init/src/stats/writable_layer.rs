//! How much a container has written to its root: its overlay's upper directory, counted file by file.
//!
//! The guest's kernel has no quotas (CONFIG_QUOTA), which would keep count by themselves. So it is counted when somebody asks,
//! in small steps between which everything else goes on, and not again before it would take more than a fraction of the time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::sys::stat::{FileStat, SFlag, fstat, fstatat};
use tokio::sync::watch;

use crate::open_folder::OpenFolder;
use crate::proto::WritableLayer as Measured;
use crate::sys;

/// After so many entries everything else gets its turn.
const STEP: u32 = 64;
/// Folders deeper than this are not looked into: each level costs two descriptors.
const MAX_DEPTH: usize = 64;
/// One container after the other, because of the descriptors.
static COUNTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
/// A count is good for this long, or for so many times what it took.
const GOOD_FOR_NS: i64 = 5_000_000_000;
const GOOD_FOR_COSTS: i64 = 50;
/// Who asks first waits this long for the first count.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// A file with n names is counted as n parts of a whole: no table of inodes, whatever a container links.
const WHOLE: u64 = 1 << 32;

/// INVARIANT: one count of a container at a time; the last result is kept with the time it was finished.
#[derive(Debug)]
pub struct WritableLayer {
    upper: PathBuf,
    state: Mutex<State>,
    done: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    last: Option<Measured>,
    cost_ns: i64,
    counting: bool,
}

impl WritableLayer {
    pub fn new(upper: PathBuf) -> Arc<Self> {
        Arc::new(Self { upper, state: Mutex::default(), done: watch::Sender::new(()) })
    }

    /// The last count; starts a new one if that is old, and waits a moment for the very first.
    pub async fn measured(self: &Arc<Self>) -> Option<Measured> {
        let mut done = self.done.subscribe();
        if self.claim() {
            let layer = Arc::clone(self);
            tokio::spawn(async move { layer.count().await });
        }
        let last = self.last();
        if last.is_some() {
            return last;
        }
        // the sender lives as long as self; a count that takes longer shows up in a later answer
        let _ = tokio::time::timeout(FIRST_WAIT, done.changed()).await;
        self.last()
    }

    /// True if the caller must count.
    fn claim(&self) -> bool {
        let mut state = self.state();
        let age = state.last.map(|last| sys::clock_ns(libc::CLOCK_BOOTTIME) - last.taken_at_ns);
        let good = age.is_some_and(|age| age < GOOD_FOR_NS.max(state.cost_ns * GOOD_FOR_COSTS));
        if good || state.counting {
            return false;
        }
        state.counting = true;
        true
    }

    async fn count(&self) {
        let alone = COUNTING.lock().await;
        let started = sys::clock_ns(libc::CLOCK_BOOTTIME);
        let counted = count_folder(&self.upper).await;
        let taken_at_ns = sys::clock_ns(libc::CLOCK_BOOTTIME);
        drop(alone);
        let mut state = self.state();
        state.counting = false;
        state.cost_ns = taken_at_ns - started;
        match counted {
            Ok(Counted { bytes, inodes }) => {
                let inodes = (inodes + WHOLE / 2) / WHOLE;
                state.last = Some(Measured { bytes, inodes, taken_at_ns });
            }
            // it is being removed
            Err(error) => eprintln!("a3s-init: cannot measure {}: {error}", self.upper.display()),
        }
        drop(state);
        self.done.send_replace(());
    }

    fn last(&self) -> Option<Measured> {
        self.state().last
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    bytes: u64,
    /// In parts of a WHOLE.
    inodes: u64,
}

impl Counted {
    fn add(&mut self, stat: &FileStat) {
        // st_blocks counts 512 bytes each, whatever the file system's block size (stat(2))
        let bytes = stat.st_blocks.unsigned_abs() * 512;
        let names = if kind(stat) == SFlag::S_IFDIR { 1 } else { stat.st_nlink.max(1) };
        self.bytes += bytes / names;
        self.inodes += WHOLE / names;
    }
}

/// Depth first, one open folder per level. Nothing is followed.
async fn count_folder(path: &PathBuf) -> nix::Result<Counted> {
    let root = OpenFolder::open(AT_FDCWD, path)?;
    let mut counted = Counted::default();
    counted.add(&fstat(root.fd())?);
    let mut open = vec![root];
    let mut steps = 0u32;
    while let Some(folder) = open.last_mut() {
        let Some(entry) = folder.next() else {
            open.pop();
            continue;
        };
        steps += 1;
        if steps % STEP == 0 {
            tokio::task::yield_now().await;
        }
        // what has just been deleted is not there
        let Ok(entry) = entry else { continue };
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let Ok(stat) = fstatat(folder.fd(), name, AtFlags::AT_SYMLINK_NOFOLLOW) else { continue };
        counted.add(&stat);
        if kind(&stat) == SFlag::S_IFDIR && open.len() < MAX_DEPTH {
            if let Some(below) = open.last().and_then(|folder| OpenFolder::open(folder.fd(), name).ok()) {
                open.push(below);
            }
        }
    }
    Ok(counted)
}

fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("a3s-layer-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[tokio::test(flavor = "current_thread")]
    async fn counts_blocks_and_inodes_once_and_follows_nothing() {
        let root = folder("counts");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/file"), vec![1; 100_000]).unwrap();
        fs::hard_link(root.join("a/file"), root.join("a/b/again")).unwrap();
        std::os::unix::fs::symlink("/", root.join("a/everything")).unwrap();
        let expected: u64 = ["", "a", "a/b", "a/file", "a/everything"]
            .iter()
            .map(|name| fs::symlink_metadata(root.join(name)).unwrap().blocks() * 512)
            .sum();
        let counted = count_folder(&root).await.unwrap();
        assert_eq!((counted.bytes, counted.inodes), (expected, 5 * WHOLE));
        fs::remove_dir_all(root).unwrap();
    }

    #[tokio::test(flavor = "current_thread")]
    async fn many_entries_let_others_run_and_deep_folders_end() {
        let root = folder("deep");
        let mut path = root.clone();
        for _ in 0..MAX_DEPTH + 20 {
            path.push("d");
        }
        fs::create_dir_all(&path).unwrap();
        for number in 0..500 {
            fs::write(root.join(format!("f{number}")), "").unwrap();
        }
        let mut turns = 0;
        let counting = count_folder(&root);
        tokio::pin!(counting);
        let counted = loop {
            tokio::select! {
                biased;
                result = &mut counting => break result.unwrap(),
                () = std::future::ready(()) => turns += 1,
            }
        };
        assert!(turns > 5, "{turns}");
        assert_eq!(counted.inodes / WHOLE, 1 + 500 + MAX_DEPTH as u64);
        fs::remove_dir_all(&root).unwrap();
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_count_is_kept_for_a_while() {
        let root = folder("kept");
        let layer = WritableLayer::new(root.clone());
        let first = layer.measured().await.unwrap();
        assert_eq!(first.inodes, 1);
        fs::write(root.join("new"), "x").unwrap();
        assert_eq!(layer.measured().await, Some(first));
        layer.state().last = Some(Measured { taken_at_ns: -GOOD_FOR_NS, ..first });
        layer.measured().await;
        while layer.state().counting {
            tokio::task::yield_now().await;
        }
        assert_eq!(layer.measured().await.unwrap().inodes, 2);
        fs::remove_dir_all(&root).unwrap();
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_folder_that_is_gone_has_no_count() {
        assert_eq!(WritableLayer::new("/nowhere/at/all".into()).measured().await, None);
    }
}

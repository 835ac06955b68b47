//! One cgroup (v2) per container, directly below the guest's root group.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use std::time::Duration;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::error::{Context, Error, Result};
use crate::limits;
use crate::spec::Resources;

const ROOT: &str = "/sys/fs/cgroup";
/// How long killed processes may take to be gone before their group is left to the VM's end.
const EMPTY_LIMIT: Duration = Duration::from_secs(10);
/// cgroup.events holds two short lines.
const EVENTS_LIMIT: usize = 256;
/// Groups of a container's own making are removed to this depth.
const MAX_DEPTH: usize = 16;
/// In how many groups below a container's own its processes are looked for.
const MAX_GROUPS: usize = 256;

/// Turns every controller the kernel has on for the containers' groups. Called once at boot.
pub fn enable_controllers() -> Result<()> {
    let available =
        fs::read_to_string(format!("{ROOT}/cgroup.controllers")).context("cannot read cgroup controllers")?;
    for controller in available.split_whitespace() {
        fs::write(format!("{ROOT}/cgroup.subtree_control"), format!("+{controller}"))
            .context(format!("cannot enable cgroup controller {controller}"))?;
    }
    Ok(())
}

/// A container's group. INVARIANT: every process of the container is in it or below it, those made by exec included.
#[derive(Debug)]
pub struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    /// The guest's root group, where the agent is, and what is as little a container's.
    pub fn agents() -> Self {
        Self { path: PathBuf::from(ROOT) }
    }

    /// Makes the group and sets its limits; INVALID_ARGUMENT if the kernel refuses one of them.
    pub fn create(id: &str, resources: &Resources) -> Result<Self> {
        let mut wanted = limits::settings(resources)?;
        if resources.pids.is_none() {
            // first, so that a `pids.max` of the container's own replaces it
            wanted.insert(0, ("pids.max".to_owned(), limits::default_pids(&read_threads_max()?)?));
        }
        let group = Self { path: Path::new(ROOT).join(id) };
        fs::create_dir(&group.path).context(format!("cannot make cgroup {}", group.path.display()))?;
        group.set_all(&wanted).inspect_err(|_| group.remove_empty())?;
        Ok(group)
    }

    /// Sets new limits: all of them or none. What `resources` does not name stays as it is. INVALID_ARGUMENT if one is refused, or
    /// if the container holds more memory than it would be allowed: the kernel would kill it.
    pub fn update(&self, resources: &Resources) -> Result<()> {
        if let Some(limit) =
            resources.memory.limit.and_then(|limit| u64::try_from(limit).ok()).filter(|limit| *limit > 0)
        {
            let held = limits::held_memory(&self.read("memory.stat").unwrap_or_default());
            if held > limit {
                return Err(Error::invalid(format!(
                    "memory limit {limit} is below the {held} bytes that the container holds and that cannot be reclaimed"
                )));
            }
        }
        self.set_all(&limits::settings(resources)?)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every process in the group, and in those that a privileged container has made below it.
    pub fn processes(&self) -> Vec<i32> {
        let (mut pids, mut groups, mut seen) = (Vec::new(), vec![self.path.clone()], 0);
        while let Some(group) = groups.pop() {
            seen += 1;
            let procs = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
            pids.extend(procs.lines().filter_map(|line| line.parse::<i32>().ok()));
            if seen + groups.len() >= MAX_GROUPS {
                continue;
            }
            let below = fs::read_dir(&group).into_iter().flatten().flatten();
            groups.extend(
                below.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()),
            );
        }
        pids
    }

    /// For clone3's CLONE_INTO_CGROUP.
    pub fn open(&self) -> Result<OwnedFd> {
        open(&self.path)
    }

    /// The group below this one (or this one) that holds a process of the container.
    pub fn open_group_of(&self, pid: i32) -> Result<OwnedFd> {
        let of_process = format!("/proc/{pid}/cgroup");
        let text = fs::read_to_string(&of_process).context(format!("cannot read {of_process}"))?;
        let path = group_in(&text)
            .filter(|path| path.starts_with(&self.path))
            .ok_or_else(|| Error::internal(format!("process {pid} is not below cgroup {}", self.path.display())))?;
        open(&path)
    }

    /// Kills every process in the group at once (cgroup.kill).
    pub fn kill(&self) {
        if let Err(error) = fs::write(self.path.join("cgroup.kill"), "1") {
            eprintln!("a3s-init: cannot kill cgroup {}: {error}", self.path.display());
        }
    }

    /// Sends a signal to every process in the group.
    pub fn signal(&self, signal: i32) {
        let Ok(pids) = fs::read_to_string(self.path.join("cgroup.procs")) else {
            return;
        };
        for pid in pids.lines().filter_map(|line| line.parse().ok()) {
            // SAFETY: kill(2) takes no pointers; a process that is gone by now gives ESRCH, which is fine.
            unsafe { libc::kill(pid, signal) };
        }
    }

    /// Whether the kernel has killed a process of the group for want of memory.
    pub fn oom_killed(&self) -> bool {
        let events = fs::read_to_string(self.path.join("memory.events")).unwrap_or_default();
        event_count(&events, "oom_kill") > 0
    }

    /// Removes the group once its last process is gone. One that stays populated is left to the VM's end.
    pub async fn remove(&self) {
        match tokio::time::timeout(EMPTY_LIMIT, self.emptied()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("a3s-init: cannot watch cgroup {}: {error}", self.path.display()),
            Err(_) => eprintln!("a3s-init: processes of cgroup {} do not end", self.path.display()),
        }
        self.remove_empty();
    }

    /// Returns when no process lives in the group or below it: the kernel reports each change of cgroup.events (cgroups(7)).
    async fn emptied(&self) -> io::Result<()> {
        let events = fs::File::open(self.path.join("cgroup.events"))?;
        // SAFETY: the file is moved in, stays open until the AsyncFd is dropped, and its descriptor never changes.
        let events = unsafe { AsyncFd::register_with_interest(events, Interest::PRIORITY) }?;
        loop {
            let mut text = [0; EVENTS_LIMIT];
            let length = events.get_ref().read_at(&mut text, 0)?;
            if event_count(&String::from_utf8_lossy(&text[..length]), "populated") == 0 {
                return Ok(());
            }
            events.ready(Interest::PRIORITY).await?.clear_ready();
        }
    }

    /// Removes a group without processes, with the groups that a privileged container has made below its own.
    pub fn remove_empty(&self) {
        if let Err(error) = remove_group(&self.path, MAX_DEPTH) {
            eprintln!("a3s-init: cannot remove cgroup {}: {error}", self.path.display());
        }
    }

    /// Writes files in turn; if one is refused, those before it get their old values back.
    fn set_all(&self, wanted: &[(String, String)]) -> Result<()> {
        let mut before: Vec<(&str, String)> = Vec::new();
        for (file, value) in wanted {
            let old = self.read(file);
            if let Err(error) = self.set(file, value) {
                for (file, value) in before.iter().rev() {
                    if let Err(error) = self.set(file, value) {
                        eprintln!("a3s-init: cannot set {file} back in cgroup {}: {error}", self.path.display());
                    }
                }
                return Err(error).invalid(format!("cgroup setting {file} = {value} was refused"));
            }
            // a file that cannot be read holds no limit to go back to
            before.extend(old.ok().map(|old| (file.as_str(), old)));
        }
        Ok(())
    }

    fn read(&self, file: &str) -> io::Result<String> {
        fs::read_to_string(self.path.join(file))
    }

    /// A kernel without swap has no memory.swap.max: whatever limit is asked for, none of it is exceeded. Refused, it would fail pods
    /// of nodes that have swap, which run with any other runtime.
    fn set(&self, file: &str, value: &str) -> io::Result<()> {
        // without O_CREAT, which cgroupfs answers with EACCES for a file it does not have
        let opened = fs::OpenOptions::new().write(true).open(self.path.join(file));
        match opened {
            Err(error) if error.kind() == ErrorKind::NotFound && file == "memory.swap.max" => Ok(()),
            Err(error) => Err(error),
            // with the newline, or an empty value (a cpuset's default) would not be written at all
            Ok(mut opened) => opened.write_all(format!("{}\n", value.trim_end()).as_bytes()),
        }
    }
}

fn open(path: &Path) -> Result<OwnedFd> {
    let folder = fs::File::open(path).context(format!("cannot open cgroup {}", path.display()))?;
    Ok(folder.into())
}

/// The group that /proc/<pid>/cgroup names, which the agent, in the first cgroup namespace, reads from the root on: cgroups(7). The
/// name may be a container's choice, but no folder is named `..`, and a removed one is not there under any name.
fn group_in(text: &str) -> Option<PathBuf> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new(ROOT).join(path))
}

fn remove_group(path: &Path, depth: usize) -> io::Result<()> {
    if depth > 0 {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                remove_group(&entry.path(), depth - 1)?;
            }
        }
    }
    fs::remove_dir(path)
}

fn read_threads_max() -> Result<String> {
    fs::read_to_string("/proc/sys/kernel/threads-max").context("cannot read the kernel's limit of threads")
}

fn event_count(events: &str, name: &str) -> u64 {
    events
        .lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(key, _)| *key == name)
        .and_then(|(_, count)| count.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_swap_are_kept_by_having_none_and_no_others_are() {
        let path = std::env::temp_dir().join(format!("a3s-cgroup-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        fs::write(path.join("memory.max"), "max\n").unwrap();
        let group = Cgroup { path: path.clone() };
        let set = |json: &str| group.set_all(&limits::settings(&serde_json::from_str(json).unwrap()).unwrap());
        for swap in ["-1", "0", "1000", "5000"] {
            set(&format!(r#"{{"memory":{{"limit":1000,"swap":{swap}}}}}"#)).unwrap();
        }
        set(r#"{"unified":{"memory.swap.max":"1000"}}"#).unwrap();
        assert!(set(r#"{"memory":{"limit":2000},"unified":{"memory.high":"1000"}}"#).is_err());
        assert_eq!(fs::read_to_string(path.join("memory.max")).unwrap(), "1000\n");
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_process_is_in_a_group_below_the_containers_own_or_in_none_that_counts() {
        let group_of = |text: &str| group_in(text).unwrap();
        assert_eq!(group_of("0::/box/init\n"), Path::new("/sys/fs/cgroup/box/init"));
        assert_eq!(group_of("1:name=systemd:/x\n0::/\n"), Path::new("/sys/fs/cgroup"));
        assert_eq!(group_in("1:cpu:/box\n"), None);
        let me = std::process::id() as i32;
        let group = Cgroup { path: Path::new(ROOT).join("no-such-container") };
        assert!(group.open_group_of(me).unwrap_err().message().contains("is not below"));
        let group = Cgroup { path: Path::new(ROOT).join("bo") };
        assert!(!group_of("0::/box/init\n").starts_with(group.path()), "a name that only begins alike");
    }

    #[test]
    fn memory_events_are_read_by_name() {
        let events = "low 0\nhigh 2\nmax 12\noom 1\noom_kill 3\noom_group_kill 0\n";
        assert_eq!(event_count(events, "oom_kill"), 3);
        assert_eq!(event_count("garbage\noom_kill x", "oom_kill"), 0);
        assert_eq!(event_count("", "oom_kill"), 0);
    }
}

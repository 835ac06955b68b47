//! One cgroup (v2) per container, directly below the guest's root group.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use crate::error::{Context, Result};
use crate::spec::Resources;

const ROOT: &str = "/sys/fs/cgroup";
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

/// A container's group. INVARIANT: every process of the container is in it, those made by exec included.
#[derive(Debug)]
pub struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    /// Makes the group and sets its limits; INVALID_ARGUMENT if the kernel refuses one of them.
    pub fn create(id: &str, resources: &Resources) -> Result<Self> {
        let group = Self { path: Path::new(ROOT).join(id) };
        fs::create_dir(&group.path).context(format!("cannot make cgroup {}", group.path.display()))?;
        for (file, value) in settings(resources) {
            if let Err(error) = group.set(&file, &value) {
                group.remove();
                return Err(error).invalid(format!("cgroup setting {file} = {value} was refused"));
            }
        }
        Ok(group)
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
        let folder = fs::File::open(&self.path).context(format!("cannot open cgroup {}", self.path.display()))?;
        Ok(folder.into())
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

    /// Removes the empty group; one that is not empty yet is left to the VM's end.
    pub fn remove(&self) {
        if let Err(error) = fs::remove_dir(&self.path) {
            eprintln!("a3s-init: cannot remove cgroup {}: {error}", self.path.display());
        }
    }

    /// A kernel without swap has no memory.swap.max: a limit on nothing is kept anyhow.
    fn set(&self, file: &str, value: &str) -> io::Result<()> {
        // without O_CREAT, which cgroupfs answers with EACCES for a file it does not have
        let opened = fs::OpenOptions::new().write(true).open(self.path.join(file));
        match opened {
            Err(error) if error.kind() == ErrorKind::NotFound && file == "memory.swap.max" => Ok(()),
            Err(error) => Err(error),
            Ok(mut opened) => opened.write_all(value.as_bytes()),
        }
    }
}

/// OCI resources as cgroup v2 files, in the order to be written.
fn settings(resources: &Resources) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |file: &str, value: String| all.push((file.to_owned(), value));
    if let Some(limit) = resources.memory.limit {
        add("memory.max", limit_text(limit));
        // OCI's swap is memory + swap together; without it a container may not escape into swap
        let swap = resources.memory.swap.map_or(0, |swap| (swap - limit).max(0));
        add("memory.swap.max", swap.to_string());
    }
    let cpu = &resources.cpu;
    if cpu.quota.is_some() || cpu.period.is_some() {
        add("cpu.max", format!("{} {}", limit_text(cpu.quota.unwrap_or(-1)), cpu.period.unwrap_or(100_000)));
    }
    if let Some(shares) = cpu.shares {
        add("cpu.weight", weight(shares).to_string());
    }
    if let Some(cpus) = &cpu.cpus {
        add("cpuset.cpus", cpus.clone());
    }
    if let Some(mems) = &cpu.mems {
        add("cpuset.mems", mems.clone());
    }
    if let Some(pids) = &resources.pids {
        add("pids.max", limit_text(pids.limit));
    }
    for (file, value) in &resources.unified {
        // a name with a slash would leave the group
        add(&file.replace('/', "_"), value.clone());
    }
    all
}

fn limit_text(limit: i64) -> String {
    if limit <= 0 { "max".to_owned() } else { limit.to_string() }
}

/// cpu.shares (2…262144) to cpu.weight (1…10000), the conversion every runtime uses (KEP-2254).
fn weight(shares: u64) -> u64 {
    1 + (shares.clamp(2, 262_144) - 2) * 9999 / 262_142
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
    fn shares_become_weight() {
        assert_eq!([0, 2, 1024, 262_144, u64::MAX].map(weight), [1, 1, 39, 10_000, 10_000]);
    }

    #[test]
    fn memory_events_are_read_by_name() {
        let events = "low 0\nhigh 2\nmax 12\noom 1\noom_kill 3\noom_group_kill 0\n";
        assert_eq!(event_count(events, "oom_kill"), 3);
        assert_eq!(event_count("garbage\noom_kill x", "oom_kill"), 0);
        assert_eq!(event_count("", "oom_kill"), 0);
    }

    #[test]
    fn limits_become_files() {
        let resources: Resources = serde_json::from_str(
            r#"{"memory":{"limit":1000,"swap":1500},"cpu":{"quota":50000,"shares":2},"pids":{"limit":-1},"unified":{"memory.oom.group":"1","../x":"y"}}"#,
        )
        .unwrap();
        let files: Vec<_> = settings(&resources).into_iter().map(|(file, value)| format!("{file}={value}")).collect();
        assert_eq!(
            files,
            [
                "memory.max=1000",
                "memory.swap.max=500",
                "cpu.max=50000 100000",
                "cpu.weight=1",
                "pids.max=max",
                ".._x=y",
                "memory.oom.group=1"
            ]
        );
        assert!(settings(&Resources::default()).is_empty());
    }
}

//! OCI resources as cgroup v2 files and their values. Nothing here touches a group.

use crate::error::{Context, Error, Result};
use crate::spec::Resources;

/// The files in the order to be written; INVALID_ARGUMENT for a name in `unified` that is no limit of this group.
pub fn settings(resources: &Resources) -> Result<Vec<(String, String)>> {
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
        // a name with a slash would leave the group, and the group's own control (cgroup.procs, cgroup.freeze…) is not a resource
        if file.contains('/') || file.starts_with("cgroup.") {
            return Err(Error::invalid(format!("unified resource {file:?} is no limit of a container")));
        }
        add(file, value.clone());
    }
    Ok(all)
}

/// What a container may have in processes if nobody says: three quarters of what the kernel can have (which follows its memory),
/// so that a fork bomb leaves room for guest-init and for one's neighbours' probes.
pub fn default_pids(threads_max: &str) -> Result<String> {
    let threads: u64 = threads_max.trim().parse().context(format!("{threads_max:?} is no limit of threads"))?;
    Ok((threads / 4 * 3).max(1).to_string())
}

/// Bytes of memory.stat (cgroups(7)) that no reclaim gives back while the processes live; swap does not exist in the guest.
pub fn held_memory(stat: &str) -> u64 {
    let value = |name: &str| {
        stat.lines()
            .filter_map(|line| line.split_once(' '))
            .find(|(key, _)| *key == name)
            .and_then(|(_, bytes)| bytes.trim().parse::<u64>().ok())
            .unwrap_or(0)
    };
    // `kernel` counts the slab as well
    let kernel = value("kernel").saturating_sub(value("slab_reclaimable"));
    value("anon").saturating_add(value("shmem")).saturating_add(kernel)
}

fn limit_text(limit: i64) -> String {
    if limit <= 0 { "max".to_owned() } else { limit.to_string() }
}

/// cpu.shares (2…262144) to cpu.weight (1…10000), the conversion every runtime uses (KEP-2254).
fn weight(shares: u64) -> u64 {
    1 + (shares.clamp(2, 262_144) - 2) * 9999 / 262_142
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(json: &str) -> Resources {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn shares_become_weight() {
        assert_eq!([0, 2, 1024, 262_144, u64::MAX].map(weight), [1, 1, 39, 10_000, 10_000]);
    }

    #[test]
    fn limits_become_files() {
        let all = resources(
            r#"{"memory":{"limit":1000,"swap":1500},"cpu":{"quota":50000,"shares":2,"cpus":"0-1"},"pids":{"limit":-1},
                "unified":{"memory.oom.group":"1","memory.high":"900"}}"#,
        );
        let files: Vec<_> =
            settings(&all).unwrap().into_iter().map(|(file, value)| format!("{file}={value}")).collect();
        assert_eq!(
            files,
            [
                "memory.max=1000",
                "memory.swap.max=500",
                "cpu.max=50000 100000",
                "cpu.weight=1",
                "cpuset.cpus=0-1",
                "pids.max=max",
                "memory.high=900",
                "memory.oom.group=1"
            ]
        );
        assert!(settings(&Resources::default()).unwrap().is_empty());
    }

    #[test]
    fn no_limit_is_written_as_max() {
        let files = settings(&resources(r#"{"memory":{"limit":-1},"cpu":{"quota":-1,"period":50000}}"#)).unwrap();
        let values: Vec<_> = files.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["max", "0", "max 50000"]);
    }

    #[test]
    fn what_is_no_limit_of_the_group_is_refused() {
        for name in ["../other/memory.max", "cgroup.procs", "cgroup.kill"] {
            let error = settings(&resources(&format!(r#"{{"unified":{{"{name}":"1"}}}}"#))).unwrap_err();
            assert!(error.message().contains(name), "{error}");
        }
    }

    #[test]
    fn a_container_gets_three_quarters_of_the_threads() {
        assert_eq!(default_pids("4001\n").unwrap(), "3000");
        assert!(default_pids("many").is_err());
    }

    #[test]
    fn held_memory_is_what_cannot_be_reclaimed() {
        let stat = "anon 1000\nfile 70000\nkernel 500\nshmem 30\nslab_reclaimable 200\nslab_unreclaimable 100\n";
        assert_eq!(held_memory(stat), 1330);
        assert_eq!(held_memory("anon x\nkernel 1\nslab_reclaimable 5"), 0);
    }
}

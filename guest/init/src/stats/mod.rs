//! Control.Stats: what containers and the guest as a whole use.

mod keyed;
mod processes;
pub mod writable_layer;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::container::Container;
use crate::error::{Context, Result};
use crate::proto::{ContainerUsage, CpuUsage, HugePages, MemoryUsage, StatsResponse, Usage};
use crate::sandbox::Sandbox;
use crate::sys;
use keyed::Keyed;

const ROOT_GROUP: &str = "/sys/fs/cgroup";
const HUGE_PAGE_SIZES: [&str; 2] = ["2MB", "1GB"];
const KIB: u64 = 1024;

/// Everything as of now; `details` also looks at every process.
pub async fn stats(sandbox: &Sandbox, details: bool) -> Result<StatsResponse> {
    let mut containers = Vec::new();
    for container in sandbox.all() {
        containers.push(container_usage(&container, details).await);
    }
    let scratch = nix::sys::statfs::statfs("/scratch").context("cannot measure the scratch disk")?;
    let block = scratch.block_size().unsigned_abs();
    Ok(StatsResponse {
        taken_at_ns: sys::clock_ns(libc::CLOCK_BOOTTIME),
        sandbox: Some(guest_usage()),
        containers,
        scratch_bytes: scratch.blocks() * block,
        scratch_free_bytes: scratch.blocks_available() * block,
        scratch_inodes: scratch.files(),
        scratch_free_inodes: scratch.files_free(),
    })
}

async fn container_usage(container: &Arc<Container>, details: bool) -> ContainerUsage {
    let pids = container.cgroup.processes();
    ContainerUsage {
        container_id: container.id.clone(),
        usage: Some(group_usage(container.cgroup.path(), pids.len() as u64)),
        writable_layer: container.writable_layer.measured().await,
        details: if details { Some(processes::details(&pids, container.running().ok()).await) } else { None },
    }
}

fn group_usage(group: &Path, processes: u64) -> Usage {
    let file = |name: &str| fs::read_to_string(group.join(name)).ok();
    let number = |name: &str| file(name).and_then(|text| keyed::number(&text));
    Usage {
        cpu: Some(cpu(&file("cpu.stat").unwrap_or_default())),
        memory: Some(MemoryUsage {
            usage_bytes: number("memory.current").unwrap_or(0),
            max_usage_bytes: number("memory.peak").unwrap_or(0),
            limit_bytes: number("memory.max"),
            swap_bytes: number("memory.swap.current"),
            swap_limit_bytes: number("memory.swap.max"),
            ..memory(&file("memory.stat").unwrap_or_default(), &file("memory.events").unwrap_or_default())
        }),
        processes,
        threads: number("pids.current").unwrap_or(0),
        threads_max: number("pids.max"),
        cpu_pressure: file("cpu.pressure").map(|text| keyed::pressure(&text)),
        memory_pressure: file("memory.pressure").map(|text| keyed::pressure(&text)),
        io_pressure: file("io.pressure").map(|text| keyed::pressure(&text)),
        io: keyed::devices(&file("io.stat").unwrap_or_default()),
        huge_pages: HUGE_PAGE_SIZES.iter().filter_map(|size| huge_pages(size, &number)).collect(),
    }
}

fn huge_pages(size: &str, number: &impl Fn(&str) -> Option<u64>) -> Option<HugePages> {
    let usage_bytes = number(&format!("hugetlb.{size}.current"))?;
    Some(HugePages { size: size.to_owned(), usage_bytes })
}

/// cpu.stat (cgroup-v2, "CPU Interface Files").
fn cpu(stat: &str) -> CpuUsage {
    let stat = Keyed::parse(stat);
    CpuUsage {
        usage_us: stat.get("usage_usec"),
        user_us: stat.get("user_usec"),
        system_us: stat.get("system_usec"),
        periods: stat.get("nr_periods"),
        throttled_periods: stat.get("nr_throttled"),
        throttled_us: stat.get("throttled_usec"),
    }
}

/// memory.stat and memory.events (cgroup-v2, "Memory Interface Files").
fn memory(stat: &str, events: &str) -> MemoryUsage {
    let (stat, events) = (Keyed::parse(stat), Keyed::parse(events));
    MemoryUsage {
        anonymous_bytes: stat.get("anon"),
        file_bytes: stat.get("file"),
        mapped_file_bytes: stat.get("file_mapped"),
        active_file_bytes: stat.get("active_file"),
        inactive_file_bytes: stat.get("inactive_file"),
        kernel_bytes: stat.get("kernel"),
        page_faults: stat.get("pgfault"),
        major_page_faults: stat.get("pgmajfault"),
        limit_hits: events.get("max"),
        oom_kills: events.get("oom_kill"),
        ..MemoryUsage::default()
    }
}

/// The root group has no memory files: the machine's own say it.
fn guest_usage() -> Usage {
    let file = |path: &str| fs::read_to_string(path).unwrap_or_default();
    Usage {
        cpu: Some(cpu(&file(&format!("{ROOT_GROUP}/cpu.stat")))),
        memory: Some(guest_memory(&file("/proc/meminfo"), &file("/proc/vmstat"))),
        cpu_pressure: fs::read_to_string("/proc/pressure/cpu").ok().map(|text| keyed::pressure(&text)),
        memory_pressure: fs::read_to_string("/proc/pressure/memory").ok().map(|text| keyed::pressure(&text)),
        io_pressure: fs::read_to_string("/proc/pressure/io").ok().map(|text| keyed::pressure(&text)),
        io: keyed::devices(&file(&format!("{ROOT_GROUP}/io.stat"))),
        ..Usage::default()
    }
}

/// /proc/meminfo (in KiB) and /proc/vmstat (proc(5)).
fn guest_memory(meminfo: &str, vmstat: &str) -> MemoryUsage {
    let (memory, events) = (Keyed::parse(meminfo), Keyed::parse(vmstat));
    let bytes = |key: &str| memory.get(key) * KIB;
    let total = bytes("MemTotal");
    MemoryUsage {
        usage_bytes: total.saturating_sub(bytes("MemFree")),
        limit_bytes: Some(total),
        anonymous_bytes: bytes("AnonPages"),
        file_bytes: bytes("Cached") + bytes("Buffers"),
        mapped_file_bytes: bytes("Mapped"),
        active_file_bytes: bytes("Active(file)"),
        inactive_file_bytes: bytes("Inactive(file)"),
        kernel_bytes: bytes("Slab") + bytes("KernelStack") + bytes("PageTables"),
        page_faults: events.get("pgfault"),
        major_page_faults: events.get("pgmajfault"),
        oom_kills: events.get("oom_kill"),
        ..MemoryUsage::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_without_files_is_all_zero() {
        let usage = group_usage(Path::new("/nowhere"), 3);
        assert_eq!((usage.processes, usage.threads, usage.threads_max), (3, 0, None));
        assert_eq!(usage.cpu, Some(CpuUsage::default()));
        assert_eq!(usage.memory, Some(MemoryUsage::default()));
        assert_eq!((usage.cpu_pressure, usage.io.len(), usage.huge_pages.len()), (None, 0, 0));
    }

    #[test]
    fn a_group_is_read_file_by_file() {
        let group = std::env::temp_dir().join(format!("a3s-group-{}", std::process::id()));
        fs::create_dir_all(&group).unwrap();
        for (name, text) in [
            ("cpu.stat", "usage_usec 9\nnr_periods 4\n"),
            ("memory.current", "4096\n"),
            ("memory.max", "max\n"),
            ("memory.stat", "anon 10\nfile 20\npgfault 30\n"),
            ("memory.events", "max 2\noom_kill 1\n"),
            ("pids.current", "5\n"),
            ("pids.max", "100\n"),
            ("hugetlb.2MB.current", "2097152\n"),
        ] {
            fs::write(group.join(name), text).unwrap();
        }
        let usage = group_usage(&group, 1);
        let memory = usage.memory.unwrap();
        assert_eq!((memory.usage_bytes, memory.limit_bytes, memory.swap_bytes), (4096, None, None));
        assert_eq!((memory.anonymous_bytes, memory.page_faults, memory.limit_hits, memory.oom_kills), (10, 30, 2, 1));
        assert_eq!(usage.cpu.map(|cpu| (cpu.usage_us, cpu.periods)), Some((9, 4)));
        assert_eq!((usage.threads, usage.threads_max), (5, Some(100)));
        assert_eq!(usage.huge_pages, [HugePages { size: "2MB".into(), usage_bytes: 2_097_152 }]);
        fs::remove_dir_all(group).unwrap();
    }

    #[test]
    fn the_machine_is_measured_in_bytes() {
        let memory = guest_memory("MemTotal: 1000 kB\nMemFree: 400 kB\nInactive(file): 7 kB\n", "pgfault 3\n");
        assert_eq!(memory.usage_bytes, 600 * KIB);
        assert_eq!((memory.limit_bytes, memory.inactive_file_bytes), (Some(1000 * KIB), 7 * KIB));
        assert_eq!(memory.page_faults, 3);
    }
}

//! What the processes of a container hold open.

use std::fs;

use crate::proto::ProcessDetails;

/// Beyond these what is told is a lower bound: looking must not take longer than it is worth.
const MAX_PROCESSES: usize = 512;
const MAX_FILES: u64 = 16 * 1024;

/// Looks at `pids`, process by process, and lets everything else run in between. `first` is the container's first process.
pub async fn details(pids: &[i32], first: Option<i32>) -> ProcessDetails {
    let (mut open_files, mut sockets) = (0, 0);
    for pid in pids.iter().take(MAX_PROCESSES) {
        tokio::task::yield_now().await;
        // a process that has ended meanwhile holds nothing
        let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { continue };
        for file in files.flatten() {
            open_files += 1;
            let target = fs::read_link(file.path()).unwrap_or_default();
            sockets += u64::from(target.as_os_str().as_encoded_bytes().starts_with(b"socket:"));
            if open_files == MAX_FILES {
                return ProcessDetails { open_files, sockets, max_open_files: first.and_then(soft_limit) };
            }
        }
    }
    ProcessDetails { open_files, sockets, max_open_files: first.and_then(soft_limit) }
}

fn soft_limit(pid: i32) -> Option<u64> {
    max_open_files(&fs::read_to_string(format!("/proc/{pid}/limits")).ok()?)
}

/// /proc/<pid>/limits: `Max open files            1024                 4096                 files`.
fn max_open_files(limits: &str) -> Option<u64> {
    limits.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn counts_the_files_of_living_processes() {
        let own = std::process::id() as i32;
        let before = details(&[own], Some(own)).await;
        let held =
            [std::net::UdpSocket::bind("127.0.0.1:0").unwrap(), std::net::UdpSocket::bind("127.0.0.1:0").unwrap()];
        let after = details(&[own, i32::MAX], Some(own)).await;
        // other tests open and close files meanwhile, but no two sockets of theirs are this pair
        assert!(after.sockets >= held.len() as u64, "{before:?} {after:?}");
        assert!(after.open_files >= after.sockets);
        assert!(after.max_open_files.is_some_and(|limit| limit > 0));
        assert_eq!(details(&[i32::MAX], None).await, ProcessDetails::default());
    }

    #[test]
    fn an_unlimited_number_is_none() {
        assert_eq!(
            max_open_files("Max cpu time  unlimited unlimited seconds\nMax open files  1024 4096 files\n"),
            Some(1024)
        );
        assert_eq!(max_open_files("Max open files  unlimited unlimited files\n"), None);
        assert_eq!(max_open_files(""), None);
    }
}

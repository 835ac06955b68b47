//! Process 1 of the pid namespace that a pod's containers share if they ask for the pod's. Like Kubernetes' own pause it does nothing
//! but outlive them and reap what they leave behind.
//!
//! INVARIANTS
//! - Nothing of the guest is behind it: whoever sees it may have CAP_SYS_PTRACE, and nobody else can trace it. It is the agent's
//!   program executed anew, so that none of the agent's memory is in it, with an empty root, no descriptors but /dev/null, no
//!   capabilities and a user of its own.
//! - At most one runs. The kernel keeps its namespace's processes from ending it, and they end with it: after that there is a new one.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use nix::sys::signal::{SigHandler, Signal, signal};
use tokio::sync::Mutex;

use crate::cgroup::Cgroup;
use crate::error::{Context, Error, Result};
use crate::process::birth::{self, Birth, Spawned};
use crate::process::reaper::Reaper;
use crate::process::stdio::{self, Stdio};
use crate::process::{credentials, spawn};
use crate::rootfs_mounts;
use crate::spec::Process;
use crate::sys;
use crate::user::User;

const NAME: &CStr = c"pause";
/// Kubernetes' pause has the same.
const USER: u32 = 65535;
/// Where memory is short everything else ends before it does, with which all the pod's containers would.
const OOM_SCORE: &str = "-998";

/// The pod's pid namespace, which is made when the first container wants it.
#[derive(Debug)]
pub struct PodPids {
    reaper: Arc<Reaper>,
    pause: Mutex<Option<i32>>,
}

impl PodPids {
    pub fn new(reaper: Arc<Reaper>) -> Self {
        Self { reaper, pause: Mutex::default() }
    }

    /// A pidfd of its process 1.
    pub async fn pidfd(&self) -> Result<OwnedFd> {
        let mut pause = self.pause.lock().await;
        let running = pause.filter(|pid| self.reaper.holds(*pid));
        let pid = match running {
            Some(pid) => pid,
            None => {
                let Spawned { pid, report } = make()?;
                // nobody waits for its end: that it is reaped is what `holds` tells
                drop(self.reaper.expect(pid));
                if let Some(reason) = spawn::executed(report).await? {
                    return Err(Error::internal(format!("cannot make the pod's pid namespace: {reason}")));
                }
                *pause = Some(pid);
                pid
            }
        };
        sys::pidfd(pid).context("cannot find process 1 of the pod's pid namespace")
    }
}

/// True in the process that `make` has made, which then only has to call `run`.
pub fn is_pause(program: Option<&OsStr>) -> bool {
    program.is_some_and(|program| program.as_encoded_bytes() == NAME.to_bytes())
}

/// What it does, for ever: children that nobody waits for are gone as soon as they end (wait(2), SIGCHLD ignored).
pub fn run() -> ! {
    // what was executed by a descriptor has its file's name; and a container that runs as the same user must not trace it, for it is
    // bound by no container's filter and limits
    if let Err(error) = nix::sys::prctl::set_name(NAME).and_then(|()| nix::sys::prctl::set_dumpable(false)) {
        eprintln!("a3s-init: pause is not what it should be: {error}");
        std::process::exit(1);
    }
    // SAFETY: to ignore a signal runs no code of ours.
    if let Err(error) = unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) } {
        eprintln!("a3s-init: pause leaves zombies: {error}");
    }
    loop {
        nix::unistd::pause();
    }
}

fn make() -> Result<Spawned> {
    let stdio = Stdio::Pipes { stdin: stdio::null()?, stdout: stdio::null()?, stderr: stdio::null()? };
    let flags =
        libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS | libc::CLONE_NEWCGROUP;
    let cgroup = Cgroup::agents();
    Birth { pids: None, flags, cgroup: &cgroup, first: None, stdio: &stdio, needs: None }.spawn(|reporter| {
        let program = File::open("/proc/self/exe").context("cannot open the agent's program")?;
        std::fs::write("/proc/self/oom_score_adj", OOM_SCORE).context("cannot set oom_score_adj")?;
        enter_empty_root()?;
        birth::keep_only(&[reporter, program.as_fd()])?;
        credentials::assume(&nobodys_process(), &User { uid: USER, gid: USER, groups: vec![], home: "/".to_owned() })?;
        Err(Error::internal(format!("cannot execute it: {}", sys::execute_open(program.as_fd(), NAME))))
    })
}

fn nobodys_process() -> Process {
    Process { no_new_privileges: true, ..Process::default() }
}

/// In the child, which has mounts of its own: an empty folder that nobody can write to becomes its root.
fn enter_empty_root() -> Result<()> {
    const SPOT: &str = "/run";
    let what = "cannot leave the guest's root";
    sys::mount("none", "/", None, libc::MS_REC | libc::MS_PRIVATE, "").context(what)?;
    sys::mount(
        "empty",
        SPOT,
        Some("tmpfs"),
        libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC,
        "size=0k",
    )
    .context(what)?;
    rootfs_mounts::change_root(Path::new(SPOT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_is_told_from_it_by_its_name() {
        assert!(is_pause(Some(OsStr::new("pause"))));
        assert!(!is_pause(Some(OsStr::new("/init.krun"))));
        assert!(!is_pause(Some(OsStr::new("/bin/pause"))));
        assert!(!is_pause(None));
    }
}

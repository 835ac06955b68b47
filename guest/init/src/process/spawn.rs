//! Making a container's process: the first one, with namespaces of its own, or one more that joins them.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::fchdir;

use crate::cgroup::Cgroup;
use crate::error::{Context, Result};
use crate::process::birth::{self, Birth, Spawned};
use crate::process::program::Program;
use crate::process::seccomp::Filter;
use crate::process::stdio::Stdio;
use crate::process::{credentials, terminal};
use crate::rootfs_mounts;
use crate::spec::{NamespaceKind, Process, Spec};
use crate::sys;
use crate::user::User;

/// What a process of a container is, besides its namespaces.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    pub process: &'a Process,
    pub user: &'a User,
    pub args: &'a [String],
}

/// The first process of a container that runs.
#[derive(Clone, Copy)]
pub struct First<'a> {
    pub pid: i32,
    pub pidfd: BorrowedFd<'a>,
}

/// The container's first process: new namespaces, its own root. `pids` is a pidfd of the process whose pid namespace it joins
/// instead of having one of its own.
pub fn first(
    spec: &Spec,
    rootfs: &Path,
    pids: Option<BorrowedFd<'_>>,
    identity: Identity<'_>,
    cgroup: &Cgroup,
    stdio: &Stdio,
) -> Result<Spawned> {
    let flags = if pids.is_some() { namespace_flags(spec) & !libc::CLONE_NEWPID } else { namespace_flags(spec) };
    Birth { pids, flags, cgroup, first: None, stdio, needs: None }.spawn(|reporter| {
        rootfs_mounts::enter(spec, rootfs)?;
        if spec.owns(NamespaceKind::Uts) && !spec.hostname.is_empty() {
            nix::unistd::sethostname(&spec.hostname).context("cannot set the host name")?;
        }
        enter_terminal(stdio, identity.user, true)?;
        become_program(identity, stdio, reporter)
    })
}

/// One more process in a running container.
pub fn join(spec: &Spec, first: First<'_>, identity: Identity<'_>, cgroup: &Cgroup, stdio: &Stdio) -> Result<Spawned> {
    Birth { pids: Some(first.pidfd), flags: 0, cgroup, first: Some(first.pid), stdio, needs: Some(first.pidfd) }.spawn(
        |reporter| {
            let rest = namespace_flags(spec) & !libc::CLONE_NEWPID;
            sys::join_namespaces(first.pidfd, rest).context("cannot join the container's namespaces")?;
            enter_terminal(stdio, identity.user, false)?;
            become_program(identity, stdio, reporter)
        },
    )
}

fn namespace_flags(spec: &Spec) -> i32 {
    [
        (NamespaceKind::Mount, libc::CLONE_NEWNS),
        (NamespaceKind::Pid, libc::CLONE_NEWPID),
        (NamespaceKind::Ipc, libc::CLONE_NEWIPC),
        (NamespaceKind::Uts, libc::CLONE_NEWUTS),
        (NamespaceKind::Cgroup, libc::CLONE_NEWCGROUP),
    ]
    .iter()
    .filter(|(kind, _)| spec.owns(*kind))
    .fold(0, |flags, (_, flag)| flags | flag)
}

fn enter_terminal(stdio: &Stdio, user: &User, console: bool) -> Result<()> {
    match stdio {
        Stdio::Terminal(agent) => terminal::enter(agent.as_fd(), user.uid, console),
        Stdio::Pipes { .. } => Ok(()),
    }
}

fn become_program(identity: Identity<'_>, stdio: &Stdio, reporter: BorrowedFd<'_>) -> Result<()> {
    let Identity { process, user, args } = identity;
    birth::keep_only(&[reporter])?;
    if let Some(score) = process.oom_score_adj {
        std::fs::write("/proc/self/oom_score_adj", score.to_string()).invalid("oom_score_adj was refused")?;
    }
    let env = environment(process, user, matches!(stdio, Stdio::Terminal(_)));
    enter_cwd(&process.cwd, || credentials::assume(process, user))?;
    let program = Program::new(args, &env)?;
    Err(program.execute(|| process.seccomp.as_ref().map_or(Ok(()), Filter::install)))
}

/// Goes to the working directory and becomes the user. In this order, because WORKDIR may be a folder its user cannot enter; in
/// the other one where root is refused, which a share's server may do.
fn enter_cwd(cwd: &str, assume: impl FnOnce() -> Result<()>) -> Result<()> {
    let what = format!("cannot enter working directory {cwd}");
    let root = open("/", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()).context("cannot open the root")?;
    // resolved below the root: links of /proc (1/root, self/fd/3), which root may follow, lead to the guest's folders
    let enter =
        || fchdir(sys::open_in_root(root.as_fd(), cwd, libc::O_PATH | libc::O_DIRECTORY, 0)?).map_err(io::Error::from);
    match enter() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            assume()?;
            enter().invalid(what)
        }
        entered => {
            entered.invalid(what)?;
            assume()
        }
    }
}

/// The spec's environment, with HOME from the image's passwd, and TERM on a terminal, where it names none.
fn environment(process: &Process, user: &User, terminal: bool) -> Vec<String> {
    let mut env = process.env.clone();
    let names = |name: &str| process.env.iter().any(|entry| entry.starts_with(name));
    if !names("HOME=") {
        env.push(format!("HOME={}", user.home));
    }
    if terminal && !names("TERM=") {
        env.push("TERM=xterm".to_owned());
    }
    env
}

/// Waits for the program to run: None, or the reason it does not.
pub async fn executed(report: OwnedFd) -> Result<Option<String>> {
    use tokio::io::AsyncReadExt;
    const REASON_LIMIT: u64 = 4096;
    let pipe = tokio::net::unix::pipe::Receiver::from_owned_fd(report).context("cannot watch a process start")?;
    let mut reason = Vec::new();
    pipe.take(REASON_LIMIT).read_to_end(&mut reason).await.context("cannot watch a process start")?;
    Ok(if reason.is_empty() { None } else { Some(String::from_utf8_lossy(&reason).into_owned()) })
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::DirBuilderExt;

    use super::*;

    /// Gives `work` a folder that only root may enter, and a thread with a working directory and a file system user of its own.
    fn with_private_folder(name: &str, work: impl FnOnce(&str) + Send) {
        let folder = std::env::temp_dir().join(format!("a3s-cwd-{name}-{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
        let path = folder.to_str().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                nix::sched::unshare(nix::sched::CloneFlags::CLONE_FS).unwrap();
                work(path);
            });
        });
        std::fs::remove_dir(&folder).unwrap();
    }

    fn become_user(uid: u32) -> Result<()> {
        nix::unistd::setfsuid(nix::unistd::Uid::from_raw(uid));
        Ok(())
    }

    fn current_dir() -> String {
        std::env::current_dir().unwrap().to_string_lossy().into_owned()
    }

    #[test]
    fn a_folder_that_its_user_cannot_enter_is_entered_before() {
        with_private_folder("before", |folder| {
            enter_cwd(folder, || become_user(1000)).unwrap();
            assert_eq!(current_dir(), folder);
        });
    }

    #[test]
    fn a_folder_that_only_its_user_can_enter_is_entered_afterwards() {
        with_private_folder("after", |folder| {
            become_user(1000).unwrap();
            enter_cwd(folder, || become_user(0)).unwrap();
            assert_eq!(current_dir(), folder);
        });
    }

    #[test]
    fn a_working_directory_is_never_behind_a_link_of_proc() {
        with_private_folder("proc", |folder| {
            let open = File::open(folder).unwrap();
            let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&open));
            for link in [&link, "/proc/self/root", "/proc/1/root/tmp"] {
                let refused = enter_cwd(link, || Ok(())).unwrap_err();
                assert!(refused.message().contains(link), "{refused}");
            }
        });
    }

    #[test]
    fn home_and_term_are_added_only_where_they_are_missing() {
        let process: Process = serde_json::from_str(r#"{"args":["x"],"env":["A=b"],"cwd":"/"}"#).unwrap();
        let user = User { uid: 1, gid: 1, groups: vec![1], home: "/home/x".into() };
        assert_eq!(environment(&process, &user, false), ["A=b", "HOME=/home/x"]);
        assert_eq!(environment(&process, &user, true), ["A=b", "HOME=/home/x", "TERM=xterm"]);
        let own = Process { env: vec!["HOME=/own".into(), "TERM=vt100".into()], ..process };
        assert_eq!(environment(&own, &user, true), ["HOME=/own", "TERM=vt100"]);
    }
}

//! One container: its root, its cgroup, its first process, its output.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::cgroup::Cgroup;
use crate::error::{Context, Error, Result};
use crate::layers::Rootfs;
use crate::output::{DEFAULT_RING_BYTES, Output, StreamName};
use crate::process::reaper::{ExitStatus, Reaper};
use crate::process::spawn::{self, Identity, Stdio};
use crate::proto::container_info::State as InfoState;
use crate::proto::{ContainerInfo, CreateContainerRequest, Exited};
use crate::shares;
use crate::spec::{Resources, Spec};
use crate::sys;
use crate::user::{self, User};

/// Where the host shows volumes.
const SHARED_VOLUMES: [&str; 2] = ["/vol/", "/rw/vol/"];
/// The exit code of a container whose program could not be run.
const START_FAILED: i32 = 128;
/// /etc/passwd and /etc/group of an image are read no further.
const ACCOUNT_FILE_LIMIT: u64 = 4 * 1024 * 1024;

#[derive(Debug, Clone)]
enum State {
    Created,
    Starting,
    Running { pid: i32, started_at_ns: i64 },
    Exited { started_at_ns: i64, exited: Exited },
}

/// INVARIANT: states only go Created → Starting → Running → Exited, or Starting → Exited.
#[derive(Debug)]
pub struct Container {
    pub id: String,
    pub spec: Spec,
    pub user: User,
    pub cgroup: Cgroup,
    pub output: Arc<Output>,
    rootfs: Rootfs,
    wants_stdin: bool,
    /// Keeps an interactive container's stdin open; attaching to it is not built yet.
    stdin: Mutex<Option<OwnedFd>>,
    state: Mutex<State>,
}

impl Container {
    /// Everything short of the process. On failure nothing is left of it.
    pub fn create(request: &CreateContainerRequest) -> Result<Self> {
        let spec = Spec::parse(&request.oci_spec)?;
        let rootfs = Rootfs::mount(&request.container_id, &request.layers)?;
        let prepared = resolve_user(&spec, &rootfs)
            .and_then(|user| Ok((user, Cgroup::create(&request.container_id, &spec.linux.resources)?)));
        let (user, cgroup) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                rootfs.remove();
                return Err(error);
            }
        };
        let ring = if request.log_ring_bytes == 0 { DEFAULT_RING_BYTES } else { request.log_ring_bytes as usize };
        Ok(Self {
            id: request.container_id.clone(),
            spec,
            user,
            cgroup,
            output: Arc::new(Output::new(ring)),
            rootfs,
            wants_stdin: request.stdin,
            stdin: Mutex::new(None),
            state: Mutex::new(State::Created),
        })
    }

    /// Runs the program. `ended` is called once, when the first process is gone and the rest was killed.
    pub async fn start(
        self: &Arc<Self>,
        reaper: &Reaper,
        ended: impl FnOnce(Exited) + Send + 'static,
    ) -> Result<(i64, u32)> {
        self.begin_start()?;
        let spawned = self.spawn().inspect_err(|_| self.start_failed());
        let (spawned, output_pipes) = spawned?;
        let status = reaper.expect(spawned.pid);
        if let Some(reason) = spawn::executed(spawned.report).await? {
            self.start_failed();
            return Err(Error::invalid(reason));
        }
        let [stdout, stderr] = output_pipes;
        self.output.follow(StreamName::Stdout, stdout)?;
        self.output.follow(StreamName::Stderr, stderr)?;
        let started_at_ns = sys::realtime_ns();
        *self.state() = State::Running { pid: spawned.pid, started_at_ns };
        let container = Arc::clone(self);
        tokio::spawn(async move {
            // the reaper outlives every container
            if let Ok(status) = status.await {
                ended(container.finish(started_at_ns, status));
            }
        });
        Ok((started_at_ns, spawned.pid.unsigned_abs()))
    }

    /// Signals the first process or all of them; nothing to do unless it runs.
    pub fn signal(&self, reaper: &Reaper, signal: i32, all: bool) {
        let State::Running { pid, .. } = *self.state() else {
            return;
        };
        if all && signal == libc::SIGKILL {
            self.cgroup.kill();
        } else if all {
            self.cgroup.signal(signal);
        } else if reaper.holds(pid) {
            // SAFETY: kill(2) takes no pointers; the reaper holds the pid, so it names our child.
            unsafe { libc::kill(pid, signal) };
        }
    }

    /// The first process, to be joined; FAILED_PRECONDITION unless it runs.
    pub fn running(&self) -> Result<i32> {
        match *self.state() {
            State::Running { pid, .. } => Ok(pid),
            _ => Err(Error::precondition(format!("container {} is not running", self.id))),
        }
    }

    /// Sets new limits, all or none; FAILED_PRECONDITION if there is nothing left to limit.
    pub fn update(&self, resources: &Resources) -> Result<()> {
        if let State::Exited { .. } = *self.state() {
            return Err(Error::precondition(format!("container {} has exited: its limits cannot be changed", self.id)));
        }
        self.cgroup.update(resources)
    }

    /// Deletes it; its processes are killed first, and gone when this returns.
    pub async fn remove(&self) {
        self.cgroup.kill();
        self.output.close(StreamName::Stdout);
        self.output.close(StreamName::Stderr);
        self.cgroup.remove().await;
        self.rootfs.remove();
        for mount in &self.spec.mounts {
            if SHARED_VOLUMES.iter().any(|share| mount.source.starts_with(share)) {
                shares::let_go(&mount.source);
            }
        }
    }

    pub fn info(&self) -> ContainerInfo {
        let (state, pid, started_at_ns, exited) = match self.state().clone() {
            State::Created | State::Starting => (InfoState::Created, 0, 0, None),
            State::Running { pid, started_at_ns } => (InfoState::Running, pid.unsigned_abs(), started_at_ns, None),
            State::Exited { started_at_ns, exited } => (InfoState::Exited, 0, started_at_ns, Some(exited)),
        };
        ContainerInfo { container_id: self.id.clone(), state: state.into(), started_at_ns, pid, exited }
    }

    fn begin_start(&self) -> Result<()> {
        let mut state = self.state();
        match *state {
            State::Created => {
                *state = State::Starting;
                Ok(())
            }
            _ => Err(Error::precondition(format!("container {} was started already", self.id))),
        }
    }

    fn spawn(&self) -> Result<(spawn::Spawned, [OwnedFd; 2])> {
        let (out_read, out_write) = spawn::pipe()?;
        let (err_read, err_write) = spawn::pipe()?;
        let stdio = Stdio { stdin: self.open_stdin()?, stdout: out_write, stderr: err_write };
        let cgroup = self.cgroup.open()?;
        let identity = Identity { process: &self.spec.process, user: &self.user, args: &self.spec.process.args };
        let spawned = spawn::first(&self.spec, &self.rootfs.path, identity, cgroup.as_fd(), &stdio)?;
        Ok((spawned, [out_read, err_read]))
    }

    fn open_stdin(&self) -> Result<OwnedFd> {
        if !self.wants_stdin {
            return spawn::null();
        }
        let (read, write) = spawn::pipe()?;
        *self.stdin.lock().unwrap_or_else(PoisonError::into_inner) = Some(write);
        Ok(read)
    }

    fn start_failed(&self) {
        let now = sys::realtime_ns();
        self.set_exited(now, ExitStatus { code: START_FAILED, signal: 0 });
        self.output.close(StreamName::Stdout);
        self.output.close(StreamName::Stderr);
    }

    /// The first process is gone: the container is over, whatever else still runs in it.
    fn finish(&self, started_at_ns: i64, status: ExitStatus) -> Exited {
        self.cgroup.kill();
        self.set_exited(started_at_ns, status)
    }

    fn set_exited(&self, started_at_ns: i64, status: ExitStatus) -> Exited {
        let exited = Exited {
            container_id: self.id.clone(),
            exit_code: status.code,
            signal: status.signal,
            // a container that coped with the loss of a child and ended well was not ended by it
            oom_killed: status.code != 0 && self.cgroup.oom_killed(),
            exited_at_ns: sys::realtime_ns(),
        };
        *self.state() = State::Exited { started_at_ns, exited: exited.clone() };
        exited
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn resolve_user(spec: &Spec, rootfs: &Rootfs) -> Result<User> {
    let root: OwnedFd = File::open(&rootfs.path).context("cannot open the container's root")?.into();
    let read = |path: &str| read_account_file(&root, path);
    user::resolve(&spec.requested_user()?, &read("/etc/passwd"), &read("/etc/group"))
}

/// An image without the file, or with something else there, knows nobody.
fn read_account_file(root: &OwnedFd, path: &str) -> String {
    let mut bytes = Vec::new();
    let read = sys::open_in_root(root.as_fd(), path, libc::O_RDONLY | libc::O_NONBLOCK, 0)
        .and_then(|fd| File::from(fd).take(ACCOUNT_FILE_LIMIT).read_to_end(&mut bytes));
    if read.is_err() {
        bytes.clear();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

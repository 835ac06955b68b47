//! One container: its root, its cgroup, its first process, its output.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{oneshot, watch};

use crate::accounts;
use crate::cgroup::Cgroup;
use crate::device_filter;
use crate::error::{Context, Error, Result};
use crate::layers::Rootfs;
use crate::output::{DEFAULT_RING_BYTES, Output, StreamName};
use crate::process::birth::Spawned;
use crate::process::end::End;
use crate::process::pause::PodPids;
use crate::process::reaper::{ExitStatus, Reaper};
use crate::process::seccomp::Filter;
use crate::process::spawn::{self, Identity};
use crate::process::stdio::{self, Ends, Pending};
use crate::proto::container_info::State as InfoState;
use crate::proto::{ContainerInfo, CreateContainerRequest, Exited};
use crate::shares;
use crate::spec::{Resources, Spec};
use crate::start::{self, Started, State};
use crate::stats::writable_layer::WritableLayer;
use crate::stream::stdin::{Hold, Stdin};
use crate::sys;
use crate::user::User;

/// Where the host shows volumes.
const SHARED_VOLUMES: [&str; 2] = ["/vol/", "/rw/vol/"];
/// The exit code of a container whose program could not be run.
const START_FAILED: i32 = 128;

/// INVARIANT: states only go Created → Starting → Running → Exited, or Starting → Exited, and Starting is left whoever is gone.
#[derive(Debug)]
pub struct Container {
    pub id: String,
    pub spec: Spec,
    pub user: User,
    pub cgroup: Cgroup,
    pub output: Arc<Output>,
    pub writable_layer: Arc<WritableLayer>,
    rootfs: Rootfs,
    pids: PidNamespace,
    wants_stdin: bool,
    stdin_once: bool,
    /// While it runs.
    streams: Mutex<Streams>,
    state: watch::Sender<State>,
}

/// What attached callers share besides the output.
#[derive(Debug, Default)]
struct Streams {
    stdin: Option<Arc<Stdin>>,
    terminal: Option<End>,
}

/// Which pid namespace a container is in.
#[derive(Debug)]
pub enum PidNamespace {
    /// One of its own, or the guest's, as its spec says.
    AsSpecified,
    Target(Arc<Container>),
    Pod(Arc<PodPids>),
}

impl PidNamespace {
    /// A pidfd of a process in the one to join, if there is one.
    async fn to_join(&self) -> Result<Option<OwnedFd>> {
        match self {
            Self::AsSpecified => Ok(None),
            Self::Target(target) => target.pidfd().map(Some),
            Self::Pod(pids) => pids.pidfd().await.map(Some),
        }
    }
}

/// What one attached caller gets of a container.
pub struct Attached {
    /// None if it does not want it, or if the container has none.
    pub stdin: Option<Hold>,
    pub terminal: Option<End>,
}

impl Container {
    /// Everything short of the process. On failure nothing is left of it.
    pub fn create(request: &CreateContainerRequest, pids: PidNamespace) -> Result<Self> {
        let mut spec = Spec::parse(&request.oci_spec)?;
        spec.process.seccomp = request.seccomp.as_ref().map(Filter::parse).transpose()?;
        spec.linux.all_devices = request.all_devices;
        let rootfs = Rootfs::mount(&request.container_id, &request.layers)?;
        let prepared = accounts::resolve_user(&spec, &rootfs)
            .and_then(|user| Ok((user, confined_group(&request.container_id, &spec.linux.resources)?)));
        let (user, cgroup) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                rootfs.remove_unused();
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
            writable_layer: WritableLayer::new(rootfs.upper()),
            rootfs,
            pids,
            wants_stdin: request.stdin,
            stdin_once: request.stdin_once,
            streams: Mutex::default(),
            state: watch::Sender::new(State::Created),
        })
    }

    /// Runs the program. `ended` is called once, when the first process is gone and the rest was killed. One that was started
    /// before is told of again: the daemon may have died, or given up, before it heard the first answer.
    pub async fn start(
        self: &Arc<Self>,
        reaper: &Arc<Reaper>,
        ended: impl FnOnce(Exited) + Send + 'static,
    ) -> Result<Started> {
        let (container, reaper) = (Arc::clone(self), Arc::clone(reaper));
        start::once(&self.state, async move {
            match container.execute(&reaper).await {
                Err(error) => container.start_failed(error),
                Ok((started, status)) => {
                    container.state.send_replace(State::Running(started));
                    // the reaper outlives every container
                    if let Ok(status) = status.await {
                        ended(container.finish(started, status));
                    }
                }
            }
        })
        .await
    }

    /// Signals the first process or all of them; nothing to do unless it runs.
    pub fn signal(&self, reaper: &Reaper, signal: i32, all: bool) {
        let State::Running(Started { pid, .. }) = *self.state.borrow() else {
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

    /// The first process; FAILED_PRECONDITION unless it runs.
    pub fn running(&self) -> Result<i32> {
        match *self.state.borrow() {
            State::Running(Started { pid, .. }) => Ok(pid),
            _ => Err(Error::precondition(format!("container {} is not running", self.id))),
        }
    }

    /// The first process, for others to join its namespaces; FAILED_PRECONDITION unless it runs.
    pub fn pidfd(&self) -> Result<OwnedFd> {
        sys::pidfd(self.running()?).context("cannot find the container's first process")
    }

    /// The streams of its first process for one more caller; FAILED_PRECONDITION unless it runs.
    pub fn attach(&self, stdin: bool) -> Result<Attached> {
        self.running()?;
        let streams = self.streams();
        // a terminal is not closed: its other callers, and its output, would go with it
        let once = self.stdin_once && streams.terminal.is_none();
        let hold = streams.stdin.iter().filter(|_| stdin).map(|stdin| Hold::new(Arc::clone(stdin), once)).next();
        Ok(Attached { stdin: hold, terminal: streams.terminal.clone() })
    }

    /// Waits for its end.
    pub async fn exit_code(&self) -> i32 {
        let mut states = self.state.subscribe();
        // the sender lives as long as self
        match states.wait_for(|state| matches!(state, State::Exited { .. })).await.as_deref() {
            Ok(State::Exited { exited, .. }) => exited.exit_code,
            _ => START_FAILED,
        }
    }

    /// Sets new limits, all or none; FAILED_PRECONDITION if there is nothing left to limit.
    pub fn update(&self, resources: &Resources) -> Result<()> {
        if let State::Exited { .. } = *self.state.borrow() {
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
        self.rootfs.remove().await;
        for mount in &self.spec.mounts {
            if SHARED_VOLUMES.iter().any(|share| mount.source.starts_with(share)) {
                shares::let_go(&mount.source);
            }
        }
    }

    pub fn info(&self) -> ContainerInfo {
        let (state, started, exited) = match self.state.borrow().clone() {
            State::Created => (InfoState::Created, None, None),
            State::Starting => (InfoState::Starting, None, None),
            State::Running(started) => (InfoState::Running, Some(started), None),
            State::Exited { start, exited } => (InfoState::Exited, start.ok(), Some(exited)),
        };
        ContainerInfo {
            container_id: self.id.clone(),
            state: state.into(),
            started_at_ns: started.map_or(0, |started| started.at_ns),
            pid: started.filter(|_| exited.is_none()).map_or(0, |started| started.pid.unsigned_abs()),
            exited,
        }
    }

    /// The first process, its program running, and where its end will be told.
    async fn execute(&self, reaper: &Reaper) -> Result<(Started, oneshot::Receiver<ExitStatus>)> {
        let target = self.pids.to_join().await?;
        let (spawned, streams) = self.spawn(target.as_ref().map(AsFd::as_fd))?;
        let status = reaper.expect(spawned.pid);
        if let Some(reason) = spawn::executed(spawned.report).await? {
            return Err(Error::invalid(reason));
        }
        self.connect(streams.take()?);
        Ok((Started { pid: spawned.pid, at_ns: sys::realtime_ns() }, status))
    }

    fn spawn(&self, pids: Option<BorrowedFd<'_>>) -> Result<(Spawned, Pending)> {
        let (stdio, streams) = stdio::streams(self.spec.process.terminal, self.wants_stdin, self.user.uid)?;
        let identity = Identity { process: &self.spec.process, user: &self.user, args: &self.spec.process.args };
        let spawned = spawn::first(&self.spec, &self.rootfs.path, pids, identity, &self.cgroup, &stdio)?;
        Ok((spawned, streams))
    }

    /// The program runs: its output goes to the rings, its stdin to whoever attaches.
    fn connect(&self, ends: Ends) {
        self.output.follow(StreamName::Stdout, ends.stdout);
        match ends.stderr {
            Some(stderr) => self.output.follow(StreamName::Stderr, stderr),
            None => self.output.close(StreamName::Stderr),
        }
        let stdin = ends.stdin.map(|end| Arc::new(Stdin::new(end)));
        *self.streams() = Streams { stdin, terminal: ends.terminal };
    }

    fn start_failed(&self, error: Error) {
        self.cgroup.kill();
        self.set_exited(Err(error), ExitStatus { code: START_FAILED, signal: 0 });
        self.output.close(StreamName::Stdout);
        self.output.close(StreamName::Stderr);
    }

    /// The first process is gone: the container is over, whatever else still runs in it.
    fn finish(&self, started: Started, status: ExitStatus) -> Exited {
        self.cgroup.kill();
        self.set_exited(Ok(started), status)
    }

    fn set_exited(&self, start: Result<Started>, status: ExitStatus) -> Exited {
        let exited = Exited {
            container_id: self.id.clone(),
            exit_code: status.code,
            signal: status.signal,
            // a container that coped with the loss of a child and ended well was not ended by it
            oom_killed: status.code != 0 && self.cgroup.oom_killed(),
            exited_at_ns: sys::realtime_ns(),
        };
        *self.streams() = Streams::default();
        self.state.send_replace(State::Exited { start, exited: exited.clone() });
        exited
    }

    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The container's group, with its limits and its device rules.
fn confined_group(id: &str, resources: &Resources) -> Result<Cgroup> {
    let group = Cgroup::create(id, resources)?;
    let restricted = group.open().and_then(|folder| device_filter::attach(folder.as_fd(), &resources.devices));
    match restricted {
        Ok(()) => Ok(group),
        Err(error) => {
            group.remove_empty();
            Err(error)
        }
    }
}

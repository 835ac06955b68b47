//! The sandbox: its containers, and those who want to know what becomes of them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::clock;
use crate::container::{Container, PidNamespace};
use crate::error::{Context, Error, Result};
use crate::image_volumes;
use crate::network;
use crate::process::pause::PodPids;
use crate::process::reaper::Reaper;
use crate::proto::{
    ConfigureSandboxRequest, CreateContainerRequest, Event, Exited, MountImageRequest, Snapshot, event,
};
use crate::removals::Removals;
use crate::sys;

const FILES: &str = "/run/sandbox";
const DEFAULT_SHM_BYTES: u64 = 64 * 1024 * 1024;

/// INVARIANT: a subscriber gets a snapshot and then every event after it: both are done without a pause in between.
#[derive(Debug)]
pub struct Sandbox {
    pub reaper: Arc<Reaper>,
    pod_pids: Arc<PodPids>,
    /// Without those that are being removed.
    containers: Mutex<BTreeMap<String, Arc<Container>>>,
    removals: Removals,
    /// At most one event per container and subscriber, so that unbounded is bounded.
    subscribers: Mutex<Vec<UnboundedSender<Event>>>,
}

impl Default for Sandbox {
    fn default() -> Self {
        let reaper = Arc::new(Reaper::default());
        Self {
            pod_pids: Arc::new(PodPids::new(Arc::clone(&reaper))),
            reaper,
            containers: Mutex::default(),
            removals: Removals::default(),
            subscribers: Mutex::default(),
        }
    }
}

impl Sandbox {
    pub fn create(&self, request: &CreateContainerRequest) -> Result<Arc<Container>> {
        let id = &request.container_id;
        check_id(id)?;
        self.removals.refuse(id)?;
        if self.containers().contains_key(id) {
            return Err(Error::precondition(format!("container {id} exists already")));
        }
        let pids = match request.pid_namespace_of.as_str() {
            "" if request.pod_pids => PidNamespace::Pod(Arc::clone(&self.pod_pids)),
            "" => PidNamespace::AsSpecified,
            target => PidNamespace::Target(self.get(target)?),
        };
        let container = Arc::new(Container::create(request, pids)?);
        self.containers().insert(id.clone(), Arc::clone(&container));
        Ok(container)
    }

    /// An image volume of a container that is to be created.
    pub fn mount_image(&self, request: &MountImageRequest) -> Result<()> {
        check_id(&request.container_id)?;
        self.removals.refuse(&request.container_id)?;
        image_volumes::mount(request)
    }

    pub fn get(&self, id: &str) -> Result<Arc<Container>> {
        self.containers().get(id).cloned().ok_or_else(|| Error::not_found(id))
    }

    /// Returns when nothing of it is left, whoever has asked for that first.
    pub async fn remove(&self, id: &str) -> Result<()> {
        check_id(id)?;
        let begin = || {
            let (container, id) = (self.containers().remove(id), id.to_owned());
            async move {
                if let Some(container) = container {
                    container.remove().await;
                }
                image_volumes::remove(&id).await;
            }
        };
        self.removals.once(id, begin).await;
        Ok(())
    }

    pub fn all(&self) -> Vec<Arc<Container>> {
        self.containers().values().cloned().collect()
    }

    /// Everything as of now, then everything that happens.
    pub fn subscribe(&self) -> UnboundedReceiver<Event> {
        let (sender, receiver) = unbounded_channel();
        let containers = self.all().iter().map(|container| container.info()).collect();
        // the receiver is right here
        let _ = sender.send(Event { event: Some(event::Event::Snapshot(Snapshot { containers })) });
        self.subscribers().push(sender);
        receiver
    }

    pub fn publish(&self, exited: Exited) {
        let event = Event { event: Some(event::Event::Exited(exited)) };
        self.subscribers().retain(|subscriber| subscriber.send(event.clone()).is_ok());
    }

    fn containers(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Container>>> {
        self.containers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn subscribers(&self) -> MutexGuard<'_, Vec<UnboundedSender<Event>>> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An id becomes a file name in several places.
fn check_id(id: &str) -> Result<()> {
    if id.is_empty() || id.starts_with('.') || id.contains('/') {
        return Err(Error::invalid(format!("{id:?} is no container id")));
    }
    Ok(())
}

/// Clock, host name, network, sysctls and the files every container sees.
pub fn configure(request: &ConfigureSandboxRequest) -> Result<()> {
    clock::set(request.realtime_ns)?;
    nix::unistd::sethostname(&request.hostname).invalid(format!("host name {:?} was refused", request.hostname))?;
    network::configure(&request.interfaces)?;
    // after the network: `net.ipv4.conf.eth0.…` needs its interface, and `disable_ipv6` must find the addresses
    for (name, value) in &request.sysctls {
        set_sysctl(name, value)?;
    }
    fs::create_dir_all(FILES).context("cannot make the sandbox's files")?;
    let hostname = format!("{}\n", request.hostname);
    for (name, content) in
        [("hostname", hostname.as_bytes()), ("hosts", &request.hosts), ("resolv.conf", &request.resolv_conf)]
    {
        let path = Path::new(FILES).join(name);
        fs::write(&path, content).context(format!("cannot write {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).context("cannot set a mode")?;
    }
    mount_shm(if request.shm_bytes == 0 { DEFAULT_SHM_BYTES } else { request.shm_bytes })
}

fn mount_shm(bytes: u64) -> Result<()> {
    let shm = format!("{FILES}/shm");
    fs::create_dir_all(&shm).context("cannot make the pod's /dev/shm")?;
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    sys::mount("shm", &shm, Some("tmpfs"), flags, &format!("mode=1777,size={bytes}"))
        .context("cannot mount the pod's /dev/shm")
}

fn set_sysctl(name: &str, value: &str) -> Result<()> {
    let known =
        name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter)) && !name.contains("..");
    if !known {
        return Err(Error::invalid(format!("{name:?} is no sysctl")));
    }
    let path = format!("/proc/sys/{}", name.replace('.', "/"));
    fs::write(&path, value).invalid(format!("sysctl {name} = {value} was refused"))
}

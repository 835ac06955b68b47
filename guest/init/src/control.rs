//! The Control service: short calls and the event stream.

use std::pin::Pin;
use std::sync::Arc;

use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use crate::clock;
use crate::error::Context;
use crate::heartbeat;
use crate::power;
use crate::proto::control_server::Control;
use crate::proto::{
    ConfigureSandboxRequest, ConfigureSandboxResponse, CreateContainerRequest, CreateContainerResponse, Event,
    EventsRequest, HeartbeatRequest, HeartbeatResponse, MountImageRequest, MountImageResponse, RemoveContainerRequest,
    RemoveContainerResponse, ShutdownRequest, ShutdownResponse, SignalContainerRequest, SignalContainerResponse,
    StartContainerRequest, StartContainerResponse, StatsRequest, StatsResponse, UpdateContainerRequest,
    UpdateContainerResponse,
};
use crate::sandbox::{self, Sandbox};
use crate::start::Started;
use crate::stats;

pub struct ControlService {
    sandbox: Arc<Sandbox>,
}

impl ControlService {
    pub fn new(sandbox: Arc<Sandbox>) -> Self {
        Self { sandbox }
    }
}

type Reply<T> = std::result::Result<Response<T>, Status>;

#[tonic::async_trait]
impl Control for ControlService {
    async fn configure_sandbox(&self, request: Request<ConfigureSandboxRequest>) -> Reply<ConfigureSandboxResponse> {
        sandbox::configure(request.get_ref())?;
        let names = nix::sys::utsname::uname().context("cannot read the kernel's name")?;
        Ok(Response::new(ConfigureSandboxResponse {
            kernel_release: names.release().to_string_lossy().into_owned(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        }))
    }

    async fn mount_image(&self, request: Request<MountImageRequest>) -> Reply<MountImageResponse> {
        self.sandbox.mount_image(request.get_ref())?;
        Ok(Response::new(MountImageResponse {}))
    }

    async fn create_container(&self, request: Request<CreateContainerRequest>) -> Reply<CreateContainerResponse> {
        let container = self.sandbox.create(request.get_ref())?;
        let user = &container.user;
        Ok(Response::new(CreateContainerResponse {
            uid: user.uid,
            gid: user.gid,
            supplemental_gids: user.groups.clone(),
        }))
    }

    async fn start_container(&self, request: Request<StartContainerRequest>) -> Reply<StartContainerResponse> {
        let container = self.sandbox.get(&request.get_ref().container_id)?;
        let sandbox = Arc::clone(&self.sandbox);
        let Started { pid, at_ns } =
            container.start(&self.sandbox.reaper, move |exited| sandbox.publish(exited)).await?;
        Ok(Response::new(StartContainerResponse { started_at_ns: at_ns, pid: pid.unsigned_abs() }))
    }

    async fn update_container(&self, request: Request<UpdateContainerRequest>) -> Reply<UpdateContainerResponse> {
        let UpdateContainerRequest { container_id, resources } = request.get_ref();
        let resources = serde_json::from_slice(resources).invalid("the resources cannot be read")?;
        self.sandbox.get(container_id)?.update(&resources)?;
        Ok(Response::new(UpdateContainerResponse {}))
    }

    async fn signal_container(&self, request: Request<SignalContainerRequest>) -> Reply<SignalContainerResponse> {
        let SignalContainerRequest { container_id, signal, all } = request.into_inner();
        let signal = i32::try_from(signal).map_err(|_| Status::invalid_argument(format!("{signal} is no signal")))?;
        self.sandbox.get(&container_id)?.signal(&self.sandbox.reaper, signal, all);
        Ok(Response::new(SignalContainerResponse {}))
    }

    async fn remove_container(&self, request: Request<RemoveContainerRequest>) -> Reply<RemoveContainerResponse> {
        self.sandbox.remove(&request.get_ref().container_id).await?;
        Ok(Response::new(RemoveContainerResponse {}))
    }

    type EventsStream = Pin<Box<dyn Stream<Item = std::result::Result<Event, Status>> + Send>>;

    async fn events(&self, _request: Request<EventsRequest>) -> Reply<Self::EventsStream> {
        let events = UnboundedReceiverStream::new(self.sandbox.subscribe());
        Ok(Response::new(Box::pin(events.map(Ok))))
    }

    type HeartbeatStream = Pin<Box<dyn Stream<Item = std::result::Result<HeartbeatResponse, Status>> + Send>>;

    async fn heartbeat(&self, request: Request<Streaming<HeartbeatRequest>>) -> Reply<Self::HeartbeatStream> {
        Ok(Response::new(Box::pin(heartbeat::beats(request.into_inner(), clock::follow))))
    }

    async fn stats(&self, request: Request<StatsRequest>) -> Reply<StatsResponse> {
        Ok(Response::new(stats::stats(&self.sandbox, request.get_ref().details).await?))
    }

    async fn shutdown(&self, _request: Request<ShutdownRequest>) -> Reply<ShutdownResponse> {
        for container in self.sandbox.all() {
            container.cgroup.kill();
        }
        power::end(power::CLEAN)
    }
}

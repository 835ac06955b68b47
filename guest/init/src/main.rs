//! guest-init: process 1 of a pod's microVM, and, executed by itself as `pause`, of its containers' shared pid namespace.
//!
//! INVARIANTS
//! - One thread, always: children are made by clone3 without exec in between, which is safe only then.
//! - The VM ends with exit code 0 only by Control.Shutdown; every other end is seen as a crash by the host.

mod accounts;
mod boot;
mod bpf;
mod cgroup;
mod clock;
mod connection;
mod container;
mod control;
mod delete_tree;
mod device_filter;
mod device_nodes;
mod error;
mod exec_service;
mod heartbeat;
mod image_volumes;
mod implied;
mod layers;
mod limits;
mod mount_options;
mod mount_point;
mod network;
mod open_folder;
mod output;
mod power;
mod process;
mod removals;
mod ring;
mod rootfs_mounts;
mod sandbox;
mod seals;
mod server;
mod shares;
mod spec;
mod start;
mod stats;
mod stream;
mod sys;
mod user;

/// Generated from proto/guest/v1/guest.proto.
mod proto {
    #![allow(clippy::all, reason = "generated code")]
    tonic::include_proto!("a3s.guest.v1");
}

use std::sync::Arc;

use crate::error::{Context, Result};
use crate::process::pause;
use crate::sandbox::Sandbox;
use crate::server::Listeners;

fn main() {
    if pause::is_pause(std::env::args_os().next().as_deref()) {
        pause::run();
    }
    let init_ns = sys::clock_ns(libc::CLOCK_BOOTTIME);
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("a3s-init: {panic}");
        power::end(power::CRASHED);
    }));
    power::store_exit_code(power::CRASHED);
    if let Err(error) = run(init_ns) {
        eprintln!("a3s-init: {error}");
    }
    power::end(power::CRASHED)
}

fn run(init_ns: i64) -> Result<()> {
    let config = boot::prepare()?;
    nix::sys::prctl::set_name(c"guest-init").context("cannot set the process name")?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(async {
        let sandbox = Arc::new(Sandbox::default());
        let listeners = Listeners::bind()?;
        boot::report_ready(&config.token, init_ns)?;
        let reaper = Arc::clone(&sandbox.reaper);
        tokio::try_join!(listeners.serve(sandbox, &config.token), async move { reaper.run().await }).map(|_| ())
    })
}

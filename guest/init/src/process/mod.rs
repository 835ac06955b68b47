//! Processes of containers: how they are made, what they become, how their ends are learnt.

pub mod credentials;
mod program;
pub mod reaper;
pub mod run;
pub mod seccomp;
pub mod spawn;

//! Processes of containers: how they are made, what they become, their streams, how their ends are learnt.

pub mod birth;
pub mod credentials;
pub mod end;
pub mod pause;
mod program;
pub mod reaper;
pub mod run;
pub mod seccomp;
pub mod spawn;
pub mod stdio;
pub mod terminal;

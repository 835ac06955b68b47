//! Processes of containers: how they are made, what they become, how their ends are learnt.

pub mod credentials;
pub mod reaper;
pub mod run;
pub mod spawn;

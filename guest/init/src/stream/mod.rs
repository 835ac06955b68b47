//! Streams between the caller and something in the pod: what Run and Attach have in common, and the calls themselves.

pub mod attach;
pub mod caller;
pub mod forward;
pub mod stdin;
pub mod window;

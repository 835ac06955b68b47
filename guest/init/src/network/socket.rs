//! A route netlink socket: one request, one acknowledgement.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;

use crate::error::{Context, Result};
use crate::network::message;
use crate::sys;

/// An acknowledgement holds the request it answers; the largest request is far below this.
const ANSWER_LIMIT: usize = 4096;

pub struct Socket(File);

impl Socket {
    pub fn open() -> Result<Self> {
        let fd: OwnedFd = sys::route_socket().context("cannot open a netlink socket")?;
        Ok(Self(File::from(fd)))
    }

    /// Sends a request and waits for the kernel's answer, which is immediate.
    pub fn request(&self, request: &[u8]) -> io::Result<()> {
        (&self.0).write_all(request)?;
        let mut answer = [0; ANSWER_LIMIT];
        let size = (&self.0).read(&mut answer)?;
        match message::acknowledged(answer.get(..size).unwrap_or_default()) {
            Some(0) => Ok(()),
            Some(errno) => Err(io::Error::from_raw_os_error(errno)),
            None => Err(io::Error::other("the kernel's answer is no acknowledgement")),
        }
    }
}

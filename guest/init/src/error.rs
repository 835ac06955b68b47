//! The agent's errors: what the daemon (and through it the user) must be told, and the gRPC code it comes with.

use std::fmt::{self, Display};

use tonic::{Code, Status};

/// Why a call failed.
#[derive(Debug, Clone)]
pub struct Error {
    code: Code,
    message: String,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The request cannot be carried out as it is.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { code: Code::InvalidArgument, message: message.into() }
    }

    /// There is no such container.
    pub fn not_found(id: &str) -> Self {
        Self { code: Code::NotFound, message: format!("container {id} does not exist in the guest") }
    }

    /// The container is in another state than the call needs.
    pub fn precondition(message: impl Into<String>) -> Self {
        Self { code: Code::FailedPrecondition, message: message.into() }
    }

    /// The caller was cut off for what it did, or did not do.
    pub fn aborted(message: impl Into<String>) -> Self {
        Self { code: Code::Aborted, message: message.into() }
    }

    /// This agent does not do that yet.
    pub fn unimplemented(message: impl Into<String>) -> Self {
        Self { code: Code::Unimplemented, message: message.into() }
    }

    /// The guest's kernel refused something it should not have refused.
    pub fn internal(message: impl Into<String>) -> Self {
        Self { code: Code::Internal, message: message.into() }
    }

    pub fn message(&self) -> &str {
        &self.message
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Status::new(error.code, error.message)
    }
}

/// Says what was being done when the system refused it.
pub trait Context<T> {
    /// The failure is the agent's or the kernel's.
    fn context(self, what: impl Display) -> Result<T>;
    /// The failure is in what was asked for.
    fn invalid(self, what: impl Display) -> Result<T>;
}

impl<T, E: Display> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl Display) -> Result<T> {
        self.map_err(|error| Error::internal(format!("{what}: {error}")))
    }

    fn invalid(self, what: impl Display) -> Result<T> {
        self.map_err(|error| Error::invalid(format!("{what}: {error}")))
    }
}

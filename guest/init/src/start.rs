//! A container's states, and the one start that leads through them.

use tokio::sync::watch;

use crate::error::{Context, Result};
use crate::proto::Exited;

/// The first process, since its program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    pub pid: i32,
    pub at_ns: i64,
}

#[derive(Debug, Clone)]
pub enum State {
    Created,
    Starting,
    Running(Started),
    /// `start` is an error if the program never ran.
    Exited {
        start: Result<Started>,
        exited: Exited,
    },
}

impl State {
    fn outcome(&self) -> Option<Result<Started>> {
        match self {
            Self::Created | Self::Starting => None,
            Self::Running(started) => Some(Ok(*started)),
            Self::Exited { start, .. } => Some(start.clone()),
        }
    }
}

/// Sets off `start`, which moves `state` on, unless that was done before; then waits for what came of it, be it long ago. In a
/// task of its own, because a caller may leave: what it began comes to its end, and one who asks again is told the same.
pub async fn once(state: &watch::Sender<State>, start: impl Future<Output = ()> + Send + 'static) -> Result<Started> {
    let first = state.send_if_modified(|state| {
        let created = matches!(state, State::Created);
        if created {
            *state = State::Starting;
        }
        created
    });
    if first {
        tokio::spawn(start);
    }
    let mut states = state.subscribe();
    loop {
        if let Some(outcome) = states.borrow_and_update().outcome() {
            return outcome;
        }
        states.changed().await.context("the container is gone")?;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;
    use crate::error::Error;

    const STARTED: Started = Started { pid: 7, at_ns: 99 };

    fn exited(start: Result<Started>) -> State {
        State::Exited { start, exited: Exited::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_goes_on_when_its_caller_leaves_and_the_next_caller_waits_for_it() {
        let state = Arc::new(watch::Sender::new(State::Created));
        let (go, gone) = oneshot::channel();
        let slow = {
            let state = Arc::clone(&state);
            async move {
                gone.await.unwrap();
                state.send_replace(State::Running(STARTED));
            }
        };
        // the caller's deadline drops its future
        assert!(tokio::time::timeout(Duration::from_secs(1), once(&state, slow)).await.is_err());
        assert!(matches!(*state.borrow(), State::Starting));
        let second = async { unreachable!("one start is enough") };
        let (again, ()) = tokio::join!(once(&state, second), async { go.send(()).unwrap() });
        assert_eq!(again.unwrap(), STARTED);
    }

    #[tokio::test]
    async fn whoever_asks_later_is_told_what_came_of_it() {
        let ended = watch::Sender::new(exited(Ok(STARTED)));
        assert_eq!(once(&ended, async { unreachable!() }).await.unwrap(), STARTED);
        let failed = watch::Sender::new(exited(Err(Error::invalid("no such program"))));
        assert_eq!(once(&failed, async { unreachable!() }).await.unwrap_err().message(), "no such program");
    }
}

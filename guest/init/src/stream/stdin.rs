//! The stdin of a container, which attached callers share.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::process::end::End;
use crate::stream::caller::Sink;

/// INVARIANT: once closed it takes nothing more, and who is writing to it stops, so that the process sees its end.
#[derive(Debug)]
pub struct Stdin {
    end: Mutex<Option<End>>,
    closed: watch::Sender<bool>,
}

impl Stdin {
    pub fn new(end: End) -> Self {
        Self { end: Mutex::new(Some(end)), closed: watch::Sender::new(false) }
    }

    pub fn close(&self) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.closed.send_replace(true);
    }

    async fn write_all(&self, data: &[u8]) -> bool {
        let Some(end) = self.end.lock().unwrap_or_else(PoisonError::into_inner).clone() else {
            return false;
        };
        let mut closed = self.closed.subscribe();
        tokio::select! {
            written = end.write_all(data) => written.is_ok(),
            _ = closed.wait_for(|closed| *closed) => false,
        }
    }
}

/// One attached caller's hold on it.
#[derive(Debug)]
pub struct Hold {
    stdin: Arc<Stdin>,
    /// The end of this hold is the end of the container's stdin.
    once: bool,
}

impl Hold {
    pub fn new(stdin: Arc<Stdin>, once: bool) -> Self {
        Self { stdin, once }
    }
}

impl Sink for Hold {
    async fn take(&self, data: &[u8]) -> bool {
        self.stdin.write_all(data).await
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.once {
            self.stdin.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stdin() -> (End, Arc<Stdin>) {
        let (reader, writer) = nix::unistd::pipe().unwrap();
        (End::new(reader).unwrap(), Arc::new(Stdin::new(End::new(writer).unwrap())))
    }

    #[tokio::test(flavor = "current_thread")]
    async fn stays_open_over_the_callers_unless_it_is_for_one() {
        let (process, stdin) = stdin();
        for word in [&b"one"[..], b"two"] {
            assert!(Hold::new(Arc::clone(&stdin), false).take(word).await);
            assert_eq!(process.read(10).await.unwrap(), word);
        }
        drop(Hold::new(Arc::clone(&stdin), true));
        assert_eq!(process.read(10).await.unwrap(), b"");
        assert!(!Hold::new(stdin, false).take(b"late").await);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn closing_it_stops_a_caller_whose_input_nobody_reads() {
        let (process, stdin) = stdin();
        let stuck = tokio::spawn({
            let hold = Hold::new(Arc::clone(&stdin), false);
            async move { hold.take(&vec![0; 1 << 20]).await }
        });
        tokio::task::yield_now().await;
        assert!(!stuck.is_finished());
        stdin.close();
        assert!(!stuck.await.unwrap());
        drop(process);
    }
}

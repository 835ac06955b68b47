//! How much of a process's output the caller takes: windows beyond what it has acknowledged.

use tokio::sync::watch;

/// The windows of one call.
#[derive(Debug)]
pub struct Windows {
    pub stdout: Window,
    pub stderr: Window,
}

impl Windows {
    /// `bytes` 0: no limit but the connection's.
    pub fn new(bytes: u64) -> Self {
        Self { stdout: Window::new(bytes), stderr: Window::new(bytes) }
    }
}

#[derive(Debug)]
pub struct Window {
    bytes: Option<u64>,
    taken: watch::Sender<u64>,
}

impl Window {
    fn new(bytes: u64) -> Self {
        Self { bytes: Some(bytes).filter(|bytes| *bytes > 0), taken: watch::Sender::new(0) }
    }

    /// The caller has taken this much since the call began.
    pub fn acknowledge(&self, total: u64) {
        self.taken.send_if_modified(|taken| {
            let more = total > *taken;
            *taken = total.max(*taken);
            more
        });
    }

    /// Waits until more may be sent than the `sent` bytes so far; how much more.
    pub async fn room(&self, sent: u64) -> usize {
        let Some(bytes) = self.bytes else {
            return usize::MAX;
        };
        let mut taken = self.taken.subscribe();
        let end = |taken: u64| taken.saturating_add(bytes);
        // the sender lives as long as self
        taken.wait_for(|taken| end(*taken) > sent).await.map_or(0, |taken| (end(*taken) - sent) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test(flavor = "current_thread")]
    async fn a_window_opens_with_what_is_taken() {
        let window = Arc::new(Window::new(10));
        assert_eq!(window.room(0).await, 10);
        assert_eq!(window.room(7).await, 3);
        let waiting = tokio::spawn({
            let window = Arc::clone(&window);
            async move { window.room(10).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        window.acknowledge(4);
        assert_eq!(waiting.await.unwrap(), 4);
        window.acknowledge(2);
        assert_eq!(window.room(10).await, 4);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn without_a_window_there_is_always_room() {
        assert_eq!(Window::new(0).room(u64::MAX).await, usize::MAX);
    }
}

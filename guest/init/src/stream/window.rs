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

    /// Waits until `wanted` bytes more, or half a window, may be sent than the `sent` ones so far; how many more. A smaller opening
    /// is not used: each small message would be acknowledged by itself and make room for another small one (RFC 9293, section
    /// 3.8.6.2). The caller acknowledges before half a window has been taken.
    pub async fn room(&self, sent: u64, wanted: usize) -> usize {
        let Some(bytes) = self.bytes else {
            return usize::MAX;
        };
        let least = (wanted as u64).min(bytes.div_ceil(2)).max(1);
        let room = |taken: u64| taken.saturating_add(bytes).saturating_sub(sent);
        let mut taken = self.taken.subscribe();
        // the sender lives as long as self
        taken.wait_for(|taken| room(*taken) >= least).await.map_or(0, |taken| room(*taken) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    #[tokio::test(flavor = "current_thread")]
    async fn a_window_opens_with_what_is_taken() {
        let window = Arc::new(Window::new(10));
        assert_eq!(window.room(0, 8).await, 10);
        assert_eq!(window.room(7, 3).await, 3);
        let waiting = tokio::spawn({
            let window = Arc::clone(&window);
            async move { window.room(10, 1).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        window.acknowledge(4);
        assert_eq!(waiting.await.unwrap(), 4);
        window.acknowledge(2);
        assert_eq!(window.room(10, 1).await, 4);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_small_opening_is_left_until_half_the_window_is_free() {
        let window = Window::new(10);
        for taken in [0, 2, 4] {
            window.acknowledge(taken);
            assert!(tokio::time::timeout(Duration::from_secs(1), window.room(10, 8)).await.is_err());
        }
        window.acknowledge(5);
        assert_eq!(window.room(10, 8).await, 5);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn without_a_window_there_is_always_room() {
        assert_eq!(Window::new(0).room(u64::MAX, 1).await, usize::MAX);
    }
}

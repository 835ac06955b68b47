//! Removals of containers that are under way.
//!
//! INVARIANT: a removal comes to its end whether or not its caller stays. One who asks for it again waits for that end, and nobody is
//! told that a container is gone while a part of it is there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::error::{Error, Result};

/// The end of each: its sender is dropped then.
type Ends = BTreeMap<String, watch::Receiver<()>>;

#[derive(Debug, Default)]
pub struct Removals(Arc<Mutex<Ends>>);

impl Removals {
    /// Sets off what `begin` returns, in a task of its own, unless `id` is being removed already; then waits for the end of it.
    pub async fn once<F>(&self, id: &str, begin: impl FnOnce() -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut end = self.under_way(id).unwrap_or_else(|| self.set_off(id, begin()));
        // nothing is ever sent: this is an error when the sender is gone
        let _ = end.changed().await;
    }

    /// FAILED_PRECONDITION while `id` is being removed: whatever was made for it then would be taken away, or a part of it.
    pub fn refuse(&self, id: &str) -> Result<()> {
        match self.under_way(id) {
            None => Ok(()),
            Some(_) => Err(Error::precondition(format!(
                "container {id} is being removed: ask again when RemoveContainer has been answered"
            ))),
        }
    }

    fn under_way(&self, id: &str) -> Option<watch::Receiver<()>> {
        lock(&self.0).get(id).cloned()
    }

    fn set_off(&self, id: &str, removal: impl Future<Output = ()> + Send + 'static) -> watch::Receiver<()> {
        let (sender, end) = watch::channel(());
        lock(&self.0).insert(id.to_owned(), end.clone());
        let (ends, id) = (Arc::clone(&self.0), id.to_owned());
        tokio::spawn(async move {
            removal.await;
            lock(&ends).remove(&id);
            drop(sender);
        });
        end
    }
}

fn lock(ends: &Mutex<Ends>) -> MutexGuard<'_, Ends> {
    ends.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_removal_goes_on_when_its_caller_leaves_and_the_next_caller_waits_for_it() {
        let removals = Removals::default();
        let (go, gone) = oneshot::channel();
        let slow = || async { gone.await.unwrap() };
        // the caller's deadline drops its future
        assert!(tokio::time::timeout(Duration::from_secs(1), removals.once("a", slow)).await.is_err());
        assert!(removals.refuse("a").unwrap_err().message().contains("is being removed"));
        assert!(removals.refuse("b").is_ok());
        let second = || async { unreachable!("one removal is enough") };
        assert!(tokio::time::timeout(Duration::from_secs(1), removals.once("a", second)).await.is_err());
        tokio::join!(removals.once("a", second), async { go.send(()).unwrap() });
        assert!(removals.refuse("a").is_ok());
    }

    #[tokio::test]
    async fn what_was_removed_can_be_removed_again() {
        let removals = Removals::default();
        let (count, mut counted) = watch::channel(0);
        for _ in 0..2 {
            let count = count.clone();
            removals.once("a", || async move { count.send_modify(|count| *count += 1) }).await;
        }
        assert_eq!(*counted.borrow_and_update(), 2);
    }
}

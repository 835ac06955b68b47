//! Beats, which mean that the event loop turns, and the host's clock, which comes with each request for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio_stream::{Stream, StreamExt};

use crate::clock::HostClock;
use crate::proto::{HeartbeatRequest, HeartbeatResponse};
use crate::sys;

/// No beat has left yet; the kernel's clock has no such time.
const NEVER: i64 = -1;

/// One beat for each request, when it asked for it. `follow` gets the host's clock at once.
pub fn beats<E: Send>(
    requests: impl Stream<Item = Result<HeartbeatRequest, E>> + Send,
    follow: impl Fn(HostClock) + Copy + Send,
) -> impl Stream<Item = Result<HeartbeatResponse, E>> + Send {
    let last = Arc::new(AtomicI64::new(NEVER));
    requests.then(move |asked| {
        let last = Arc::clone(&last);
        async move {
            let HeartbeatRequest { after_ms, realtime_ns } = asked?;
            let left_ns = last.load(Ordering::Relaxed);
            // the daemon has read its clock since the last beat left: it asks when that has come
            let age_limit_ns = (left_ns != NEVER).then(|| now_ns() - left_ns);
            follow(HostClock { realtime_ns, age_limit_ns });
            tokio::time::sleep(Duration::from_millis(after_ms.into())).await;
            last.store(now_ns(), Ordering::Relaxed);
            Ok(HeartbeatResponse {})
        }
    })
}

/// Not the clock that is corrected.
fn now_ns() -> i64 {
    sys::clock_ns(libc::CLOCK_BOOTTIME)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Mutex;
    use std::time::Instant;

    use tokio::sync::mpsc::unbounded_channel;
    use tokio_stream::wrappers::UnboundedReceiverStream;

    use super::*;

    #[tokio::test]
    async fn each_request_has_its_beat_and_the_age_of_its_clock_is_bounded_by_the_last_one() {
        let heard = Mutex::new(Vec::new());
        let (asks, asked) = unbounded_channel();
        let ask = |realtime_ns| asks.send(Ok::<_, Infallible>(HeartbeatRequest { after_ms: 30, realtime_ns })).unwrap();
        let beats = beats(UnboundedReceiverStream::new(asked), |host| heard.lock().unwrap().push(host));
        tokio::pin!(beats);
        ask(7);
        let began = Instant::now();
        assert!(beats.next().await.is_some());
        assert!(began.elapsed() >= Duration::from_millis(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
        ask(8);
        assert!(beats.next().await.is_some());
        let all = began.elapsed();
        let heard = heard.lock().unwrap();
        assert_eq!(heard[0], HostClock { realtime_ns: 7, age_limit_ns: None });
        assert_eq!(heard[1].realtime_ns, 8);
        let age = heard[1].age_limit_ns.unwrap();
        // since the first beat, not since the first request, nor until the second beat
        assert!(age >= 20_000_000, "{age}");
        assert!(i128::from(age) + 60_000_000 <= all.as_nanos() as i128, "{age} of {all:?}");
    }
}

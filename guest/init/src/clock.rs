//! The guest's clock follows the host's. kvm-clock gives a guest the processor's raw counter: neither what a time service does to the
//! host's clock nor the time for which a host was suspended ever arrives in it.
//!
//! Each heartbeat's request brings the host's clock. It can only be late, by milliseconds, or by seconds where guest or daemon get no
//! processor; but it was read after the last beat had left here, so that its age is bounded.
//!
//! INVARIANT: the clock is moved only as far as is certain, so that no late message sets it back.

use std::io;

use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_settime};

use crate::error::{Context, Result};
use crate::sys;

/// A smaller difference is let be: the host's clock comes in milliseconds.
const TOLERANCE_NS: u64 = 2_000_000;
/// A bigger difference would take longer than half an hour to slew: the clock jumps.
const SLEW_LIMIT_NS: u64 = 1_000_000_000;

/// The host's clock as a heartbeat's request brings it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostClock {
    /// Not positive: the daemon does not send it.
    pub realtime_ns: i64,
    /// It was read no longer ago; None if nothing is known of that.
    pub age_limit_ns: Option<i64>,
}

#[derive(Debug, PartialEq, Eq)]
enum Correction {
    Slew(i64),
    Step(i64),
}

/// Sets the clock, unless the host's is not known.
pub fn set(realtime_ns: i64) -> Result<()> {
    if realtime_ns <= 0 {
        return Ok(());
    }
    step_to(realtime_ns).context("cannot set the clock")
}

/// Corrects the clock by what the host's was at most `age_limit_ns` ago.
pub fn follow(host: HostClock) {
    let corrected = match correction(host, sys::realtime_ns()) {
        None => Ok(()),
        Some(Correction::Slew(by_ns)) => sys::slew_clock(by_ns / 1000),
        Some(Correction::Step(by_ns)) => {
            eprintln!("a3s-init: the clock was {} ms off the host's and is set", by_ns / 1_000_000);
            // the kernel drops what is left of a slew
            step_to(sys::realtime_ns().saturating_add(by_ns))
        }
    };
    if let Err(error) = corrected {
        eprintln!("a3s-init: cannot correct the clock: {error}");
    }
}

/// The host was ahead by the difference when its clock was read, and has gone on since then, for no longer than the message is old.
/// So the true difference lies between two bounds, and the one nearer to zero is certain.
fn correction(host: HostClock, guest_ns: i64) -> Option<Correction> {
    if host.realtime_ns <= 0 {
        return None;
    }
    let least = host.realtime_ns.saturating_sub(guest_ns);
    let most = host.age_limit_ns.map_or(i64::MAX, |age| least.saturating_add(age));
    let certain = least.max(0) + most.min(0);
    let amount = certain.unsigned_abs();
    if amount <= TOLERANCE_NS {
        None
    } else if amount <= SLEW_LIMIT_NS {
        Some(Correction::Slew(certain))
    } else {
        Some(Correction::Step(certain))
    }
}

fn step_to(realtime_ns: i64) -> io::Result<()> {
    let time = libc::timespec { tv_sec: realtime_ns / 1_000_000_000, tv_nsec: realtime_ns % 1_000_000_000 };
    Ok(clock_settime(ClockId::CLOCK_REALTIME, TimeSpec::from(time))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;
    const GUEST_NS: i64 = 1_800_000_000_000 * MS;

    /// What becomes of a guest that is `behind_ms` (or ahead, if negative), by a message that took `late_ms` and whose last beat left
    /// `round_ms` ago.
    fn corrected(behind_ms: i64, late_ms: i64, round_ms: Option<i64>) -> Option<Correction> {
        let realtime_ns = GUEST_NS + (behind_ms - late_ms) * MS;
        correction(HostClock { realtime_ns, age_limit_ns: round_ms.map(|ms| ms * MS) }, GUEST_NS)
    }

    #[test]
    fn small_differences_are_slewed_and_big_ones_set() {
        assert_eq!(corrected(50, 0, Some(0)), Some(Correction::Slew(50 * MS)));
        assert_eq!(corrected(-50, 0, Some(0)), Some(Correction::Slew(-50 * MS)));
        assert_eq!(corrected(1_000, 0, Some(0)), Some(Correction::Slew(1_000 * MS)));
        assert_eq!(corrected(1_001, 0, Some(0)), Some(Correction::Step(1_001 * MS)));
        assert_eq!(corrected(-3_600_000, 0, Some(0)), Some(Correction::Step(-3_600_000 * MS)));
        for tiny in [-2, 0, 2] {
            assert_eq!(corrected(tiny, 0, Some(0)), None);
        }
    }

    #[test]
    fn however_late_a_message_is_it_moves_no_clock_that_is_right() {
        for (late, round) in [(5, 6), (5, 5_000), (4_000, 4_000), (4_000, 9_000), (60_000, 60_001)] {
            assert_eq!(corrected(0, late, Some(round)), None, "{late} of {round} ms");
            assert_eq!(corrected(0, late, None), None, "{late} ms");
        }
    }

    #[test]
    fn a_late_message_corrects_as_far_as_is_certain() {
        // ahead by 10 s: of that the message's age may be 3 s
        assert_eq!(corrected(-10_000, 2_000, Some(3_000)), Some(Correction::Step(-9_000 * MS)));
        assert_eq!(corrected(10_000, 2_000, Some(3_000)), Some(Correction::Step(8_000 * MS)));
        // nothing bounds the age of the first message: it can only tell that a guest is behind
        assert_eq!(corrected(-10_000, 0, None), None);
        assert_eq!(corrected(10_000, 2_000, None), Some(Correction::Step(8_000 * MS)));
    }

    #[test]
    fn a_daemon_that_sends_no_clock_and_absurd_ones_do_no_harm() {
        let told = |realtime_ns, age_limit_ns| correction(HostClock { realtime_ns, age_limit_ns }, GUEST_NS);
        assert_eq!(told(0, Some(0)), None);
        assert_eq!(told(i64::MIN, Some(0)), None);
        assert!(told(i64::MAX, Some(i64::MAX)).is_some());
        assert!(correction(HostClock { realtime_ns: i64::MAX, age_limit_ns: None }, i64::MIN).is_some());
    }
}

//! Pauses between attempts to come back to a server.

use std::time::Duration;

/// Pauses between attempts to connect: doubled each time, up to a bound, and each somewhere in its upper half, so that many
/// observers of one server do not come back at once.
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(250);
    const LONGEST: Duration = Duration::from_secs(10);

    pub(super) fn new() -> Self {
        Self { next: Self::FIRST }
    }

    /// The next pause; `jitter` is from 0 to 1.
    pub(super) fn pause(&mut self, jitter: f64) -> Duration {
        let pause = self.next.mul_f64(0.5 + 0.5 * jitter);
        self.next = (self.next * 2).min(Self::LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound() {
        let mut backoff = Backoff::new();
        let pauses: Vec<u128> = (0..8).map(|_| backoff.pause(1.0).as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        assert_eq!(Backoff::new().pause(0.0).as_millis(), 125);
    }
}

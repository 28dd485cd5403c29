//! What follows a conflict: another writer was first, and the operation is tried again, a bounded number of times.

use std::time::{Duration, SystemTime};

use crate::{error::Error, service::TotpService};

/// How often an operation has been tried, and since when.
#[derive(Clone, Copy, Default)]
pub(crate) struct Retry {
    tries: u32,
    /// `None`: it has not been tried.
    since: Option<SystemTime>,
}

impl Retry {
    /// Notes when the first try begins.
    pub(crate) fn begin(&mut self, service: &TotpService) {
        self.since.get_or_insert_with(|| service.inner.clock.now());
    }

    /// How long to wait before the next try.
    ///
    /// # Errors
    ///
    /// [`Error::Contended`] if there is none, or [`Error::Randomness`].
    pub(crate) fn after_conflict(&mut self, service: &TotpService) -> Result<Duration, Error> {
        let config = &service.inner.config;
        self.tries += 1;
        let now = service.inner.clock.now();
        let trying = now.duration_since(self.since.unwrap_or(now));
        if self.tries >= config.max_tries || trying.unwrap_or_default() >= config.longest_trying {
            return Err(Error::Contended);
        }
        // Up to 2, 4, 8, … 128 ms: those who collided once shall not collide again.
        let mut dice = [0; 4];
        service.inner.random.fill(&mut dice)?;
        let longest_micros = 1_000_u32 << self.tries.min(7);
        let micros = u32::from_be_bytes(dice) % longest_micros;
        Ok(Duration::from_micros(micros.into()))
    }
}

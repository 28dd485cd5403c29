//! Failures of the store as events: one for an outage, and not one for every request in it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::error::StoreError;

/// A store that fails for one user and works for the others fails again and again: it is reported once a minute at most.
const PAUSE_SECS: u64 = 60;

/// Reads and writes apart: a full disk can still be read.
#[derive(Default)]
pub(crate) struct Outages {
    pub(crate) reads: Outage,
    pub(crate) writes: Outage,
}

/// Whether the last answer was a failure.
#[derive(Default)]
pub(crate) struct Outage {
    fails: AtomicBool,
    /// When the last one was reported; 0: never.
    reported_at: AtomicU64,
}

impl Outage {
    /// Whether this answer is the first failure after a success, and so to be reported. A row that is no device is no
    /// outage. `now` is asked only for a failure.
    pub(crate) fn begins<T>(
        &self,
        answer: &Result<T, StoreError>,
        now: impl FnOnce() -> Option<u64>,
    ) -> bool {
        match answer {
            // A read before the write: nearly always there is nothing to change, and no other thread's cache to disturb.
            Ok(_) if self.fails.load(Relaxed) => {
                if self.fails.swap(false, Relaxed) {
                    tracing::info!("the device store answers again");
                }
                false
            }
            Err(StoreError::Unavailable(_)) if !self.fails.load(Relaxed) => {
                now().is_some_and(|now| self.begins_at(now))
            }
            _ => false,
        }
    }

    fn begins_at(&self, now: u64) -> bool {
        let reported_at = self.reported_at.load(Relaxed);
        if reported_at != 0 && now.abs_diff(reported_at) < PAUSE_SECS {
            return false;
        }
        let is_first = self
            .reported_at
            .compare_exchange(reported_at, now, Relaxed, Relaxed)
            .is_ok(); // else another thread reports it
        if is_first {
            self.fails.store(true, Relaxed);
        }
        is_first
    }
}

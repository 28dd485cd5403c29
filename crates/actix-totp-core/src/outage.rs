//! What the store answers, watched: of an outage one event is told, and not one for every request in it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::{
    device::{Device, UserId, Version},
    error::StoreError,
    event::Event,
    totp::TotpService,
};

/// Whether the last answer was a failure. Reads and writes apart: a full disk can still be read.
#[derive(Default)]
pub(crate) struct Outages {
    pub(crate) reads: Outage,
    pub(crate) writes: Outage,
}

#[derive(Default)]
pub(crate) struct Outage(AtomicBool);

impl TotpService {
    pub(crate) fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        let loaded = self.inner.store.load(user);
        self.watch(&self.inner.outages.reads, user, &loaded);
        loaded
    }

    pub(crate) fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        let swapped = self.inner.store.swap(user, expected, next);
        self.watch(&self.inner.outages.writes, user, &swapped);
        swapped
    }

    /// Tells of the first failure after a success.
    pub(crate) fn watch<T>(&self, outage: &Outage, user: &UserId, answer: &Result<T, StoreError>) {
        match answer {
            // A look before the write: nearly always there is nothing to change, and no other thread's cache to disturb.
            Ok(_) if outage.0.load(Relaxed) => {
                if outage.0.swap(false, Relaxed) {
                    tracing::info!("the device store answers again");
                }
            }
            Ok(_) => {}
            Err(_) if outage.0.swap(true, Relaxed) => {}
            Err(_) => self.tell(&Event::StoreFailed { user: user.clone() }),
        }
    }
}

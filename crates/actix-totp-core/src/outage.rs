//! Faults as events. Of an outage of the store one is told, and not one for every request in it.

use std::{
    mem,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use crate::{
    device::{Device, UserId, Version},
    error::{Error, StoreError},
    event::Event,
    totp::TotpService,
};

/// A store that fails for one user and works for the others fails again and again: it is told once a minute at most.
const PAUSE_SECS: u64 = 60;

/// Whether the last answer was a failure. Reads and writes apart: a full disk can still be read.
#[derive(Default)]
pub(crate) struct Outages {
    pub(crate) reads: Outage,
    pub(crate) writes: Outage,
    /// What was met while others waited, and is to be told when they do not.
    untold: Mutex<Vec<Event>>,
}

#[derive(Default)]
pub(crate) struct Outage {
    fails: AtomicBool,
    /// When the last one was told; 0: never.
    told_at: AtomicU64,
}

impl TotpService {
    pub(crate) fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        let loaded = self.inner.store.load(user);
        let event = self.outage(&self.inner.outages.reads, user, &loaded);
        event.iter().for_each(|event| self.tell(event));
        loaded
    }

    pub(crate) fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        let swapped = self.inner.store.swap(user, expected, next);
        let event = self.outage(&self.inner.outages.writes, user, &swapped);
        event.iter().for_each(|event| self.tell(event));
        swapped
    }

    /// The event of the first failure after a success. A row that is no device is no outage.
    pub(crate) fn outage<T>(
        &self,
        outage: &Outage,
        user: &UserId,
        answer: &Result<T, StoreError>,
    ) -> Option<Event> {
        match answer {
            // A look before the write: nearly always there is nothing to change, and no other thread's cache to disturb.
            Ok(_) if outage.fails.load(Relaxed) => {
                if outage.fails.swap(false, Relaxed) {
                    tracing::info!("the device store answers again");
                }
                None
            }
            Err(StoreError::Unavailable(_)) if !outage.fails.load(Relaxed) => {
                let (now, told_at) = (self.now().ok()?, outage.told_at.load(Relaxed));
                if told_at != 0 && now.abs_diff(told_at) < PAUSE_SECS {
                    return None;
                }
                let told = outage
                    .told_at
                    .compare_exchange(told_at, now, Relaxed, Relaxed);
                told.ok()?; // else another thread tells it
                outage.fails.store(true, Relaxed);
                Some(Event::StoreFailed { user: user.clone() })
            }
            _ => None,
        }
    }

    /// Tells of a box that does not open.
    pub(crate) fn tell_fault(&self, error: &Error) {
        fault(error).iter().for_each(|event| self.tell(event));
    }

    /// The same, when those who wait have their answers.
    pub(crate) fn leave_fault(&self, error: &Error) {
        self.leave(fault(error));
    }

    pub(crate) fn leave(&self, event: Option<Event>) {
        if let Some(event) = event {
            self.untold().push(event);
        }
    }

    /// Whether a fault was met in [`status_batch`](Self::status_batch) or
    /// [`authenticate_batch`](Self::authenticate_batch) and is not told yet.
    pub fn has_untold_faults(&self) -> bool {
        !self.untold().is_empty()
    }

    /// Tells them. To be called when those who wait for the answers have them, as the application's function may take its
    /// time.
    pub fn tell_faults(&self) {
        let untold = mem::take(&mut *self.untold());
        untold.iter().for_each(|event| self.tell(event));
    }

    fn untold(&self) -> std::sync::MutexGuard<'_, Vec<Event>> {
        let untold = &self.inner.outages.untold;
        untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fault(error: &Error) -> Option<Event> {
    match error {
        Error::Seal { user, .. } => Some(Event::SealBroken { user: user.clone() }),
        _ => None,
    }
}

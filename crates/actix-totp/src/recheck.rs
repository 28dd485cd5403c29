//! Opt-in: how long a guard believes what it has seen in the store (`recheck_every`).
//!
//! 1. What is remembered is that a user's proofs of some epochs count, and nothing else: a refusal always asks the store.
//! 2. A change by this process is known at once: every swap goes through [`Watched`], which forgets the user after it. A
//!    load that began before that is not remembered.
//! 3. A change by another process is known when the time is over.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use actix_totp_core::{
    AuthenticatorStates, BatchStore, Device, DeviceStore, Epoch, Status, StoreError, Swap, UserId,
    Version,
};
use quick_cache::sync::Cache;

/// So many users are remembered, at most: about 15 MiB, where each has one authenticator.
const MOST_USERS: usize = 65_536;
/// Changes are counted apart in so many parts, so that few loads are forgotten for a change of somebody else.
const PARTS: usize = 256;

/// What is remembered of users.
pub(crate) struct Recheck {
    every_secs: u64,
    seen: Cache<UserId, Seen>,
    /// The number of changes; held while `seen` is written.
    changes: Vec<Mutex<u64>>,
    hasher: RandomState,
}

#[derive(Clone)]
struct Seen {
    epoch: Epoch,
    authenticators: AuthenticatorStates,
    at: u64,
}

/// How many changes there were before a load.
#[derive(Clone, Copy)]
pub(crate) struct Before(u64);

impl Recheck {
    pub(crate) fn every(secs: u64) -> Self {
        Self {
            every_secs: secs,
            seen: Cache::new(MOST_USERS),
            changes: (0..PARTS).map(|_| Mutex::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }

    /// How long what was seen is believed.
    pub(crate) const fn secs(&self) -> u64 {
        self.every_secs
    }

    /// Which proofs count, as the status of somebody who is enrolled, if that was seen less than the set time ago.
    pub(crate) fn status(&self, user: &UserId, now: u64) -> Option<Status> {
        let seen = self.seen.get(user)?;
        let age = now.checked_sub(seen.at)?; // none if the clock was set back
        (age < self.every_secs).then(|| Status {
            enabled: true,
            epoch: Some(seen.epoch),
            authenticators: seen.authenticators,
            ..Status::default()
        })
    }

    /// To be called before the load whose result is to be remembered.
    pub(crate) fn before_load(&self, user: &UserId) -> Before {
        Before(*self.changes(user))
    }

    /// Remembers what was loaded of somebody who is enrolled, unless there was a change since.
    pub(crate) fn remember(&self, user: &UserId, before: Before, status: &Status, now: u64) {
        let Some(epoch) = status.epoch else { return };
        let changes = self.changes(user);
        if *changes == before.0 {
            let seen = Seen {
                epoch,
                authenticators: status.authenticators.clone(),
                at: now,
            };
            self.seen.insert(user.clone(), seen);
        }
    }

    fn forget(&self, user: &UserId) {
        let mut changes = self.changes(user);
        *changes = changes.wrapping_add(1);
        self.seen.remove(user);
    }

    fn changes(&self, user: &UserId) -> MutexGuard<'_, u64> {
        let part = self.hasher.hash_one(user) as usize % PARTS;
        // A panic cannot leave a number half written.
        self.changes[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store whose swaps are known to a [`Recheck`].
pub(crate) struct Watched {
    store: Box<dyn DeviceStore>,
    recheck: Arc<Recheck>,
}

/// Forgets users at its end, however the swap has ended: an error means that it may be written.
struct Forgetting<'a>(&'a Recheck, Vec<UserId>);

impl Drop for Forgetting<'_> {
    fn drop(&mut self) {
        self.1.iter().for_each(|user| self.0.forget(user));
    }
}

impl Watched {
    pub(crate) fn new(store: Box<dyn DeviceStore>, recheck: Arc<Recheck>) -> Self {
        Self { store, recheck }
    }
}

impl DeviceStore for Watched {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.store.load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        let _forgetting = Forgetting(&self.recheck, vec![user.clone()]);
        self.store.swap(user, expected, next)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.store.page(after, limit)
    }

    fn batch(&self) -> Option<&dyn BatchStore> {
        self.store.batch().map(|_| self as _)
    }
}

impl BatchStore for Watched {
    fn load_batch(&self, users: &[&UserId]) -> Vec<Result<Option<Device>, StoreError>> {
        match self.store.batch() {
            Some(batch) => batch.load_batch(users),
            None => users.iter().map(|user| self.load(user)).collect(),
        }
    }

    fn max_concurrent_batches(&self) -> usize {
        self.store
            .batch()
            .map_or(1, |it| it.max_concurrent_batches())
    }

    fn swap_batch(&self, swaps: Vec<Swap>) -> Vec<Result<bool, StoreError>> {
        let users = swaps.iter().map(|swap| swap.user.clone()).collect();
        let _forgetting = Forgetting(&self.recheck, users);
        match self.store.batch() {
            Some(batch) => batch.swap_batch(swaps),
            None => swaps
                .iter()
                .map(|swap| {
                    self.store
                        .swap(&swap.user, swap.expected, swap.next.as_ref())
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_totp_core::MemoryStore;

    use super::*;

    /// A store whose batches are done one by one.
    struct Batches(MemoryStore);

    impl DeviceStore for Batches {
        fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
            self.0.load(user)
        }

        fn swap(
            &self,
            user: &UserId,
            expected: Option<Version>,
            next: Option<&Device>,
        ) -> Result<bool, StoreError> {
            if user.as_str() == "fault" {
                return Err(StoreError::unavailable("it may be written"));
            }
            self.0.swap(user, expected, next)
        }

        fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
            self.0.page(after, limit)
        }

        fn batch(&self) -> Option<&dyn BatchStore> {
            Some(self)
        }
    }

    impl BatchStore for Batches {
        fn load_batch(&self, users: &[&UserId]) -> Vec<Result<Option<Device>, StoreError>> {
            users.iter().map(|user| self.load(user)).collect()
        }

        fn swap_batch(&self, swaps: Vec<Swap>) -> Vec<Result<bool, StoreError>> {
            let swap = |it: &Swap| self.swap(&it.user, it.expected, it.next.as_ref());
            swaps.iter().map(swap).collect()
        }

        fn max_concurrent_batches(&self) -> usize {
            3
        }
    }

    #[test]
    fn every_swap_is_forgotten_however_it_ends_and_nobody_elses() {
        let recheck = Arc::new(Recheck::every(10));
        let store = Watched::new(Box::new(Batches(MemoryStore::new())), Arc::clone(&recheck));
        let ids = ["alice", "bob", "fault", "carol"].map(|id| UserId::new(id).unwrap());
        let status = Status {
            epoch: Some(Epoch::from_i64(7)),
            ..Status::default()
        };
        let remember = || {
            for user in &ids {
                let before = recheck.before_load(user);
                recheck.remember(user, before, &status, 100);
                let seen = recheck.status(user, 100).unwrap();
                assert_eq!(seen.epoch, status.epoch);
            }
        };
        let is_remembered = |n: usize| recheck.status(&ids[n], 100).is_some();
        let swap = |n: usize| Swap {
            user: ids[n].clone(),
            expected: Some(Version::from_i64(1)), // there is none: lost
            next: None,
        };

        remember();
        let batch = store.batch().unwrap();
        assert_eq!(batch.max_concurrent_batches(), 3);
        let swapped = batch.swap_batch(vec![swap(0), swap(1), swap(2)]);
        assert!(matches!(swapped[..], [Ok(false), Ok(false), Err(_)]));
        assert_eq!([0, 1, 2, 3].map(is_remembered), [false, false, false, true]);

        remember();
        store.swap(&ids[0], None, None).unwrap();
        store.swap(&ids[2], None, None).unwrap_err();
        assert_eq!([0, 1, 2, 3].map(is_remembered), [false, true, false, true]);
    }
}

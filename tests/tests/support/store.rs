//! A store around another one that counts its calls and fails when told.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use actix_totp::{Device, DeviceStore, StoreError, UserId, Version};

/// The message of a failure. No client may ever see it.
pub const CAUSE: &str = "telling: host db7.internal, table totp_devices";

#[derive(Clone)]
pub struct FaultyStore {
    store: Arc<dyn DeviceStore>,
    /// Which call from now on fails, and all after it; 0: none.
    fails_at: Arc<AtomicU32>,
    calls: Arc<AtomicU32>,
}

impl FaultyStore {
    pub fn around(store: Arc<dyn DeviceStore>) -> Self {
        Self {
            store,
            fails_at: Arc::default(),
            calls: Arc::default(),
        }
    }

    /// From the `k`-th call on, counted from now, every call fails; 0: none does.
    pub fn fail_from(&self, k: u32) {
        self.calls.store(0, SeqCst);
        self.fails_at.store(k, SeqCst);
    }

    fn call(&self) -> Result<(), StoreError> {
        let call = self.calls.fetch_add(1, SeqCst) + 1;
        match self.fails_at.load(SeqCst) {
            k if k != 0 && call >= k => Err(StoreError::unavailable(CAUSE)),
            _ => Ok(()),
        }
    }
}

impl DeviceStore for FaultyStore {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.call()?;
        self.store.load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        self.call()?;
        self.store.swap(user, expected, next)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.call()?;
        self.store.page(after, limit)
    }
}

//! The reference store: a map behind a mutex.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    device::{Device, UserId},
    error::StoreError,
    random_number::Version,
    store::DeviceStore,
};

/// Keeps devices in memory, for one process and until it ends. For tests and trials.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<UserId, Device>>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    // A panic elsewhere cannot leave the map half written: each method changes it by one call.
    fn devices(&self) -> MutexGuard<'_, BTreeMap<UserId, Device>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeviceStore for MemoryStore {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        Ok(self.devices().get(user).cloned())
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        let mut devices = self.devices();
        if devices.get(user).map(|device| device.version) != expected {
            return Ok(false);
        }
        match next {
            Some(device) => devices.insert(user.clone(), device.clone()),
            None => devices.remove(user),
        };
        Ok(true)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        Ok(self
            .devices()
            .values()
            .filter(|device| after.is_none_or(|after| device.user > *after))
            .take(limit)
            .cloned()
            .collect())
    }
}

//! The store under test, and devices to put into it.

use std::sync::Arc;

use crate::{Device, DeviceStore, Epoch, OsRandomness, RecentFailures, UserId, Version};

/// A store under test.
pub type Store = Arc<dyn DeviceStore>;

pub(super) fn user(id: &str) -> UserId {
    UserId::new(id).expect("a valid user id")
}

/// A device that says little, with a fresh version.
pub(super) fn device(id: &str) -> Device {
    Device {
        user: user(id),
        version: Version::random(&OsRandomness).unwrap(),
        epoch: Epoch::random(&OsRandomness).unwrap(),
        sealed: b"sealed".to_vec(),
        confirmed_at: None,
        pending_at: None,
        last_step: None,
        failures: 0,
        recent_failures: RecentFailures::default(),
        backup_failures: 0,
        pending_failures: 0,
        proof_failures: RecentFailures::default(),
        backup_codes_remaining: 0,
        last_used_at: None,
        setup_required_by: None,
        setup_reminders: 0,
        created_at: 1_700_000_000,
        updated_at: 1_700_000_000,
    }
}

/// Writes a device where there is none.
pub(super) fn insert(store: &Store, device: &Device) {
    let written = store.swap(&device.user, None, Some(device));
    assert!(
        written.expect("the store answers"),
        "an absent row is inserted"
    );
}

pub(super) fn load(store: &Store, user: &UserId) -> Option<Device> {
    store.load(user).expect("the store answers")
}

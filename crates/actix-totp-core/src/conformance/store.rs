//! The store under test, and devices to put into it.

use std::sync::Arc;

use crate::{Device, DeviceStore, OsRandomness, UserId};

/// A store under test.
pub type Store = Arc<dyn DeviceStore>;

pub(super) fn user(id: &str) -> UserId {
    UserId::new(id).expect("a valid user id")
}

/// A device that says little, with a fresh version.
pub(super) fn device(id: &str) -> Device {
    let mut device = Device::new(&user(id), 1_700_000_000, &OsRandomness).unwrap();
    device.sealed = b"sealed".to_vec();
    device
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

//! Clause 5: exact.

use super::{Store, device, insert, load};
use crate::{Device, Epoch, RecentFailures, Version};

/// *Exact.* Every field comes back as it was given, to the bit.
pub fn every_field_comes_back_to_the_bit(store: Store) {
    const LATEST: u64 = i64::MAX as u64;
    let mut full = RecentFailures::default();
    (0..20).for_each(|n| full.record(if n % 2 == 0 { n } else { LATEST }));
    let largest = Device {
        version: Version::from_i64(-1),
        epoch: Epoch::from_i64(i64::MIN),
        sealed: (0..700).map(|n| n as u8).collect(),
        confirmed_at: Some(LATEST),
        pending_at: Some(LATEST),
        last_step: Some(LATEST),
        failures: u32::MAX,
        recent_failures: full,
        backup_failures: u32::MAX,
        backup_codes_remaining: u32::MAX,
        last_used_at: Some(LATEST),
        created_at: LATEST,
        updated_at: LATEST,
        ..device("largest")
    };
    let smallest = Device {
        version: Version::from_i64(0),
        epoch: Epoch::from_i64(i64::MAX),
        sealed: Vec::new(),
        confirmed_at: Some(0),
        pending_at: Some(0),
        last_step: Some(0),
        last_used_at: Some(0),
        created_at: 0,
        updated_at: 0,
        ..device("smallest")
    };
    for device in [&largest, &smallest, &device("plain")] {
        insert(&store, device);
        assert_eq!(load(&store, &device.user).as_ref(), Some(device));
        assert_eq!(
            load(&store, &device.user).map(|it| it.recent_failures),
            Some(device.recent_failures.clone())
        );
    }
    // An update writes every field too, and takes each back to None.
    let emptied = Device {
        user: largest.user.clone(),
        ..device("plain")
    };
    assert!(
        store
            .swap(&largest.user, Some(largest.version), Some(&emptied))
            .unwrap()
    );
    assert_eq!(load(&store, &largest.user), Some(emptied));
    let page = store.page(None, 10).expect("the store answers");
    assert!(page.contains(&smallest), "a page holds every field too");
}

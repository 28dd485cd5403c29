//! Clause 5: exact.

use super::store::{Store, device, insert, load};
use crate::{
    AuthenticatorState, AuthenticatorStates, Device, Epoch, OsRandomness, RecentFailures, Swap,
    Version,
};

/// So many bytes a box has at most, whatever is in it.
const MOST_SEALED_BYTES: usize = 16_384;

/// *Exact.* Every field comes back as it was given, to the bit.
pub fn every_field_comes_back_to_the_bit(store: Store) {
    const LATEST: u64 = i64::MAX as u64;
    let mut full = RecentFailures::default();
    (0..20).for_each(|n| full.record(if n % 2 == 0 { n } else { LATEST }));
    let states = |of: AuthenticatorState, count: usize| {
        AuthenticatorStates::try_from(vec![of; count]).expect("not too many")
    };
    let used = |epoch, at| AuthenticatorState {
        epoch: Epoch::from_i64(epoch),
        last_step: Some(at),
        last_used_at: Some(at),
    };
    let largest = Device {
        version: Version::from_i64(-1),
        epoch: Epoch::from_i64(i64::MIN),
        sealed: (0..MOST_SEALED_BYTES).map(|n| n as u8).collect(),
        confirmed_at: Some(LATEST),
        pending_at: Some(LATEST),
        authenticators: states(used(-1, u64::MAX), 20),
        failures: u32::MAX,
        recent_failures: full.clone(),
        backup_failures: u32::MAX,
        pending_failures: u32::MAX,
        proof_failures: full,
        backup_codes_remaining: u32::MAX,
        last_used_at: Some(LATEST),
        setup_required_by: Some(LATEST),
        setup_reminded_at: Some(LATEST),
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
        authenticators: states(used(0, 0), 1),
        last_used_at: Some(0),
        setup_required_by: Some(0),
        created_at: 0,
        updated_at: 0,
        ..device("smallest")
    };
    for device in [&largest, &smallest, &device("plain")] {
        insert(&store, device);
        assert_eq_each(load(&store, &device.user).as_ref(), device);
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
    assert_eq_each(load(&store, &largest.user).as_ref(), &emptied);
    let page = store.page(None, 10).expect("the store answers");
    assert!(page.contains(&smallest), "a page holds every field too");
}

/// *Exact.* Every field has a place of its own: no two are exchanged, and each optional one is absent or there by itself.
pub fn every_field_has_a_place_of_its_own(store: Store) {
    let mut recent = RecentFailures::default();
    recent.record(11);
    recent.record(12);
    let mut by_proof = RecentFailures::default();
    by_proof.record(13);
    let distinct = Device {
        sealed: b"distinct".to_vec(),
        confirmed_at: Some(1),
        pending_at: Some(2),
        authenticators: vec![AuthenticatorState {
            epoch: Epoch::from_i64(14),
            last_step: Some(3),
            last_used_at: None,
        }]
        .try_into()
        .expect("not too many"),
        failures: 4,
        recent_failures: recent,
        backup_failures: 5,
        pending_failures: 10,
        proof_failures: by_proof,
        backup_codes_remaining: 6,
        last_used_at: Some(7),
        setup_required_by: Some(11),
        setup_reminded_at: Some(12),
        created_at: 8,
        updated_at: 9,
        ..device("distinct")
    };
    let alone = |id: &str, set: fn(&mut Device)| {
        let mut device = device(id);
        set(&mut device);
        device
    };
    let devices = [
        distinct,
        alone("confirmed", |it| it.confirmed_at = Some(1)),
        alone("pending", |it| it.pending_at = Some(1)),
        alone("authenticator", |it| {
            let state = AuthenticatorState::new(&OsRandomness).expect("random bytes");
            it.authenticators.push(state);
        }),
        alone("used", |it| it.last_used_at = Some(1)),
        alone("due", |it| it.setup_required_by = Some(1)),
    ];
    for inserted in &devices {
        insert(&store, inserted);
        assert_eq_each(load(&store, &inserted.user).as_ref(), inserted);
    }
    // The same by update, over a row in which everything else was set.
    let user = devices[0].user.clone();
    let mut expected = devices[0].version;
    for next in devices[1..].iter().chain(&devices[..1]) {
        let next = Device {
            user: user.clone(),
            version: device("any").version,
            ..next.clone()
        };
        let written = store.swap(&user, Some(expected), Some(&next));
        assert!(
            written.expect("the store answers"),
            "the row is as expected"
        );
        assert_eq_each(load(&store, &user).as_ref(), &next);
        let page = store.page(None, 10).expect("the store answers");
        assert_eq_each(page.iter().find(|it| it.user == user), &next);
        expected = next.version;
    }
    // And the same of several users in one batch, each with what another one had.
    let Some(batch) = store.batch() else {
        return;
    };
    let rows = store.page(None, 10).expect("the store answers");
    let next_rows: Vec<Device> = rows
        .iter()
        .zip(rows.iter().cycle().skip(1))
        .map(|(row, other)| Device {
            user: row.user.clone(),
            version: device("any").version,
            ..other.clone()
        })
        .collect();
    let swaps = rows.iter().zip(&next_rows).map(|(row, next)| Swap {
        user: row.user.clone(),
        expected: Some(row.version),
        next: Some(next.clone()),
    });
    let written = batch.swap_batch(swaps.collect());
    assert!(
        written.iter().all(|it| matches!(it, Ok(true))),
        "{written:?}"
    );
    let users: Vec<_> = next_rows.iter().map(|it| &it.user).collect();
    for (loaded, next) in batch.load_batch(&users).into_iter().zip(&next_rows) {
        assert_eq_each(loaded.expect("the store answers").as_ref(), next);
    }
}

/// Names the field that differs: `Debug` of a device shows only some.
fn assert_eq_each(found: Option<&Device>, given: &Device) {
    let Some(found) = found else {
        panic!("{:?} is not there", given.user);
    };
    macro_rules! each {
        ($($field:ident)*) => {
            $(assert_eq!(found.$field, given.$field, concat!(stringify!($field), " of {:?}"), given.user);)*
        };
    }
    each!(user version epoch sealed confirmed_at pending_at authenticators failures recent_failures
        backup_failures pending_failures proof_failures backup_codes_remaining last_used_at
        setup_required_by setup_reminded_at created_at updated_at);
    assert_eq!(found, given);
}

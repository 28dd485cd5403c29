//! What operators do, and what a rotation of keys does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::sync::Arc;

use actix_totp_core::{
    Algorithm, CheckError, Credential, Device, DeviceStore, Error, Event, FakeClock, MemoryStore,
    Parameters, Rejection, SealError, StoreError, TotpService, UserId, Version,
};
use support::{Fixture, NOON, accepted, keys, rejected, user};

fn service(store: &Arc<MemoryStore>, firsts: &[u8], clock: &FakeClock) -> TotpService {
    TotpService::builder(Arc::clone(store), keys(firsts))
        .clock(clock.clone())
        .build()
        .unwrap()
}

#[test]
fn unlock_clears_the_counts_and_keeps_everything_else() {
    let fixture = Fixture::new();
    fixture.enroll();
    fixture.fail(30);
    let before = fixture.device();
    assert!(fixture.totp.unlock(&fixture.alice).unwrap());
    let after = fixture.device();
    assert_eq!(after.failures, 0);
    let expected = Device {
        version: after.version,
        updated_at: after.updated_at,
        failures: 0,
        recent_failures: Default::default(),
        ..before
    };
    assert_eq!(after, expected);
    assert!(fixture.events().contains(&Event::Unlocked {
        user: fixture.alice.clone()
    }));
    assert!(!fixture.totp.unlock(&user("nobody")).unwrap());
}

#[test]
fn reset_deletes_the_device_without_opening_its_box() {
    let fixture = Fixture::new();
    fixture.enroll();
    break_box(&fixture);
    assert!(fixture.totp.reset(&fixture.alice).unwrap());
    assert_eq!(fixture.store.load(&fixture.alice).unwrap(), None);
    assert_eq!(
        fixture.events(),
        [Event::Reset {
            user: fixture.alice.clone()
        }]
    );
    assert!(!fixture.totp.reset(&fixture.alice).unwrap());
}

fn break_box(fixture: &Fixture) {
    let device = fixture.device();
    let mut sealed = device.sealed.clone();
    sealed[40] ^= 1;
    let broken = Device {
        sealed,
        ..device.clone()
    };
    assert!(
        fixture
            .store
            .swap(&fixture.alice, Some(device.version), Some(&broken))
            .unwrap()
    );
}

#[test]
fn a_box_that_does_not_open_is_a_fault_and_an_event_never_not_enrolled() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let code = fixture.code();
    break_box(&fixture);
    let before = fixture.device();
    let source = SealError::Altered;
    for token in [code.as_str(), "000000", &backup[0].reveal(), "junk"] {
        let fault = fixture
            .totp
            .authenticate(&fixture.alice, token)
            .unwrap_err();
        assert!(matches!(fault, Error::Seal { source: it, .. } if it == source));
        assert_eq!(
            fixture.events(),
            [Event::SealBroken {
                user: fixture.alice.clone()
            }]
        );
    }
    assert!(fixture.totp.disable(&fixture.alice, Some(&code)).is_err());
    assert!(fixture.totp.enroll(&fixture.alice, "", None).is_err());
    assert!(fixture.totp.end_all_proofs(&fixture.alice).is_err());
    assert_eq!(fixture.device(), before);
    assert!(
        fixture.totp.status(&fixture.alice).unwrap().enabled,
        "status opens no box"
    );
    assert!(matches!(
        fixture.totp.check(),
        Err(CheckError::Seal(SealError::Altered))
    ));
}

#[test]
fn end_all_proofs_begins_a_new_epoch_and_leaves_the_rest() {
    let fixture = Fixture::new();
    fixture.enroll();
    let proof = accepted(fixture.totp.authenticate(&fixture.alice, &fixture.code())).proof;
    assert!(fixture.totp.status(&fixture.alice).unwrap().accepts(&proof));
    assert!(fixture.totp.end_all_proofs(&fixture.alice).unwrap());
    assert!(!fixture.totp.status(&fixture.alice).unwrap().accepts(&proof));
    fixture.clock.advance_secs(30);
    let proof = accepted(fixture.totp.authenticate(&fixture.alice, &fixture.code())).proof;
    assert!(fixture.totp.status(&fixture.alice).unwrap().accepts(&proof));
    assert!(!fixture.totp.end_all_proofs(&user("nobody")).unwrap());
}

#[test]
fn the_proof_that_ends_the_others_has_a_successor_of_the_same_time() {
    let fixture = Fixture::new();
    fixture.enroll();
    let sign_in = || {
        fixture.clock.advance_secs(30);
        accepted(fixture.totp.authenticate(&fixture.alice, &fixture.code())).proof
    };
    let (other, mine) = (sign_in(), sign_in());
    fixture.events();
    fixture.clock.advance_secs(500);
    let successor = accepted(fixture.totp.end_other_proofs(&mine));
    assert_eq!(successor.at, mine.at, "nothing was proved anew");
    let status = fixture.totp.status(&fixture.alice).unwrap();
    assert!(status.accepts(&successor) && !status.accepts(&mine) && !status.accepts(&other));
    let user = fixture.alice.clone();
    assert_eq!(fixture.events(), [Event::ProofsEnded { user }]);

    let before = fixture.device();
    for ended in [mine, other] {
        let refused = rejected(fixture.totp.end_other_proofs(&ended));
        assert_eq!(refused, Rejection::ProofNeeded);
    }
    assert_eq!(fixture.device(), before);
    let code = fixture.code();
    accepted(fixture.totp.disable(&fixture.alice, Some(&code)));
    let refused = rejected(fixture.totp.end_other_proofs(&successor));
    assert_eq!(refused, Rejection::NoDevice);
}

#[test]
fn the_epoch_changes_only_where_proofs_must_end() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let epoch = fixture.device().epoch;
    fixture.sign_in(&fixture.code()).unwrap();
    fixture.sign_in(&backup[0].reveal()).unwrap();
    fixture.fail(1);
    fixture.totp.unlock(&fixture.alice).unwrap();
    fixture.clock.advance_secs(90);
    accepted(
        fixture
            .totp
            .renew_backup_codes(&fixture.alice, &fixture.code()),
    );
    fixture.clock.advance_secs(90);
    let code = fixture.code();
    accepted(fixture.totp.enroll(&fixture.alice, "", Some(&code)));
    assert_eq!(fixture.device().epoch, epoch);
    accepted(fixture.totp.confirm(&fixture.alice, &fixture.code()));
    assert_ne!(fixture.device().epoch, epoch);
}

#[test]
fn a_pending_device_accepts_no_proof() {
    let fixture = Fixture::new();
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    let proof = actix_totp_core::Proof {
        user: fixture.alice.clone(),
        epoch: fixture.device().epoch,
        at: NOON,
    };
    assert!(!fixture.totp.status(&fixture.alice).unwrap().accepts(&proof));
}

#[test]
fn somebody_enrolled_elsewhere_signs_in_with_the_authenticator_they_have() {
    let fixture = Fixture::new();
    let parameters = Parameters {
        algorithm: Algorithm::Sha512,
        digits: 8,
        period_secs: 60,
    };
    let credential = Credential::from_base32("gezd gnbv gy3t qojq", parameters).unwrap(); // 80 bits
    accepted(fixture.totp.enroll(&fixture.alice, "", None)); // a pending one gives way
    accepted(
        fixture
            .totp
            .import(&fixture.alice, &credential, 1_600_000_000),
    );
    assert_eq!(fixture.device().confirmed_at, Some(1_600_000_000));
    assert_eq!(fixture.sign_in(&fixture.code()), Ok(()));
    assert_eq!(
        fixture
            .totp
            .status(&fixture.alice)
            .unwrap()
            .backup_codes_remaining,
        0
    );
    let again = fixture
        .totp
        .import(&fixture.alice, &credential, 1_600_000_000);
    assert_eq!(rejected(again), Rejection::AlreadyConfirmed);
    assert!(fixture.events().contains(&Event::Imported {
        user: fixture.alice.clone()
    }));
}

#[test]
fn a_write_reseals_only_what_changed_or_is_under_an_old_key() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let sealed = || fixture.device().sealed;
    let before = sealed();
    fixture.sign_in(&fixture.code()).unwrap();
    fixture.fail(1);
    fixture.totp.unlock(&fixture.alice).unwrap();
    assert_eq!(sealed(), before, "nothing secret changed");
    fixture.sign_in(&backup[0].reveal()).unwrap();
    assert_ne!(sealed(), before, "a digest is gone");

    let before = sealed();
    let rotating = service(&fixture.store, &[2, 1], &fixture.clock);
    fixture.clock.advance_secs(30);
    let code = fixture.code();
    accepted(rotating.authenticate(&fixture.alice, &code));
    assert_ne!(sealed(), before);
    accepted(
        service(&fixture.store, &[2], &fixture.clock)
            .authenticate(&fixture.alice, &backup[1].reveal()),
    );
}

#[test]
fn instances_with_different_first_keys_understand_each_other() {
    let fixture = Fixture::new();
    fixture.enroll();
    let (one, two) = (
        service(&fixture.store, &[1, 2], &fixture.clock),
        service(&fixture.store, &[2, 1], &fixture.clock),
    );
    for totp in [&one, &two, &one, &two, &two, &one] {
        let code = totp.code_for(&fixture.alice).unwrap().unwrap();
        accepted(totp.authenticate(&fixture.alice, &code));
        fixture.clock.advance_secs(30);
    }
}

struct NoTable;

impl DeviceStore for NoTable {
    fn load(&self, _: &UserId) -> Result<Option<Device>, StoreError> {
        Err(StoreError::unavailable("no such table"))
    }

    fn swap(&self, _: &UserId, _: Option<Version>, _: Option<&Device>) -> Result<bool, StoreError> {
        Err(StoreError::unavailable("no such table"))
    }

    fn page(&self, _: Option<&UserId>, _: usize) -> Result<Vec<Device>, StoreError> {
        Err(StoreError::unavailable("no such table"))
    }
}

#[test]
fn check_looks_at_key_table_and_clock() {
    let fixture = Fixture::new();
    fixture.totp.check().unwrap();
    fixture.enroll();
    fixture.totp.check().unwrap();
    let other_key = service(&fixture.store, &[2], &fixture.clock);
    assert!(matches!(
        other_key.check(),
        Err(CheckError::Seal(SealError::UnknownKey))
    ));
    fixture.clock.set(1_000_000);
    assert!(matches!(fixture.totp.check(), Err(CheckError::Clock)));
    let no_table = TotpService::builder(NoTable, keys(&[1])).build().unwrap();
    assert!(matches!(no_table.check(), Err(CheckError::Store(_))));
}

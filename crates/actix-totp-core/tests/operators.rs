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
use support::{NOON, Scene, accepted, keys, rejected, user};

fn service(store: &Arc<MemoryStore>, firsts: &[u8], clock: &FakeClock) -> TotpService {
    TotpService::builder(Arc::clone(store), keys(firsts))
        .clock(clock.clone())
        .build()
        .unwrap()
}

#[test]
fn unlock_clears_the_counts_and_keeps_everything_else() {
    let scene = Scene::new();
    scene.enroll();
    scene.fail(30);
    let before = scene.device();
    assert!(scene.totp.unlock(&scene.alice).unwrap());
    let after = scene.device();
    assert_eq!(after.failures, 0);
    let expected = Device {
        version: after.version,
        updated_at: after.updated_at,
        failures: 0,
        recent_failures: Default::default(),
        ..before
    };
    assert_eq!(after, expected);
    assert!(scene.events().contains(&Event::Unlocked {
        user: scene.alice.clone()
    }));
    assert!(!scene.totp.unlock(&user("nobody")).unwrap());
}

#[test]
fn reset_deletes_the_device_without_opening_its_box() {
    let scene = Scene::new();
    scene.enroll();
    break_box(&scene);
    assert!(scene.totp.reset(&scene.alice).unwrap());
    assert_eq!(scene.store.load(&scene.alice).unwrap(), None);
    assert_eq!(
        scene.events(),
        [Event::Reset {
            user: scene.alice.clone()
        }]
    );
    assert!(!scene.totp.reset(&scene.alice).unwrap());
}

fn break_box(scene: &Scene) {
    let device = scene.device();
    let mut sealed = device.sealed.clone();
    sealed[40] ^= 1;
    let broken = Device {
        sealed,
        ..device.clone()
    };
    assert!(
        scene
            .store
            .swap(&scene.alice, Some(device.version), Some(&broken))
            .unwrap()
    );
}

#[test]
fn a_box_that_does_not_open_is_a_fault_and_an_event_never_not_enrolled() {
    let scene = Scene::new();
    let backup = scene.enroll();
    let code = scene.code();
    break_box(&scene);
    let before = scene.device();
    let source = SealError::Altered;
    for token in [code.as_str(), "000000", &backup[0].reveal(), "junk"] {
        let fault = scene.totp.authenticate(&scene.alice, token).unwrap_err();
        assert!(matches!(fault, Error::Seal { source: it, .. } if it == source));
        assert_eq!(
            scene.events(),
            [Event::SealBroken {
                user: scene.alice.clone()
            }]
        );
    }
    assert!(scene.totp.disable(&scene.alice, Some(&code)).is_err());
    assert!(scene.totp.enroll(&scene.alice, "", None).is_err());
    assert!(scene.totp.end_all_proofs(&scene.alice).is_err());
    assert_eq!(scene.device(), before);
    assert!(
        scene.totp.status(&scene.alice).unwrap().enabled,
        "status opens no box"
    );
    assert!(matches!(
        scene.totp.check(),
        Err(CheckError::Seal(SealError::Altered))
    ));
}

#[test]
fn end_all_proofs_begins_a_new_epoch_and_leaves_the_rest() {
    let scene = Scene::new();
    scene.enroll();
    let proof = accepted(scene.totp.authenticate(&scene.alice, &scene.code())).proof;
    assert!(scene.totp.status(&scene.alice).unwrap().accepts(&proof));
    assert!(scene.totp.end_all_proofs(&scene.alice).unwrap());
    assert!(!scene.totp.status(&scene.alice).unwrap().accepts(&proof));
    scene.clock.advance_secs(30);
    let proof = accepted(scene.totp.authenticate(&scene.alice, &scene.code())).proof;
    assert!(scene.totp.status(&scene.alice).unwrap().accepts(&proof));
    assert!(!scene.totp.end_all_proofs(&user("nobody")).unwrap());
}

#[test]
fn the_proof_that_ends_the_others_has_a_successor_of_the_same_time() {
    let scene = Scene::new();
    scene.enroll();
    let sign_in = || {
        scene.clock.advance_secs(30);
        accepted(scene.totp.authenticate(&scene.alice, &scene.code())).proof
    };
    let (other, mine) = (sign_in(), sign_in());
    scene.events();
    scene.clock.advance_secs(500);
    let successor = accepted(scene.totp.end_other_proofs(&mine));
    assert_eq!(successor.at, mine.at, "nothing was proved anew");
    let status = scene.totp.status(&scene.alice).unwrap();
    assert!(status.accepts(&successor) && !status.accepts(&mine) && !status.accepts(&other));
    let user = scene.alice.clone();
    assert_eq!(scene.events(), [Event::ProofsEnded { user }]);

    let before = scene.device();
    for ended in [mine, other] {
        let refused = rejected(scene.totp.end_other_proofs(&ended));
        assert_eq!(refused, Rejection::ProofEnded);
    }
    assert_eq!(scene.device(), before);
    let code = scene.code();
    accepted(scene.totp.disable(&scene.alice, Some(&code)));
    let refused = rejected(scene.totp.end_other_proofs(&successor));
    assert_eq!(refused, Rejection::NotEnabled);
}

#[test]
fn the_epoch_changes_only_where_proofs_must_end() {
    let scene = Scene::new();
    let backup = scene.enroll();
    let epoch = scene.device().epoch;
    scene.sign_in(&scene.code()).unwrap();
    scene.sign_in(&backup[0].reveal()).unwrap();
    scene.fail(1);
    scene.totp.unlock(&scene.alice).unwrap();
    scene.clock.advance_secs(90);
    accepted(scene.totp.renew_backup_codes(&scene.alice, &scene.code()));
    scene.clock.advance_secs(90);
    let code = scene.code();
    accepted(scene.totp.enroll(&scene.alice, "", Some(&code)));
    assert_eq!(scene.device().epoch, epoch);
    accepted(scene.totp.confirm(&scene.alice, &scene.code()));
    assert_ne!(scene.device().epoch, epoch);
}

#[test]
fn a_pending_device_accepts_no_proof() {
    let scene = Scene::new();
    accepted(scene.totp.enroll(&scene.alice, "", None));
    let proof = actix_totp_core::Proof {
        user: scene.alice.clone(),
        epoch: scene.device().epoch,
        at: NOON,
    };
    assert!(!scene.totp.status(&scene.alice).unwrap().accepts(&proof));
}

#[test]
fn somebody_enrolled_elsewhere_signs_in_with_the_authenticator_they_have() {
    let scene = Scene::new();
    let parameters = Parameters {
        algorithm: Algorithm::Sha512,
        digits: 8,
        period_secs: 60,
    };
    let credential = Credential::from_base32("gezd gnbv gy3t qojq", parameters).unwrap(); // 80 bits
    accepted(scene.totp.enroll(&scene.alice, "", None)); // a pending one gives way
    accepted(scene.totp.import(&scene.alice, &credential, 1_600_000_000));
    assert_eq!(scene.device().confirmed_at, Some(1_600_000_000));
    assert_eq!(scene.sign_in(&scene.code()), Ok(()));
    assert_eq!(
        scene
            .totp
            .status(&scene.alice)
            .unwrap()
            .backup_codes_remaining,
        0
    );
    let again = scene.totp.import(&scene.alice, &credential, 1_600_000_000);
    assert_eq!(rejected(again), Rejection::AlreadyConfirmed);
    assert!(scene.events().contains(&Event::Imported {
        user: scene.alice.clone()
    }));
}

#[test]
fn reseal_all_finishes_a_rotation_and_reports_what_does_not_open() {
    let clock = FakeClock::at(NOON);
    let store = Arc::new(MemoryStore::new());
    let (old, rotating, new) = (
        service(&store, &[1], &clock),
        service(&store, &[2, 1], &clock),
        service(&store, &[2], &clock),
    );
    let lost = service(&store, &[3], &clock);
    let ids: Vec<UserId> = (0..250).map(|n| user(&format!("user {n:03}"))).collect();
    for (n, id) in ids.iter().enumerate() {
        let by = if n == 7 { &lost } else { &old };
        accepted(by.enroll(id, "", None));
    }
    clock.advance_secs(100);
    assert!(matches!(
        new.enroll(&ids[0], "", None),
        Err(Error::Seal {
            source: SealError::UnknownKey,
            ..
        })
    ));

    let report = rotating.reseal_all(None).unwrap();
    assert_eq!((report.resealed, report.unchanged), (249, 0));
    let failures: Vec<_> = report
        .failures
        .iter()
        .map(|it| (&it.user, it.source))
        .collect();
    assert_eq!(failures, [(&ids[7], SealError::UnknownKey)]);
    assert_eq!(report.last.as_ref(), ids.last());
    assert_eq!(
        store.load(&ids[0]).unwrap().unwrap().updated_at,
        NOON,
        "the user did nothing"
    );
    let code = new.code_for(&ids[0]).unwrap().unwrap();
    accepted(new.confirm(&ids[0], &code));

    let again = rotating.reseal_all(None).unwrap();
    assert_eq!(
        (again.resealed, again.unchanged, again.failures.len()),
        (0, 249, 1)
    );
    let rest = rotating.reseal_all(Some(&ids[199])).unwrap();
    assert_eq!(rest.unchanged, 50, "it resumes behind a user");
    assert_eq!(rotating.reseal_all(ids.last()).unwrap().last, None);
}

#[test]
fn a_write_reseals_only_what_changed_or_is_under_an_old_key() {
    let scene = Scene::new();
    let backup = scene.enroll();
    let sealed = || scene.device().sealed;
    let before = sealed();
    scene.sign_in(&scene.code()).unwrap();
    scene.fail(1);
    scene.totp.unlock(&scene.alice).unwrap();
    assert_eq!(sealed(), before, "nothing secret changed");
    scene.sign_in(&backup[0].reveal()).unwrap();
    assert_ne!(sealed(), before, "a digest is gone");

    let before = sealed();
    let rotating = service(&scene.store, &[2, 1], &scene.clock);
    scene.clock.advance_secs(30);
    let code = scene.code();
    accepted(rotating.authenticate(&scene.alice, &code));
    assert_ne!(sealed(), before);
    accepted(
        service(&scene.store, &[2], &scene.clock).authenticate(&scene.alice, &backup[1].reveal()),
    );
}

#[test]
fn instances_with_different_first_keys_understand_each_other() {
    let scene = Scene::new();
    scene.enroll();
    let (one, two) = (
        service(&scene.store, &[1, 2], &scene.clock),
        service(&scene.store, &[2, 1], &scene.clock),
    );
    for totp in [&one, &two, &one, &two, &two, &one] {
        let code = totp.code_for(&scene.alice).unwrap().unwrap();
        accepted(totp.authenticate(&scene.alice, &code));
        scene.clock.advance_secs(30);
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
    let scene = Scene::new();
    scene.totp.check().unwrap();
    scene.enroll();
    scene.totp.check().unwrap();
    let other_key = service(&scene.store, &[2], &scene.clock);
    assert!(matches!(
        other_key.check(),
        Err(CheckError::Seal(SealError::UnknownKey))
    ));
    scene.clock.set(1_000_000);
    assert!(matches!(scene.totp.check(), Err(CheckError::Clock)));
    let no_table = TotpService::builder(NoTable, keys(&[1])).build().unwrap();
    assert!(matches!(no_table.check(), Err(CheckError::Store(_))));
}

//! Boxes: bound to their user and epoch, and sealed anew beside other writes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::sync::{Arc, Mutex};

use actix_totp_core::{
    Device, DeviceStore, Error, Event, FakeClock, MemoryStore, SealError, StoreError, TotpService,
    UserId, Version,
};
use support::{Fixture, NOON, accepted, keys, user};

#[test]
fn a_row_that_is_copied_to_another_user_does_not_open() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let bob = user("bob");
    let copy = Device {
        user: bob.clone(),
        ..fixture.device()
    };
    assert!(fixture.store.swap(&bob, None, Some(&copy)).unwrap());
    for token in [fixture.code(), backup[0].reveal()] {
        let fault = fixture.totp.authenticate(&bob, &token).unwrap_err();
        assert!(matches!(
            fault,
            Error::Seal {
                source: SealError::Altered,
                ..
            }
        ));
        assert_eq!(fixture.events(), [Event::SealBroken { user: bob.clone() }]);
    }
}

#[test]
fn a_box_from_before_an_epoch_ended_does_not_open_in_the_next() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let old = fixture.device();
    fixture.sign_in(&backup[0].reveal()).unwrap();
    fixture.totp.end_all_proofs(&fixture.alice).unwrap();
    let now = fixture.device();
    let put_back = Device {
        sealed: old.sealed,
        ..now.clone()
    };
    let swapped = fixture
        .store
        .swap(&fixture.alice, Some(now.version), Some(&put_back));
    assert!(swapped.unwrap());
    let fault = fixture
        .totp
        .authenticate(&fixture.alice, &backup[0].reveal());
    assert!(
        matches!(fault, Err(Error::Seal { .. })),
        "a spent code is not brought back"
    );
}

#[test]
fn a_box_that_is_exchanged_for_nothing_is_a_fault() {
    for sealed in [vec![], vec![1], vec![0; 100]] {
        let fixture = Fixture::new();
        fixture.enroll();
        let device = fixture.device();
        let broken = Device {
            sealed,
            ..device.clone()
        };
        let swapped = fixture
            .store
            .swap(&fixture.alice, Some(device.version), Some(&broken));
        assert!(swapped.unwrap());
        assert!(fixture.totp.authenticate(&fixture.alice, "123456").is_err());
        assert!(fixture.totp.disable(&fixture.alice, None).is_err());
        assert!(fixture.totp.status(&fixture.alice).unwrap().enabled);
        assert!(fixture.totp.reset(&fixture.alice).unwrap());
    }
}

#[test]
fn a_failure_that_is_counted_brings_the_box_under_the_first_key() {
    let fixture = Fixture::new();
    fixture.enroll();
    let before = fixture.device().sealed;
    let rotating = service(Arc::clone(&fixture.store), &[2, 1]);
    let wrong = rotating.authenticate(&fixture.alice, "ABCD-EFGH-JKLM-NPQR");
    assert!(wrong.unwrap().rejected().is_some());
    assert_ne!(fixture.device().sealed, before);
    assert!(service(Arc::clone(&fixture.store), &[2]).check().is_ok());
}

/// Lets somebody else write between a load and the first swap, or fails at a swap.
struct Meddled {
    store: Arc<MemoryStore>,
    meddle: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    fails_at: Mutex<u32>,
}

impl DeviceStore for Meddled {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.store.load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        if let Some(meddle) = self.meddle.lock().unwrap().take() {
            meddle();
        }
        let mut left = self.fails_at.lock().unwrap();
        *left = left.saturating_sub(1);
        if *left == 1 {
            return Err(StoreError::unavailable("gone"));
        }
        self.store.swap(user, expected, next)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.store.page(after, limit)
    }
}

fn service(store: impl DeviceStore, firsts: &[u8]) -> TotpService {
    TotpService::builder(store, keys(firsts))
        .clock(FakeClock::at(NOON + 100))
        .build()
        .unwrap()
}

#[test]
fn a_write_beside_reseal_all_is_neither_lost_nor_left_under_the_old_key() {
    for other_first in [1, 2] {
        let fixture = Fixture::new();
        let backup = fixture.enroll();
        let (alice, code) = (fixture.alice.clone(), backup[0].reveal());
        let rival = service(Arc::clone(&fixture.store), &[other_first, 3 - other_first]);
        let meddled = Meddled {
            store: Arc::clone(&fixture.store),
            meddle: Mutex::new(Some(Box::new(move || {
                accepted(rival.authenticate(&alice, &code));
            }))),
            fails_at: Mutex::default(),
        };
        let report = service(meddled, &[2, 1]).reseal_all(None).unwrap();
        assert_eq!((report.changed, report.failures.len()), (1, 0));
        assert_eq!(
            fixture.device().backup_codes_remaining,
            9,
            "the rival's write stays"
        );
        let new = service(Arc::clone(&fixture.store), &[2]);
        let spent = new
            .authenticate(&fixture.alice, &backup[0].reveal())
            .unwrap();
        assert!(spent.rejected().is_some(), "and so does what it spent");
        accepted(new.authenticate(&fixture.alice, &backup[1].reveal()));
    }
}

#[test]
fn a_user_who_is_deleted_beside_reseal_all_stays_deleted() {
    let fixture = Fixture::new();
    fixture.enroll();
    let (alice, rival) = (fixture.alice.clone(), fixture.totp.clone());
    let meddled = Meddled {
        store: Arc::clone(&fixture.store),
        meddle: Mutex::new(Some(Box::new(move || {
            rival.reset(&alice).unwrap();
        }))),
        fails_at: Mutex::default(),
    };
    service(meddled, &[2, 1]).reseal_all(None).unwrap();
    assert_eq!(fixture.store.load(&fixture.alice).unwrap(), None);
}

#[test]
fn a_rotation_that_a_fault_stopped_is_finished_by_running_it_again() {
    let ids: Vec<UserId> = (0..30).map(|n| user(&format!("{n:02}"))).collect();
    let store = Arc::new(MemoryStore::new());
    let old = service(Arc::clone(&store), &[1]);
    for id in &ids {
        accepted(old.enroll(id, "", None));
    }
    let meddled = Arc::new(Meddled {
        store: Arc::clone(&store),
        meddle: Mutex::default(),
        fails_at: Mutex::new(12),
    });
    let rotating = service(Arc::clone(&meddled), &[2, 1]);
    let stopped = rotating.reseal_all(None).unwrap_err();
    assert!(matches!(stopped.source, Error::Store(_)));
    let report = rotating.reseal_all(None).unwrap();
    assert_eq!((report.unchanged, report.changed), (10, 20));
    let new = service(store, &[2]);
    assert!(ids.iter().all(|id| new.code_for(id).is_ok()));
}

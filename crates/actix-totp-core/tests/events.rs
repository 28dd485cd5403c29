//! Events: delivered after the write, once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use actix_totp_core::{
    Device, DeviceStore, Event, MemoryStore, Operation, Outcome, Rejection, StoreError,
    TotpService, UserId, Version,
};
use support::{Fixture, accepted, user};

const WRONG: &str = "ABCD-EFGH-JKLM-NPQR";

#[test]
fn what_an_event_says_is_already_in_the_store() {
    type Notified = (Event, Option<Device>);
    let notified: Arc<Mutex<Vec<Notified>>> = Arc::default();
    let store = Arc::new(MemoryStore::new());
    let (seen, from) = (Arc::clone(&notified), Arc::clone(&store));
    let fixture = Fixture::over(
        store,
        |store| store,
        move |builder| {
            builder.on_event(move |event, _| {
                let device = from.load(event.user()).unwrap();
                seen.lock().unwrap().push((event.clone(), device));
            })
        },
    );
    let (totp, alice) = (&fixture.totp, &fixture.alice);
    let backup = fixture.enroll();
    fixture.fail(5);
    totp.unlock(alice).unwrap();
    totp.flush_events();
    fixture.sign_in(&fixture.code()).unwrap();
    fixture.sign_in(&backup[0].reveal()).unwrap();
    for _ in 0..5 {
        assert_eq!(fixture.sign_in(WRONG), Err(Rejection::InvalidToken));
    }
    let epoch = fixture.device().epoch;
    totp.end_all_proofs(alice).unwrap();
    totp.flush_events();
    fixture.clock.advance_secs(30);
    let codes = accepted(totp.renew_backup_codes(alice, &fixture.code())).backup_codes;
    totp.flush_events();
    accepted(totp.enroll(alice, "", Some(&codes[0].reveal())));
    totp.flush_events();
    accepted(totp.confirm(alice, &fixture.code()));
    totp.flush_events();
    fixture.fail(100);
    totp.reset(alice).unwrap();
    totp.flush_events();
    accepted(totp.enroll(alice, "", None));
    let wrong = fixture.wrong_code();
    for _ in 0..10 {
        fixture.confirm(&wrong).unwrap_err();
    }
    let codes = fixture.enroll();
    accepted(totp.disable(alice, Some(&codes[0].reveal())));
    totp.flush_events();

    let notified = notified.lock().unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    for (event, device) in notified.iter() {
        let text = format!("{event:?}");
        kinds.insert(text.split(' ').next().unwrap_or_default().to_owned());
        let Some(device) = device else {
            assert!(
                matches!(
                    event,
                    Event::Reset { .. }
                        | Event::Disabled { .. }
                        | Event::EnrollmentDiscarded { .. }
                        | Event::Rejected { failures: 10, .. }
                ),
                "{event:?}"
            );
            continue;
        };
        match event {
            Event::Enrolled { .. } | Event::Replaced { .. } => {
                assert!(device.is_confirmed() && device.pending_at.is_none());
            }
            Event::Rejected {
                method, failures, ..
            } => {
                let count = match method.name() {
                    "totp" if device.is_confirmed() => device.failures,
                    "totp" => device.pending_failures,
                    _ => device.backup_failures,
                };
                assert_eq!(count, *failures);
            }
            Event::Verified { .. } | Event::Unlocked { .. } => {
                assert_eq!((device.failures, device.backup_failures), (0, 0));
            }
            Event::BackupCodeUsed { remaining, .. } => {
                assert_eq!(device.backup_codes_remaining, *remaining);
            }
            Event::BackupCodesRenewed { .. } => assert_eq!(device.backup_codes_remaining, 10),
            Event::BackupCodeGuessing { failures, .. } => {
                assert_eq!(device.backup_failures, *failures);
            }
            Event::ProofsEnded { .. } => assert_ne!(device.epoch, epoch),
            Event::Throttled { .. } => assert!(device.failures >= 5),
            Event::Locked { .. } => assert_eq!(device.failures, 100),
            _ => panic!("{event:?} with a device"),
        }
    }
    assert_eq!(kinds.len(), 14, "{kinds:?}");
}

#[test]
fn what_writes_nothing_tells_nothing() {
    let fixture = Fixture::new();
    let code = {
        fixture.enroll();
        fixture.code()
    };
    fixture.sign_in(&code).unwrap();
    fixture.events();
    let before = fixture.device();
    assert_eq!(fixture.sign_in(&code), Err(Rejection::InvalidToken)); // a replay
    assert_eq!(fixture.sign_in("12345"), Err(Rejection::MalformedToken));
    assert!(
        fixture
            .totp
            .disable(&fixture.alice, None)
            .unwrap()
            .rejected()
            .is_some()
    );
    assert!(
        fixture
            .totp
            .enroll(&fixture.alice, "", None)
            .unwrap()
            .rejected()
            .is_some()
    );
    assert!(
        fixture
            .totp
            .confirm(&fixture.alice, &code)
            .unwrap()
            .rejected()
            .is_some()
    );
    assert!(!fixture.totp.unlock(&user("nobody")).unwrap());
    assert_eq!((fixture.device(), fixture.events()), (before, vec![]));
}

/// Reads or writes fail while told so.
struct Failing {
    store: Arc<MemoryStore>,
    reads_fail: Arc<AtomicBool>,
    writes_fail: Arc<AtomicBool>,
}

impl DeviceStore for Failing {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        match self.reads_fail.load(SeqCst) {
            true => Err(StoreError::unavailable("a telling message")),
            false => self.store.load(user),
        }
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        match self.writes_fail.load(SeqCst) {
            true => Err(StoreError::unavailable("a telling message")),
            false => self.store.swap(user, expected, next),
        }
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.store.page(after, limit)
    }
}

#[test]
fn of_an_outage_of_the_store_one_event_is_delivered_and_of_the_next_one_another() {
    let (reads_fail, writes_fail) = (Arc::default(), Arc::default());
    let (reads, writes) = (Arc::clone(&reads_fail), Arc::clone(&writes_fail));
    let failing = |store| Failing {
        store,
        reads_fail,
        writes_fail,
    };
    let fixture = Fixture::over(Arc::new(MemoryStore::new()), failing, |builder| builder);
    fixture.enroll();
    let alice = &fixture.alice;
    let failed = [Event::StoreFailed {
        user: alice.clone(),
    }];
    for _ in 0..2 {
        // A full disk can be read, and reading it is no recovery.
        writes.store(true, SeqCst);
        for _ in 0..3 {
            fixture
                .totp
                .authenticate(alice, &fixture.code())
                .unwrap_err();
            fixture.totp.status(alice).unwrap();
        }
        let outcomes = in_one_batch(&fixture.totp, &[(alice, &*fixture.code())]);
        assert!(outcomes[0].is_err());
        assert_eq!(fixture.events(), failed);
        reads.store(true, SeqCst);
        fixture.totp.status(alice).unwrap_err();
        assert!(fixture.totp.status_batch(&[alice])[0].is_err());
        assert_eq!(fixture.events(), failed);

        writes.store(false, SeqCst);
        reads.store(false, SeqCst);
        fixture.sign_in(&fixture.code()).unwrap();
        assert_eq!(fixture.events().len(), 1, "the sign-in");
        fixture.clock.advance_secs(30);

        // Within a minute of the last one nobody is told again; and then they are.
        reads.store(true, SeqCst);
        fixture.totp.status(alice).unwrap_err();
        assert_eq!(fixture.events(), []);
        fixture.clock.advance_secs(30);
        fixture.totp.status(alice).unwrap_err();
        assert_eq!(fixture.events(), failed);
        reads.store(false, SeqCst);
        fixture.totp.status(alice).unwrap();
        fixture.clock.advance_secs(60);
    }
}

#[test]
fn a_box_that_does_not_open_is_reported_and_is_a_fault_of_its_user_alone() {
    let fixture = Fixture::new();
    fixture.enroll();
    let (alice, bob) = (&fixture.alice, user("bob"));
    let device = fixture.device();
    let broken = Device {
        sealed: vec![0; device.sealed.len()],
        version: Version::from_i64(1),
        ..device.clone()
    };
    let swapped = fixture
        .store
        .swap(alice, Some(device.version), Some(&broken));
    assert!(swapped.unwrap());
    let outcomes = in_one_batch(&fixture.totp, &[(alice, "123456"), (&bob, "123456")]);
    assert!(outcomes[0].is_err());
    assert_eq!(outcomes[1], Ok(Some(Rejection::NoDevice)));
    let user = alice.clone();
    assert_eq!(fixture.events(), [Event::SealBroken { user }]);
}

/// Sign-ins as a batch; an outcome is its rejection.
fn in_one_batch(
    totp: &TotpService,
    tokens: &[(&UserId, &str)],
) -> Vec<Result<Option<Rejection>, String>> {
    let (send, receive) = std::sync::mpsc::channel();
    let operations = tokens.iter().enumerate().map(|(n, (user, token))| {
        let send = send.clone();
        Operation::authenticate(user, token).answered_by(move |answer| {
            let answer = answer.map(Outcome::rejected).map_err(|it| it.to_string());
            send.send((n, answer)).unwrap();
        })
    });
    let result = totp.apply_batch(operations.collect());
    result.answered.into_iter().for_each(|it| it.answer());
    drop(send);
    let mut answers: Vec<_> = receive.iter().collect();
    answers.sort_by_key(|(n, _)| *n);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

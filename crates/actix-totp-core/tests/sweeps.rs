//! What operators do to everybody: the end of a rotation of keys, and the end of every proof after a dump was restored.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::{sync::Arc, time::Duration};

use actix_totp_core::{
    Device, DeviceStore, Error, Event, FakeClock, MemoryStore, Proof, SealError, StoreError,
    TotpService, UserId, Version,
};
use support::{Fixture, NOON, accepted, keys, user};

fn service(store: &Arc<MemoryStore>, firsts: &[u8], clock: &FakeClock) -> TotpService {
    TotpService::builder(Arc::clone(store), keys(firsts))
        .clock(clock.clone())
        .build()
        .unwrap()
}

fn is_unknown_key(error: &Error) -> bool {
    let unknown = SealError::UnknownKey;
    matches!(error, Error::Seal { source, .. } if *source == unknown)
}

/// Fails to write one user's device, or does so as if others wrote it all the time.
struct Failing {
    store: Arc<MemoryStore>,
    at: UserId,
    is_contended: bool,
}

impl DeviceStore for Failing {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.store.load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        match (*user == self.at, self.is_contended) {
            (true, true) => Ok(false),
            (true, false) => Err(StoreError::unavailable("it is away")),
            _ => self.store.swap(user, expected, next),
        }
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.store.page(after, limit)
    }
}

/// Two services over one store with 20 users under an old key: one that works, one whose store fails at the eighth.
fn failing(is_contended: bool) -> (TotpService, TotpService, Vec<UserId>) {
    let (store, clock) = (Arc::new(MemoryStore::new()), FakeClock::at(NOON));
    let ids: Vec<UserId> = (0..20).map(|n| user(&format!("user {n:02}"))).collect();
    for id in &ids {
        accepted(service(&store, &[1], &clock).enroll(id, "", None));
    }
    let failing = Failing {
        store: Arc::clone(&store),
        at: ids[7].clone(),
        is_contended,
    };
    let failing = TotpService::builder(failing, keys(&[2, 1]))
        .clock(clock.clone())
        .conflict_retries(2, Duration::ZERO)
        .build()
        .unwrap();
    (service(&store, &[2, 1], &clock), failing, ids)
}

#[test]
fn a_sweep_that_stops_says_where_and_is_resumed_there() {
    let (totp, failing, ids) = failing(false);
    let stopped = failing.reseal_all(None).unwrap_err();
    assert!(matches!(stopped.source, Error::Store(_)));
    assert_eq!(stopped.report.changed, 7);
    assert_eq!(stopped.report.last.as_ref(), Some(&ids[6]));
    let rest = totp.reseal_all(stopped.report.last.as_ref()).unwrap();
    assert_eq!((rest.changed, rest.unchanged), (13, 0));
}

#[test]
fn a_user_whose_device_is_written_all_the_time_stops_no_sweep() {
    let (totp, failing, ids) = failing(true);
    let report = failing.reseal_all(None).unwrap();
    assert_eq!(report.changed, 19);
    let [failure] = &report.failures[..] else {
        panic!("one failed: {report:?}");
    };
    assert_eq!(failure.user, ids[7]);
    assert!(matches!(failure.source, Error::Contended));
    assert_eq!(totp.reseal_all(None).unwrap().changed, 1);
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
    assert_eq!((report.changed, report.unchanged), (249, 0));
    let failures: Vec<_> = report
        .failures
        .iter()
        .map(|it| (&it.user, is_unknown_key(&it.source)))
        .collect();
    assert_eq!(failures, [(&ids[7], true)]);
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
        (again.changed, again.unchanged, again.failures.len()),
        (0, 249, 1)
    );
    let rest = rotating.reseal_all(Some(&ids[199])).unwrap();
    assert_eq!(rest.unchanged, 50, "it resumes behind a user");
    let nobody = rotating.reseal_all(ids.last()).unwrap();
    assert_eq!((nobody.unchanged, nobody.last.as_ref()), (0, ids.last()));
}

#[test]
fn end_everybodys_proofs_ends_each_and_leaves_who_has_none_alone() {
    let fixture = Fixture::new();
    let ids: Vec<UserId> = (0..120).map(|n| user(&format!("user {n:03}"))).collect();
    let enroll = |totp: &TotpService, id: &UserId| {
        accepted(totp.enroll(id, "", None));
        let code = totp.code_for(id).unwrap().unwrap();
        accepted(totp.confirm(id, &code)).proof
    };
    let proofs: Vec<Proof> = ids.iter().map(|id| enroll(&fixture.totp, id)).collect();
    let counts = |proof: &Proof| fixture.totp.status(&proof.user).unwrap().accepts(proof);
    assert!(proofs.iter().all(counts));
    let (pending, lost) = (user("user 900"), user("user 901"));
    accepted(fixture.totp.enroll(&pending, "", None));
    enroll(&service(&fixture.store, &[3], &fixture.clock), &lost);
    let before = fixture.store.load(&pending).unwrap();
    fixture.events();

    // It stopped behind the hundredth, and is resumed there.
    let report = fixture.totp.end_everybodys_proofs(Some(&ids[99])).unwrap();
    assert_eq!((report.changed, report.unchanged), (20, 1));
    let failures: Vec<_> = report
        .failures
        .iter()
        .map(|it| (&it.user, is_unknown_key(&it.source)))
        .collect();
    assert_eq!(failures, [(&lost, true)]);
    assert_eq!(report.last.as_ref(), Some(&lost));
    assert!(proofs[..100].iter().all(counts));
    assert!(!proofs[100..].iter().any(counts));
    assert_eq!(fixture.store.load(&pending).unwrap(), before);
    let ended = |event: &&Event| matches!(event, Event::ProofsEnded { .. });
    assert_eq!(fixture.events().iter().filter(ended).count(), 20);

    assert_eq!(
        fixture.totp.end_everybodys_proofs(None).unwrap().changed,
        120
    );
    assert!(!proofs.iter().any(counts));
    let code = fixture.totp.code_for(&ids[0]).unwrap().unwrap();
    fixture.clock.advance_secs(60);
    assert_ne!(fixture.totp.code_for(&ids[0]).unwrap().unwrap(), code);
    let code = fixture.totp.code_for(&ids[0]).unwrap().unwrap();
    let again = accepted(fixture.totp.authenticate(&ids[0], &code)).proof;
    assert!(counts(&again), "a code gives a new proof");
}

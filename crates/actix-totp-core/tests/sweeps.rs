//! What operators do to everybody: the end of a rotation of keys, and the end of every proof after a dump was restored.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::sync::Arc;

use actix_totp_core::{
    DeviceStore, Error, Event, FakeClock, MemoryStore, Proof, SealError, TotpService, UserId,
};
use support::{Fixture, NOON, accepted, keys, user};

fn service(store: &Arc<MemoryStore>, firsts: &[u8], clock: &FakeClock) -> TotpService {
    TotpService::builder(Arc::clone(store), keys(firsts))
        .clock(clock.clone())
        .build()
        .unwrap()
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
        (again.changed, again.unchanged, again.failures.len()),
        (0, 249, 1)
    );
    let rest = rotating.reseal_all(Some(&ids[199])).unwrap();
    assert_eq!(rest.unchanged, 50, "it resumes behind a user");
    assert_eq!(rotating.reseal_all(ids.last()).unwrap().last, None);
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
        .map(|it| (&it.user, it.source))
        .collect();
    assert_eq!(failures, [(&lost, SealError::UnknownKey)]);
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
